"""The doctor's day, and a visit as the doctor sees it."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from wtforms import Form as PlainForm
from wtforms.validators import ValidationError

from chassis import clock
from portal import dates, known, session
from portal.api import services
from portal.api.appointments import Appointment
from portal.forms import Line
from portal.outages import part
from portal.pages import page

pages = Blueprint("doctor", __name__)

FIRST, LAST = date(2000, 1, 1), date(2100, 12, 31)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
MOST_PAGES = 5
"""Pages of a hundred appointments that one day is read in; nobody has more."""


def _day_of(typed: str) -> date | None:
    """The day an address asks for, or None when that is no day of this clinic's life."""
    try:
        asked = date.fromisoformat(typed if _DATE.fullmatch(typed) else "")
    except ValueError:
        return None
    return asked if FIRST <= asked <= LAST else None


class DayChoice(PlainForm):  # type: ignore[misc]
    """Which day to show, from the address."""

    date = Line("Another day")

    def validate_date(self, field: Line) -> None:
        """Say what a day looks like."""
        if _day_of(field.data) is None:
            raise ValidationError(f"Enter a real date between {FIRST.year} and {LAST.year}, for example 2027-03-10.")


@dataclass(frozen=True)
class Day:
    """A day's visits in their order, those that were cancelled, and where the day stands now."""

    date: date
    visits: list[Appointment]
    cancelled: list[Appointment]

    @property
    def next_id(self) -> str | None:
        """The visit that comes next, on the day that is today."""
        waiting = [visit.id for visit in self.visits if visit.start > clock.now()]
        return waiting[0] if waiting and self.date == dates.today() else None

    def standing(self, visit: Appointment) -> str:
        """Where a visit stands: `now`, `next`, `past` or `booked`."""
        if visit.start <= clock.now() < visit.end:
            return "now"
        if visit.end <= clock.now():
            return "past"
        return "next" if visit.id == self.next_id else "booked"


@pages.get("/today")
@session.only("doctor")
def today() -> ResponseReturnValue:
    """The visits of one day: today's, unless the address names another."""
    form = DayChoice(request.args, data={"date": dates.today().isoformat()})
    form.validate()
    day = _day_of(form.date.data) or dates.today()
    before, after = day - timedelta(days=1), day + timedelta(days=1)
    return page("doctor/today.html", form=form, day=_read(day), before=before, after=after, now=clock.now())


def _read(day: date) -> Day:
    """Every appointment of the day."""
    found: list[Appointment] = []
    cursor: str | None = None
    for number in count(1):
        some = services().appointments.listed(since=day, until=day, sort="start", limit=100, cursor=cursor)
        found += some.items
        cursor = some.next_cursor
        if cursor is None or number == MOST_PAGES:
            break
    return Day(
        day,
        [visit for visit in found if visit.status == "booked"],
        [visit for visit in found if visit.status == "cancelled"],
    )


def visit_page(visit: Appointment) -> ResponseReturnValue:
    """An appointment as its doctor sees it: who, when, why, and what was prescribed."""
    prescriptions = part(lambda: services().prescriptions.listed(appointment_id=visit.id, limit=50))
    return page("doctor/appointment.html", visit=visit, known=known.of(visit), prescriptions=prescriptions)
