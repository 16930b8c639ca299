"""What stands between a right password and the code of the second factor: opaque, for five minutes, for one sign-in."""

import secrets
from datetime import timedelta
from typing import cast

from sqlalchemy import CursorResult, delete, select

from auth_service.models import Challenge, Person, db
from auth_service.opaque import hashed
from chassis import clock
from chassis.errors import Unauthenticated

LIFE = timedelta(minutes=5)


class SecondFactorRequired(Unauthenticated):
    """401: the password was right, and a code is needed too. `challenge` goes back with it."""

    code, title = "second-factor-required", "Code needed"
    detail = "Enter the code that your authenticator shows now, or one of your recovery codes."


class ChallengeExpired(Unauthenticated):
    """401: too much time has passed, or this sign-in was finished or overtaken. It begins again with the password."""

    code, title, detail = "challenge-expired", "Start again", "This took too long. Sign in again from the start."


def asked(person: Person) -> SecondFactorRequired:
    """The refusal that asks a person, who has proved to know the password, for a code. The caller commits."""
    now, token = clock.now(), secrets.token_urlsafe(32)
    db.session.execute(delete(Challenge).where(Challenge.expires_at < now))
    db.session.add(
        Challenge(hash=hashed(token), person_id=person.id, proof=_proof(person), expires_at=now + LIFE),
    )
    return SecondFactorRequired(challenge=token, expires_in=int(LIFE.total_seconds()))


def look(token: str) -> Person:
    """The person whom this challenge is about, if they could answer it now. Raises `ChallengeExpired`."""
    living = select(Challenge).where(Challenge.hash == hashed(token), Challenge.expires_at > clock.now())
    challenge = db.session.scalar(living.execution_options(populate_existing=True))
    person = db.session.get(Person, challenge.person_id) if challenge else None
    if challenge is None or person is None or challenge.proof != _proof(person):
        raise ChallengeExpired
    return person


def use(token: str) -> None:
    """Use a challenge up: of two at once one wins. The caller commits. Raises `ChallengeExpired`."""
    used = db.session.execute(delete(Challenge).where(Challenge.hash == hashed(token)))
    if not cast(CursorResult[None], used).rowcount:
        raise ChallengeExpired


def _proof(person: Person) -> bytes:
    return hashed(person.password_hash)
