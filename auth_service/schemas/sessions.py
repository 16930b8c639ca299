"""One's own sessions, as they go out."""

from datetime import datetime
from uuid import UUID

from chassis.schemas import Out, Page


class SessionOut(Out):
    """One sign-in that still holds. `address` and `user_agent` are `-` and empty where nobody knows."""

    id: UUID
    created_at: datetime
    last_used_at: datetime
    address: str
    user_agent: str
    second_factor: bool
    current: bool


class SessionPage(Page[SessionOut]):
    """One's living sessions, the last used first. There is one page."""
