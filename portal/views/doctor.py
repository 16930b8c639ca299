"""The doctor's day, and saying that it runs late."""

import re
from datetime import date, timedelta
from itertools import count
from typing import Any

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import Form as PlainForm
from wtforms.validators import ValidationError

from chassis import clock
from portal import dates, session
from portal.api import services
from portal.api.appointments import Appointment
from portal.day import Day, waiting
from portal.days import FIRST, LAST, day_of
from portal.forms import Line
from portal.outages import part
from portal.pages import page
from portal.visit_steps import at_hand

pages = Blueprint("doctor", __name__)

MOST_PAGES = 5
"""Pages of a hundred appointments that one day, or one week, is read in; nobody has more."""
LATER = 20
LATEST = 480
"""Minutes: by how much each press says more, and the most there is to say."""


class DayChoice(PlainForm):  # type: ignore[misc]
    """Which day to show, from the address."""

    date = Line("Another day")

    def validate_date(self, field: Line) -> None:
        """Say what a day looks like."""
        if day_of(field.data) is None:
            raise ValidationError(f"Enter a real date between {FIRST.year} and {LAST.year}, for example 2027-03-10.")


@pages.get("/today")
@session.only("doctor")
def today() -> ResponseReturnValue:
    """The visits of one day: today's, unless the address names another."""
    form = DayChoice(request.args, data={"date": dates.today().isoformat()})
    form.validate()
    asked = day_of(form.date.data) or dates.today()
    day = Day.of(asked, every_visit(asked, asked))
    beside = part(services().overview.doctors).content if day.is_today or not day.visits else None
    if beside and not beside.in_directory and not day.visits:
        return redirect(url_for("entry.describe"), 303)
    before, after = asked - timedelta(days=1), asked + timedelta(days=1)
    shown: dict[str, Any] = {"before": before, "after": after, "waiting": waiting, "at_hand": at_hand}
    return page("doctor/today.html", form=form, day=day, beside=beside, now=clock.now(), **shown)


@pages.post("/today/late")
@session.only("doctor")
def late() -> ResponseReturnValue:
    """Say by how much one runs late today. Each press says a number, so that two are as one."""
    minutes = request.form.get("minutes", "")
    said = int(minutes) if re.fullmatch(r"\d{1,3}", minutes, re.ASCII) else 0
    services().visits.say_late(min(said, LATEST))
    return redirect(url_for(".today", _anchor="late"), 303)


def every_visit(first: date, last: date, doctor_id: str | None = None) -> list[Appointment]:
    """Every appointment from one day to another; admins name the doctor whose they want."""
    found: list[Appointment] = []
    cursor: str | None = None
    for number in count(1):
        some = services().appointments.listed(
            since=first, until=last, doctor_id=doctor_id, sort="start", limit=100, cursor=cursor
        )
        found += some.items
        cursor = some.next_cursor
        if cursor is None or number == MOST_PAGES:
            break
    return found
