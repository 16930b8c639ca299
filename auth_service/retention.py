"""What the auth service need not keep, and from when on. Why, and what stays: docs/operations/retention.md."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import exists, or_

from auth_service import limits, links, revocations
from auth_service.models import Attempt, Challenge, MailedLink, RefreshToken, Revocation, SecondFactor, Session
from chassis import clock
from chassis.purge import Ended

SESSIONS = timedelta(days=30)
"""After their end: so long somebody can still be told from where they were signed in."""
UNCONFIRMED = timedelta(days=1)


def ended() -> Sequence[Ended]:
    """What has ended by now; tokens before their sessions."""
    now = clock.now()
    over = or_(Session.ended_at < now - SESSIONS, Session.expires_at < now - SESSIONS)
    of_over = exists().where(Session.id == RefreshToken.session_id, over)
    with_tokens = exists().where(RefreshToken.session_id == Session.id)
    unconfirmed = SecondFactor.confirmed_at.is_(None), SecondFactor.created_at < now - UNCONFIRMED
    return (
        Ended("refresh tokens", RefreshToken, or_(RefreshToken.expires_at <= now, of_over)),
        Ended("sessions", Session, over, with_tokens),
        Ended("revocations", Revocation, Revocation.revoked_at < now - revocations.KEPT),
        Ended("attempts", Attempt, Attempt.attempted_at < now - limits.DAY),
        Ended("mailed links", MailedLink, MailedLink.expires_at < now - links.KEPT),
        Ended("challenges", Challenge, Challenge.expires_at < now),
        Ended("authenticators that were never confirmed", SecondFactor, unconfirmed[0] & unconfirmed[1]),
    )
