"""The rules of one's own sessions: seeing them, and ending one or all."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from auth_service import accounts, revocations, signing_in
from auth_service.models import Person, Session, audit, db
from chassis import clock
from chassis.errors import NotFound
from chassis.identity import Principal


def listed(who: Principal) -> Sequence[Session]:
    """One's living sessions, the last used first."""
    query = select(Session).where(
        Session.person_id == who.id, Session.ended_at.is_(None), Session.expires_at > clock.now()
    )
    return db.session.scalars(query.order_by(Session.last_used_at.desc(), Session.id).limit(signing_in.MOST)).all()


def end(who: Principal, session_id: UUID) -> None:
    """End one of one's own sessions. `NotFound` for one that has ended, or is somebody else's."""
    person = accounts.locked(who.id)
    own = select(Session).where(Session.id == session_id, Session.person_id == who.id, Session.ended_at.is_(None))
    session = db.session.scalar(own.with_for_update())
    if session is None or session.expires_at <= clock.now():
        raise NotFound
    revocations.end_session(session)
    note_end(person, session.id)
    db.session.commit()


def end_all(who: Principal) -> None:
    """End all of one's own sessions, this one too."""
    person = accounts.locked(who.id)
    revocations.end_sessions(person)
    note_end(person, None)
    db.session.commit()


def note_end(person: Person, session_id: UUID | None) -> None:
    """Add the end of a session, or of all, to the record of access. The caller commits."""
    patient_id = person.id if person.role == "patient" else None
    audit.note("session.end", person, record_id=session_id, patient_id=patient_id)
