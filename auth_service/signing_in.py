"""The rules of signing in: password and code to session, refresh, and sign-out.

A refresh token is single use. The one that follows it is derived from it with a secret, so that a lost reply, or two
pages that refresh at once, get the same successor within a short grace; any later use ends the whole family.
"""

import base64
import hmac
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select, update

from auth_service import access_tokens, challenges, codes, limits, passwords, revocations
from auth_service.models import Person, RefreshToken, Session, audit, db
from auth_service.opaque import hashed
from auth_service.signing_keys import derive
from chassis import clock, logs
from chassis.audit import DONE, REFUSED, Outcome
from chassis.errors import TooManyRequests, Unauthenticated

IDLE = timedelta(hours=12)
ABSOLUTE = timedelta(days=7)
GRACE = timedelta(seconds=10)
MOST = 100
"""Sessions of one person at a time; the one used longest ago makes room for another."""


class InvalidCredentials(Unauthenticated):
    """401: no such account, a wrong password, or a disabled account; nobody learns which."""

    code, title = "invalid-credentials", "Cannot sign in"
    detail = "The e-mail address or the password is not right."


class RefreshRefused(Unauthenticated):
    """401: the refresh token is unknown, over, or was used before."""

    code, title, detail = "refresh-refused", "Session over", "The session is over. Sign in again."


@dataclass(frozen=True)
class SignedIn:
    """A person with a fresh pair of tokens."""

    person: Person
    access_token: str
    refresh_token: str


def sign_in(email: str, password: str, secret: str) -> SignedIn:
    """Begin a session. Raises `InvalidCredentials`, the same in words and in time for every reason.

    Raises `TooManyRequests`, and `SecondFactorRequired` with a challenge when the password alone is not enough.
    """
    person = db.session.scalar(select(Person).where(Person.email == email))
    with _noting_refusals(person):
        with limits.attempt(limits.PASSWORD, email):
            person = _proved(person, password)
        _renew_hash(person, password)
        _hold(person)
        if not person.has_second_factor:
            return begin_session(person, secret)
    asked = challenges.asked(person)
    db.session.commit()
    raise asked


def finish_sign_in(challenge: str, code: str, secret: str) -> SignedIn:
    """Begin the session that a challenge stands before.

    Raises `ChallengeExpired`, `SecondFactorRefused`, `TooManyRequests`.
    """
    person = challenges.look(challenge)
    with _noting_refusals(person), limits.attempt(limits.CODE, str(person.id)):
        _hold(person)
        if not person.has_second_factor:  # taken away meanwhile: the password is enough
            raise challenges.ChallengeExpired
        codes.accept(person.id, code, secret)
        challenges.use(challenge)
        return begin_session(person, secret, second_factor=True)


def begin_session(person: Person, secret: str, *, second_factor: bool = False) -> SignedIn:
    """A new session of somebody who has proved who they are, if the account is still as it was when they did.

    Raises `InvalidCredentials`.
    """
    _hold(person)
    now = clock.now()
    session = Session(person_id=person.id, created_at=now, last_used_at=now, expires_at=now + ABSOLUTE, proved_at=now)
    session.address, session.user_agent = logs.client_address.get(), logs.user_agent.get()
    session.second_factor = second_factor
    db.session.add(session)
    db.session.flush()
    for ended in revocations.end_surplus(person.id, MOST):
        note("session.end", person, ended.id)
    token = secrets.token_urlsafe(32)
    _store(token, session, now)
    access = access_tokens.sign(person, session, secret)
    note("session.begin", person, session.id)
    db.session.commit()
    return SignedIn(person, access, token)


def _proved(person: Person | None, password: str) -> Person:
    """The person whose password this is. Raises `InvalidCredentials`, always after as much work."""
    usable = person is not None and person.disabled_at is None
    if not passwords.matches(password, person.password_hash if person and usable else None) or person is None:
        raise InvalidCredentials
    return person


def _renew_hash(person: Person, password: str) -> None:
    """Keep the password as it would be hashed today, if we hash otherwise by now. Whoever has changed it was first."""
    known = person.password_hash
    if encoded := passwords.renewed(password, known):
        unchanged = Person.id == person.id, Person.password_hash == known
        db.session.execute(update(Person).where(*unchanged).values(password_hash=encoded))
        db.session.commit()


def _hold(person: Person) -> None:
    """Keep the account as it is until the commit, if it has not changed since it was read: hashing takes its time."""
    proved_with = person.password_hash
    db.session.refresh(person, with_for_update={"read": True})
    see_second_factor(person)
    if person.disabled_at or not passwords.same(person.password_hash, proved_with):
        raise InvalidCredentials


def see_second_factor(person: Person) -> None:
    """Read again whether there is one, behind the lock: of other tables a statement tells what was before it waited."""
    db.session.refresh(person, ["has_second_factor"])


@contextmanager
def _noting_refusals(person: Person | None) -> Iterator[None]:
    """Note in the record of access that a sign-in was refused: with the person if there is one, never with the address
    that was typed. It is the same work for known and unknown."""
    try:
        yield
    except (InvalidCredentials, codes.SecondFactorRefused, challenges.ChallengeExpired, TooManyRequests) as refusal:
        db.session.rollback()  # a code of a sign-in that fails is not used up; behind a wrong password nothing is open
        if not isinstance(refusal, TooManyRequests) or limits.worth_noting():
            note("session.refuse", person, outcome=REFUSED)
            db.session.commit()
        raise


def note(action: str, person: Person | None, session_id: UUID | None = None, outcome: Outcome = DONE) -> None:
    """Add what became of a session to the record of access. The caller commits."""
    patient_id = person.id if person and person.role == "patient" else None
    audit.note(action, person, record_id=session_id, patient_id=patient_id, outcome=outcome)


def refresh(token: str, secret: str) -> SignedIn:
    """Trade a refresh token for new tokens. Raises `RefreshRefused`; reuse after the grace ends the session."""
    now = clock.now()
    person = _lock_person(token)
    session = _lock_session(token)
    used = db.session.get(RefreshToken, hashed(token), populate_existing=True)
    if session is None or used is None or session.ended_at or min(session.expires_at, used.expires_at) <= now:
        raise RefreshRefused
    successor = _successor(token, secret)
    if used.used_at is not None and not _forgivable(used.used_at, successor, now):
        revocations.end_session(session)
        note("session.refuse", person, session.id, REFUSED)
        db.session.commit()
        raise RefreshRefused
    if used.used_at is None:
        used.used_at = session.last_used_at = now
        _store(successor, session, now)
        _forget_expired(session, now)
    if person is None or person.disabled_at:
        raise RefreshRefused
    see_second_factor(person)
    access = access_tokens.sign(person, session, secret)
    db.session.commit()
    return SignedIn(person, access, successor)


def sign_out(token: str) -> None:
    """End the session of a refresh token. A token nobody knows changes nothing."""
    session = _lock_session(token)
    if session is not None and session.ended_at is None:
        revocations.end_session(session)
        note("session.end", db.session.get(Person, session.person_id), session.id)
        db.session.commit()


def _lock_person(token: str) -> Person | None:
    """The person of this token, as they stay until the new access token is signed. Before any session is locked."""
    query = select(Person).join(Session).join(RefreshToken).where(RefreshToken.hash == hashed(token))
    return db.session.scalar(query.with_for_update(read=True, of=Person))


def _lock_session(token: str) -> Session | None:
    """The session of this token, locked: two refreshes of one family come one after the other."""
    of_token = select(RefreshToken.session_id).where(RefreshToken.hash == hashed(token)).scalar_subquery()
    return db.session.scalar(select(Session).where(Session.id == of_token).with_for_update())


def _forgivable(used_at: datetime, successor: str, now: datetime) -> bool:
    """A reply may have been lost: within the grace, and while the successor is unused."""
    child = db.session.get(RefreshToken, hashed(successor))
    return now - used_at <= GRACE and child is not None and child.used_at is None


def _store(token: str, session: Session, now: datetime) -> None:
    expires = min(now + IDLE, session.expires_at)
    db.session.add(RefreshToken(hash=hashed(token), session_id=session.id, created_at=now, expires_at=expires))


def _forget_expired(session: Session, now: datetime) -> None:
    """Drop the tokens of this session that are refused for their age anyway: somebody may ask for new ones all day."""
    over = RefreshToken.session_id == session.id, RefreshToken.expires_at <= now
    db.session.execute(delete(RefreshToken).where(*over))


def _successor(token: str, secret: str) -> str:
    """The token that follows this one: 256 bits that only this service can work out."""
    digest = hmac.digest(derive(secret, b"refresh tokens"), token.encode(), "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
