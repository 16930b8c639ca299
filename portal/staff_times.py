"""A doctor's times, day by day, as staff see them: what is free whatever the notice, and why the rest is not."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from portal.api import services
from portal.api.visits import RefusedTime
from portal.dates import today
from portal.days import day_of
from portal.weeks import WEEK, Week

FARTHEST = timedelta(days=730)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)


@dataclass(frozen=True)
class StaffWeek:
    """Seven days of times, and the times of the open day that are not free."""

    week: Week
    refused: list[RefusedTime]
    next_free: datetime | None


def read(asked: Any, visit_type_id: str | None, ignore: str | None = None, doctor_id: str | None = None) -> StaffWeek:
    """The seven days that an address asks for with `from`, and of those the one it asks for with `day`.

    Without `day` the first one with free times is open. The time of the visit `ignore` counts as free. The times are
    one's own, or for admins those of a doctor.
    """
    now = today()
    day = day_of(asked.get("day"))
    first = min(max(day_of(asked.get("from")) or day or now, now), now + FARTHEST)
    found = services().visits.times(first, first + timedelta(days=6), visit_type_id, ignore, doctor_id)
    shown = next((one for one in found.days if one.date == day), None)
    opened = shown or next((one for one in found.days if one.slots), found.days[0])
    earlier = max(first - WEEK, now) if first > now else None
    later = first + WEEK if first < now + FARTHEST else None
    refused = [one for one in found.refused if one.local_date == opened.date]
    return StaffWeek(Week(found.days, opened, earlier, later), refused, found.next_available)


def instant(typed: str | None) -> datetime | None:
    """A start as our own pages spell it, or None."""
    try:
        start = datetime.fromisoformat(typed) if typed and _INSTANT.fullmatch(typed) else None
    except ValueError:
        return None
    return start if start and 2000 <= start.year <= 2100 else None
