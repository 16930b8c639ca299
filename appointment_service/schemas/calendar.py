"""What is told of somebody's calendar feed."""

from datetime import datetime
from typing import Self

from appointment_service.clinic import Clinic
from appointment_service.feed_tables import CalendarFeed
from chassis.schemas import Out


class FeedOut(Out):
    """Whether one has a feed. Its address is not told again. `last_used_at` is right to the minute."""

    active: bool
    created_at: datetime | None = None
    last_used_at: datetime | None = None

    @classmethod
    def of_feed(cls, found: CalendarFeed | None) -> Self:
        """The feed, or that there is none."""
        if found is None:
            return cls(active=False)
        return cls(active=True, created_at=found.created_at, last_used_at=found.last_used_at)


class FeedMadeOut(Out):
    """A feed just made. Only this answer holds the token, and the address in which it is."""

    token: str
    address: str
    created_at: datetime

    @classmethod
    def of_feed(cls, token: str, feed: CalendarFeed, clinic: Clinic) -> Self:
        """The feed with its address, where people reach the clinic."""
        return cls(token=token, address=f"{clinic.site}/calendar/{token}.ics", created_at=feed.created_at)
