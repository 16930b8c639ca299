"""One's own sessions over HTTP."""

from uuid import UUID

from apiflask import APIBlueprint
from flask import Response

from auth_service import own_sessions
from auth_service.models import Session
from auth_service.schemas.sessions import SessionOut, SessionPage
from chassis.identity import allow, principal

bp = APIBlueprint("sessions", __name__, url_prefix="/auth/me/sessions", tag="My sessions")


@bp.get("")
@allow("patient", "doctor", "admin", unverified=True)
@bp.output(SessionPage)
def sessions() -> SessionPage:
    """List where one is signed in, the last used first."""
    return SessionPage(items=[_out(session) for session in own_sessions.listed(principal())], next_cursor=None)


@bp.delete("/<id:session_id>")
@allow("patient", "doctor", "admin", unverified=True)
@bp.doc(responses={204: "Ended. Its tokens hold no longer, elsewhere within seconds."})
def end(session_id: UUID) -> Response:
    """End one of one's own sessions."""
    own_sessions.end(principal(), session_id)
    return Response(status=204)


@bp.delete("")
@allow("patient", "doctor", "admin", unverified=True)
@bp.doc(responses={204: "All ended, the one that asks too."})
def end_all() -> Response:
    """Sign out everywhere."""
    own_sessions.end_all(principal())
    return Response(status=204)


def _out(session: Session) -> SessionOut:
    told = {name: getattr(session, name) for name in SessionOut.model_fields if name != "current"}
    return SessionOut(**told, current=session.id == principal().session_id)
