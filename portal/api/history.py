"""The records of access that each service keeps: who saw what."""

from datetime import datetime

from portal import session
from portal.api.base import Answer, Api, Listing


class Event(Answer):
    """One look at a record, or one change of it."""

    sequence: int
    recorded_at: datetime
    actor_id: str | None = None
    actor_role: str | None = None
    actor_name: str | None = None
    action: str
    outcome: str


class Record(Api):
    """One service's record of access."""

    def of_others(self, until: datetime | None, limit: int) -> Listing[Event]:
        """What others did with the signed-in patient's record before a moment, newest first."""
        params = {"others": "true", "limit": limit} | ({"until": until.isoformat()} if until else {})
        return self.read(Listing[Event], "GET", "/audit-events", token=session.token(), params=params)
