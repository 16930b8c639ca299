"""Dates and times in words, in the clinic's zone. The one place that writes them."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from flask import Flask
from markupsafe import Markup

from chassis import clock
from portal.clinic import clinic


def today() -> date:
    """Today at the clinic."""
    return clock.now().astimezone(clinic().zone).date()


def local(moment: datetime) -> datetime:
    """An aware instant on the clinic's wall."""
    return moment.astimezone(clinic().zone)


def date_words(day: date) -> str:
    """`14 March 1988`, for birth dates and documents: always with the year."""
    return f"{day.day} {day:%B %Y}"


def day_words(day: date) -> str:
    """`Tuesday 8 December`, with the year only when it is not this one."""
    year = "" if day.year == today().year else f" {day.year}"
    return f"{day:%A} {day.day} {day:%B}{year}"


def span_words(first: date, last: date) -> str:
    """`7 to 13 December 2026`, saying month and year as few times as clear."""
    if first.year != last.year:
        return f"{date_words(first)} to {date_words(last)}"
    month = "" if first.month == last.month else f" {first:%B}"
    return f"{first.day}{month} to {date_words(last)}"


def time_words(moment: datetime) -> str:
    """`10:20` at the clinic."""
    return f"{local(moment):%H:%M}"


def moment_words(moment: datetime) -> str:
    """`Tuesday 8 December, 10:20` at the clinic."""
    return f"{day_words(local(moment).date())}, {time_words(moment)}"


def stamp_words(moment: datetime) -> str:
    """`22 November 2026 14:05 +00:00`: a signature's time, with the distance to UTC."""
    here = local(moment)
    return f"{date_words(here.date())} {here:%H:%M} {here.isoformat()[-6:]}"


def zone_words(moment: datetime) -> str:
    """The clinic's zone at that instant: `London time (GMT)`."""
    here = local(moment)
    city = str(clinic().zone).rsplit("/", 1)[-1].replace("_", " ")
    abbreviation = here.tzname() or ""
    return f"{city} time ({abbreviation if abbreviation.isalpha() else 'UTC' + here.strftime('%z')})"


def age(born: date, on: date | None = None) -> int:
    """Whole years since birth, today or on another day."""
    day = on or today()
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def age_words(born: date, on: date | None = None) -> str:
    """`38 years`, and for the very young `8 months` or `12 days`: a dose for a baby hangs on it."""
    day = on or today()
    months = (day.year - born.year) * 12 + day.month - born.month - (day.day < born.day)
    if months >= 24:
        return f"{age(born, day)} years"
    number, unit = (months, "month") if months else ((day - born).days, "day")
    return f"{number} {unit}{'' if number == 1 else 's'}"


def in_days(day: date) -> str:
    """How far away a day is, in words: `today`, `tomorrow`, `in 5 days`, `in 3 weeks`; empty for the past."""
    days = (day - today()).days
    if days < 0:
        return ""
    if days < 2:
        return ("today", "tomorrow")[days]
    return f"in {days} days" if days < 14 else f"in {days // 7} weeks"


@dataclass(frozen=True)
class ClockChange:
    """The day on which the clinic's clocks change, and whether they go forward."""

    day: date
    forward: bool


def clock_change(until: datetime) -> ClockChange | None:
    """The day on which the clinic's clocks get to where they stand then; None where they stand so now."""
    there, day, noon = local(until), local(until).date(), time(12)
    if there.utcoffset() == local(clock.now()).utcoffset():
        return None
    while day >= today():
        before = datetime.combine(day - timedelta(days=1), noon, there.tzinfo)
        if (change := datetime.combine(day, noon, there.tzinfo).utcoffset()) != before.utcoffset():
            return ClockChange(day, forward=(change or timedelta()) > (before.utcoffset() or timedelta()))
        day -= timedelta(days=1)
    return None


def _tag(value: date | datetime, words: str) -> Markup:
    machine = local(value).isoformat() if isinstance(value, datetime) else value.isoformat()
    return Markup('<time datetime="{}">{}</time>').format(machine, words)


def init_app(app: Flask) -> None:
    """Offer the words to templates. Filters ending in `_tag` give a `<time>` element, the others plain words."""
    filters: dict[str, Any] = {
        "date_words": date_words,
        "day_words": day_words,
        "time_words": time_words,
        "moment_words": moment_words,
        "zone_words": zone_words,
        "age": age,
        "age_words": age_words,
        "clinic_day": lambda moment: local(moment).date(),
        "in_days": in_days,
        "clock_change": clock_change,
        "date_tag": lambda day: _tag(day, date_words(day)),
        "day_tag": lambda day: _tag(day, day_words(day)),
        "time_tag": lambda moment: _tag(moment, time_words(moment)),
        "stamp_tag": lambda moment: _tag(moment, stamp_words(moment)),
        "moment_tag": lambda moment: _tag(moment, moment_words(moment)),
    }
    app.jinja_env.filters.update(filters)
    app.jinja_env.globals.update(span_words=span_words, today=today)
