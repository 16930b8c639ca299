"""Days and times of day as addresses and boxes give them."""

import re
from datetime import date

FIRST, LAST = date(2000, 1, 1), date(2100, 12, 31)
"""The days that any page takes: this clinic's life, and more."""
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_TIME = re.compile(r"(\d{1,2})(?:[:.h]?([0-5]\d))?", re.ASCII)


def day_of(typed: str | None) -> date | None:
    """The day that is meant, or None when that is no day of this clinic's life."""
    try:
        asked = date.fromisoformat(typed if typed and _DATE.fullmatch(typed) else "")
    except ValueError:
        return None
    return asked if FIRST <= asked <= LAST else None


def clock_time(typed: str) -> str | None:
    """`09:00` for what people type as a time of day: `9`, `9:00`, `9.00`, `0900`. `24` and `24:00` are midnight."""
    found = _TIME.fullmatch(typed.strip())
    if found is None:
        return None
    hour, minute = int(found[1]), int(found[2] or 0)
    if (hour, minute) == (24, 0):
        return "00:00"
    return f"{hour:02}:{minute:02}" if hour < 24 else None
