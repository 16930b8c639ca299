"""When a reminder goes out: a day before the visit, not at night, and never too late to be of use."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from appointment_service import wall_time

LEAD = timedelta(hours=24)
LATEST = timedelta(hours=2)
"""Before the visit. Whoever has set out already needs no reminder."""
QUIET_FROM, QUIET_UNTIL = time(20), time(8)
"""By the clinic's wall clock: at 20:00 it is quiet, at 08:00 no longer."""


def due(starts_at: datetime, booked_at: datetime) -> datetime | None:
    """The instant a reminder is due; None for what is booked less than a day ahead and well remembered."""
    found = starts_at - LEAD
    return found if found > booked_at else None


def allowed(instant: datetime, starts_at: datetime, zone: ZoneInfo) -> datetime:
    """The first instant from this one on at which people may be reminded, at the latest `LATEST` before the visit."""
    return max(instant, min(_out_of_quiet(instant, zone), starts_at - LATEST))


def _out_of_quiet(instant: datetime, zone: ZoneInfo) -> datetime:
    local = instant.astimezone(zone)
    if QUIET_UNTIL <= local.time() < QUIET_FROM:
        return instant
    morning = local.date() if local.time() < QUIET_UNTIL else local.date() + timedelta(days=1)
    return wall_time.instant(morning, QUIET_UNTIL, zone)
