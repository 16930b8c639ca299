"""A doctor's week at a glance: who comes, what is free, and where there is time off."""

from datetime import date, timedelta
from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from portal import session
from portal.api import services
from portal.dates import today
from portal.days import FIRST, LAST, day_of
from portal.pages import page
from portal.views.doctor import every_visit
from portal.week_grid import WeekGrid

pages = Blueprint("week", __name__, url_prefix="/week")

DAY, WEEK = timedelta(days=1), timedelta(days=7)


@pages.get("")
@session.only("doctor")
def show() -> ResponseReturnValue:
    """The week of a day: this one, unless the address names another."""
    asked = day_of(request.args.get("of")) or today()
    monday = _monday(min(max(asked, FIRST + WEEK), LAST - WEEK))
    sunday = monday + 6 * DAY
    times = services().visits.times(monday, sunday, None)
    grid = WeekGrid.of(monday, every_visit(monday, sunday), times)
    turns: dict[str, Any] = {"earlier": monday - WEEK, "later": monday + WEEK, "current": _monday(today()) == monday}
    return page("doctor/week.html", grid=grid, **turns)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
