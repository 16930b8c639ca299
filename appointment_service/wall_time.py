"""Between the clinic's wall clock and instants: the one place that knows of clock changes.

Never adds to an aware local time and never subtracts two of one zone: Python would do that in wall time.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

SECOND = timedelta(seconds=1)


@lru_cache(maxsize=5000)  # the same edges of the same weeks are asked for again and again
def instant(day: date, wall: time, zone: ZoneInfo, *, ending: bool = False) -> datetime:
    """The instant (UTC) at which the wall clock shows this time.

    In the gap of a spring change: the first instant after it. In the overlap of an autumn change: the first
    occurrence, or for an `ending` edge the second, so that no hour of work is lost.
    """
    local = datetime.combine(day, wall)
    if not exists(local, zone):
        return _end_of_gap(local, zone)
    return local.replace(tzinfo=zone, fold=int(ending)).astimezone(UTC)


def exists(local: datetime, zone: ZoneInfo) -> bool:
    """Whether the wall clock ever shows this naive time."""
    return local.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None) == local


def day_bounds(first: date, last: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The instants at which `first` begins and `last` is over."""
    return instant(first, time(), zone), instant(last + timedelta(days=1), time(), zone)


def _end_of_gap(local: datetime, zone: ZoneInfo) -> datetime:
    """The instant of the change, found between the readings before and after it."""
    early = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    late = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    before = early.astimezone(zone).utcoffset()
    while late - early > SECOND:
        middle = early + (late - early) // 2
        middle = middle.replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == before:
            early = middle
        else:
            late = middle
    return late


def shown(times: Sequence[datetime], zone: ZoneInfo) -> list[tuple[str, str, str, str]]:
    """Of instants in order: the local date, the time on the wall (HH:MM), what to call it, and the offset from UTC.

    It is called as it is on the wall, with the zone's abbreviation where one wall time comes twice.
    """
    read = [_read(one, zone) for one in times]
    names = _labels([wall for _, wall, _ in read], times, zone)
    return [(day, wall, name, offset) for (day, wall, offset), name in zip(read, names, strict=True)]


@lru_cache(maxsize=5000)  # who asks for a month looks at the same times as everybody who does
def _read(utc: datetime, zone: ZoneInfo) -> tuple[str, str, str]:
    text = utc.astimezone(zone).isoformat()  # a tenth of what strftime costs
    return text[:10], text[11:16], text[-6:]


def _labels(walls: Sequence[str], times: Sequence[datetime], zone: ZoneInfo) -> Sequence[str]:
    if len(set(walls)) == len(walls):
        return walls
    local = [one.astimezone(zone) for one in times]
    offsets: dict[str, set[timedelta | None]] = {}
    for wall, one in zip(walls, local, strict=True):
        offsets.setdefault(wall, set()).add(one.utcoffset())
    return [
        f"{wall} {one.tzname()}" if len(offsets[wall]) > 1 else wall for wall, one in zip(walls, local, strict=True)
    ]
