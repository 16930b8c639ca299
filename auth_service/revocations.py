"""Revocations: access tokens that hold no longer, written with what ended them and read by every service in seconds.

The list names sessions only. A session's id opens nothing and says nothing about its person, so the list is public.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, func, select, text

from auth_service.models import Person, Revocation, Session, db
from chassis import clock

KEPT = timedelta(minutes=10)
"""Longer than any access token lives."""
MOST = 1000
_IN_ORDER = 7283643


def end_session(session: Session) -> None:
    """End one session: its refresh tokens now, its access tokens within seconds. The caller commits."""
    if session.ended_at is None:
        session.ended_at = clock.now()
        _add([session.id], None)


def end_sessions(person: Person, *, but: UUID | None = None) -> int:
    """End all sessions of a person whose row is locked, or all but one. Says how many. The caller commits."""
    ended = [session for session in _living(person.id) if session.id != but]
    for session in ended:
        session.ended_at = clock.now()
    _add([session.id for session in ended], None)
    return len(ended)


def outdate_tokens(person: Person) -> None:
    """Let tokens signed before now hold no longer, because they say what is no longer so (a role, a licence).

    The sessions go on, and the next refresh says it right. The person's row is locked, and the caller commits.
    """
    person.version += 1
    _add([session.id for session in _living(person.id)], person.version)


def listed_after(sequence: int) -> Sequence[Revocation]:
    """Up to `MOST` revocations behind a sequence number; from the first when the number was never given out here."""
    behind = given_out(sequence)
    query = select(Revocation).where(Revocation.sequence > behind).order_by(Revocation.sequence).limit(MOST)
    return db.session.scalars(query).all()


def given_out(sequence: int) -> int:
    """This number where it was given out here, else 0: it is of another database, or from before a restore.

    Never the highest that was given out: its transaction, and those before it, may still be under way.
    """
    highest = text("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM revocation_sequence_seq")
    return sequence if sequence <= (db.session.scalar(highest) or 0) else 0


def end_surplus(person_id: UUID, most: int) -> Sequence[Session]:
    """End those of a person's sessions that were used longest ago, so that at most so many go on. The caller commits.

    Whoever could begin sessions without end would make every end of them a work of minutes, which others wait for.
    """
    living = select(Session).where(_lives(person_id))
    kept = select(Session.id).where(_lives(person_id)).order_by(Session.last_used_at.desc(), Session.id).limit(most)
    surplus = living.where(Session.id.not_in(kept)).with_for_update(skip_locked=True)  # another sign-in may be at it
    ended = db.session.scalars(surplus).all()
    for session in ended:
        session.ended_at = clock.now()
    _add([session.id for session in ended], None)
    return ended


def _living(person_id: UUID) -> Sequence[Session]:
    return db.session.scalars(select(Session).where(_lives(person_id)).with_for_update()).all()


def _lives(person_id: UUID) -> ColumnElement[bool]:
    """Sessions of which an access token may be alive: one signed at the very end of its session outlives it."""
    return and_(Session.person_id == person_id, Session.ended_at.is_(None), Session.expires_at > clock.now() - KEPT)


def _add(session_ids: Iterable[UUID], version: int | None) -> None:
    """Write revocations. Numbers follow the order of commits, because only one transaction at a time takes them."""
    rows = [Revocation(session_id=one, version=version, revoked_at=clock.now()) for one in session_ids]
    if not rows:
        return
    db.session.execute(select(func.pg_advisory_xact_lock(_IN_ORDER)))
    db.session.execute(delete(Revocation).where(Revocation.revoked_at < clock.now() - KEPT))
    db.session.add_all(rows)
    db.session.flush()
