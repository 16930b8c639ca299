"""One's private calendar address at the appointment service."""

from datetime import datetime

from portal import session
from portal.api.base import Answer, Api


class Feed(Answer):
    """Whether there is an address, and when a calendar last read from it."""

    active: bool
    created_at: datetime | None = None
    last_used_at: datetime | None = None


class Made(Answer):
    """A new address; told this once."""

    address: str

    @property
    def subscribe(self) -> str:
        """The address as calendar programs on this device open it."""
        return "webcal://" + self.address.partition("://")[2]


class FeedApi(Api):
    """Calls about the signed-in person's own address."""

    def now(self) -> Feed:
        """Whether there is one."""
        return self.read(Feed, "GET", "/calendar-feed", token=session.token())

    def make(self) -> Made:
        """Make one; the one before ends."""
        return self.read(Made, "POST", "/calendar-feed", token=session.token())

    def end(self) -> None:
        """End it."""
        self.tell("DELETE", "/calendar-feed", token=session.token())
