"""Somebody between password and code: what the cookie remembers of them. Never the password."""

from dataclasses import asdict, dataclass

from flask import session

from chassis import clock
from chassis.errors import Refusal

KEY = "challenge"


@dataclass(frozen=True)
class Challenge:
    """What the auth service wants to hear again with the code, until when (seconds of the epoch), and where to go."""

    token: str
    until: float
    after: str


def begin(refusal: Refusal, after: str) -> None:
    """Remember the challenge that a sign-in was answered with."""
    token, seconds = str(refusal.extras.get("challenge", "")), refusal.extras.get("expires_in")
    until = clock.now().timestamp() + (seconds if isinstance(seconds, int) else 0)
    session[KEY] = asdict(Challenge(token, until, after))


def under_way() -> Challenge | None:
    """The challenge of this browser, or None when there is none or its time is over."""
    try:
        challenge = Challenge(**session[KEY])
    except (KeyError, TypeError):
        return None
    return challenge if challenge.until > clock.now().timestamp() else None


def end() -> None:
    """Let go of it."""
    session.pop(KEY, None)
