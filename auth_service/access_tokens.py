"""Access tokens: signed for a session, and looked at again by those who ask."""

from typing import Any
from uuid import UUID, uuid4

import jwt
from sqlalchemy import select

from auth_service.models import Person, Session, db
from auth_service.signing_keys import signing_key
from chassis import clock, tokens
from chassis.errors import TokenRevoked, Unauthenticated
from chassis.identity import Principal

AUDIENCE = ["auth", "appointment", "prescription"]


def sign(person: Person, session: Session, secret: str) -> str:
    """A new access token of this session: who the person is, how they proved it and when, for five minutes.

    While the person has to set up a second factor, it is for this service only.
    """
    kid, key = signing_key(secret)
    now = int(clock.now().timestamp())
    claims: dict[str, Any] = {
        "iss": tokens.ISSUER,
        "sub": str(person.id),
        "aud": ["auth"] if person.second_factor == "required" else AUDIENCE,
        "iat": now,
        "nbf": now,
        "exp": now + tokens.LIFE,
        "jti": str(uuid4()),
        "type": "access",
        "sid": str(session.id),
        "ver": person.version,
        "role": person.role,
        "name": person.name,
        "amr": ["pwd", "otp"] if session.second_factor else ["pwd"],
        "auth_time": int(session.proved_at.timestamp()),
    }
    if person.birth_date:
        claims["birthdate"] = person.birth_date.isoformat()
    if person.licence_claim:
        claims["licence"] = person.licence_claim
    return jwt.encode(claims, key, tokens.ALGORITHM, headers={"typ": tokens.TYPE, "kid": kid})


def still_valid(who: Principal) -> None:
    """Refuse a token whose session has ended or whose person has changed since."""
    if not _alive(who.id, who.session_id, who.version):
        raise TokenRevoked


def introspect(token: str) -> dict[str, Any]:
    """The claims of a token that holds right now, or an empty dict for any that does not."""
    try:
        claims = tokens.verify(token)
    except Unauthenticated:
        return {}
    return claims if _alive(UUID(claims["sub"]), UUID(claims["sid"]), claims["ver"]) else {}


def _alive(person_id: UUID, session_id: UUID, version: int) -> bool:
    live = (
        select(Session.id)
        .join(Person, Person.id == Session.person_id)
        .where(
            Session.id == session_id,
            Session.ended_at.is_(None),
            Session.expires_at > clock.now(),
            Person.id == person_id,
            Person.disabled_at.is_(None),
            Person.version <= version,
        )
    )
    return db.session.scalar(live) is not None
