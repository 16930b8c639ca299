"""One's own account over HTTP."""

from apiflask import APIBlueprint
from flask import Response

from auth_service import accounts, closing, export
from auth_service.people import LastAdmin
from auth_service.schemas import PersonOut
from auth_service.schemas.account import ExportOut, PasswordIn, ProfileIn
from auth_service.signing_in import InvalidCredentials
from auth_service.views import mail
from chassis.docs import refuses
from chassis.errors import TooManyRequests
from chassis.identity import allow, principal

bp = APIBlueprint("me", __name__, tag="My account")
EVERYBODY = allow("patient", "doctor", "admin", unverified=True)


@bp.get("/auth/me")
@EVERYBODY
@bp.output(PersonOut)
def me() -> PersonOut:
    """Read one's own profile."""
    return PersonOut.of(accounts.profile(principal()))


@bp.patch("/auth/me")
@EVERYBODY
@bp.input(ProfileIn, arg_name="changes")
@bp.output(PersonOut)
def change_me(changes: ProfileIn) -> PersonOut:
    """Change one's own profile.

    A phone number without country is one of the clinic's country; it is kept and given back as E.164.
    """
    given = {field: getattr(changes, field) for field in changes.model_fields_set}
    return PersonOut.of(accounts.change_profile(principal(), given))


@bp.get("/auth/me/export")
@EVERYBODY
@bp.output(ExportOut)
def export_me() -> ExportOut:
    """Read everything that is kept here about oneself."""
    return ExportOut.of(export.everything(principal()))


@bp.post("/auth/me/close")
@EVERYBODY
@refuses(InvalidCredentials, LastAdmin, TooManyRequests)
@bp.input(PasswordIn, arg_name="given")
@bp.doc(responses={204: "Closed, and signed out everywhere."})
def close_me(given: PasswordIn) -> Response:
    """Close one's own account for good. The clinic keeps its record, and the e-mail address stays taken."""
    closing.close(principal(), given.password, mail())
    return Response(status=204)
