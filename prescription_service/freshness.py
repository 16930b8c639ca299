"""The rule of signing: only by somebody who has proved lately that it is them, where the clinic demands it."""

from datetime import timedelta

from chassis import clock
from chassis.errors import Unauthenticated
from chassis.identity import Principal


class ReauthenticationRequired(Unauthenticated):
    """401: the person was signed in too long ago to sign. They prove again that it is them (RFC 9470)."""

    code, title = "reauthentication-required", "Confirm it is you"
    detail = "You signed in a while ago. Confirm that it is you, then sign again."

    @classmethod
    def within(cls, freshness: timedelta) -> "ReauthenticationRequired":
        """The refusal that says how many seconds ago the proof may be."""
        refusal, seconds = cls(), int(freshness.total_seconds())
        challenge = f'Bearer error="insufficient_user_authentication", max_age="{seconds}"'
        refusal.headers = {"WWW-Authenticate": challenge}
        return refusal


def insist(who: Principal, freshness: timedelta) -> None:
    """Refuse somebody whose last proof is longer ago; nobody where it is zero. Raises `ReauthenticationRequired`.

    A token that does not say when is too old.
    """
    if freshness and clock.now().timestamp() - (who.auth_time or 0) > freshness.total_seconds():
        raise ReauthenticationRequired.within(freshness)
