"""The records of access that each service keeps: who saw what."""

from datetime import datetime
from typing import Any, TypeVar

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


E = TypeVar("E", bound=Event)


class Record(Api):
    """One service's record of access."""

    def of_others(self, until: datetime | None, limit: int, record_id: str | None = None) -> Listing[Event]:
        """What others did with the signed-in patient's records, or one, before a moment, newest first."""
        params = {"others": "true", "limit": limit} | ({"until": until.isoformat()} if until else {})
        params |= {"record_id": record_id} if record_id else {}
        return self.read(Listing[Event], "GET", "/audit-events", token=session.token(), params=params)

    def of_anybody(self, kind: type[E], **asked: Any) -> Listing[E]:
        """What an admin asks for, newest first: filters as in the service's API, moments as they are."""
        params = {name: _as_sent(value) for name, value in asked.items() if value is not None}
        return self.read(Listing[kind], "GET", "/audit-events", token=session.token(), params=params)  # type: ignore[valid-type]


def _as_sent(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
