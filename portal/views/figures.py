"""Figures of the clinic, for admins: what became of visits, and how long people wait, as charts with their tables."""

from datetime import date, timedelta
from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from wtforms import Form as PlainForm
from wtforms.validators import ValidationError

from chassis import clock
from portal import charts, session
from portal.api import services
from portal.api.clinic_schedule import Counts, Figures
from portal.charts import Chart, Row
from portal.dates import today
from portal.days import day_of
from portal.forms import Line
from portal.pages import page

pages = Blueprint("figures", __name__, url_prefix="/figures")

WEEKS = 12
"""How many weeks are shown unless other days are asked for, this one included."""
LONGEST = timedelta(days=365)


class Days(PlainForm):  # type: ignore[misc]
    """Which days, from the address."""

    since = Line("First day")
    until = Line("Last day")

    def validate_since(self, field: Line) -> None:
        """A day there is."""
        _a_day(field)

    def validate_until(self, field: Line) -> None:
        """A day there is, not before the first one, within a year."""
        last, first = _a_day(field), day_of(self.since.data)
        if first and last < first:
            raise ValidationError("The last day is before the first one.")
        if first and last - first > LONGEST:
            raise ValidationError("Choose a year at most.")


def _a_day(field: Line) -> date:
    found = day_of(field.data)
    if found is None:
        raise ValidationError("Enter a real date, for example 2027-03-10.")
    return found


@pages.get("")
@session.only("admin")
def index() -> ResponseReturnValue:
    """The last twelve weeks, or the days that the address names."""
    monday = today() - timedelta(days=today().weekday())
    usual = {"since": (monday - timedelta(weeks=WEEKS - 1)).isoformat(), "until": today().isoformat()}
    form = Days(request.args if "since" in request.args or "until" in request.args else None, data=usual)
    if not form.validate() and request.args:
        return page("figures/index.html", form=form, found=None, charts={}, now=clock.now(), percent=percent)
    since, until = day_of(form.since.data) or today(), day_of(form.until.data) or today()
    found = services().clinic_schedule.figures(since, until)
    shown: dict[str, Any] = {
        "charts": _charts(found),
        "now": clock.now(),
        "percent": percent,
        "since": since,
        "until": until,
    }
    return page("figures/index.html", form=form, found=found, **shown)


def _charts(found: Figures) -> dict[str, Chart]:
    weeks = [Row(f"{one.monday.day} {one.monday:%b}", one.counts.booked, str(one.counts.booked)) for one in found.weeks]
    waits = [Row(one.doctor_name, one.third_next_days, _days(one.third_next_days)) for one in found.doctors]
    missed = [Row(one.doctor_name, one.counts.no_show_rate, percent(one.counts)) for one in found.doctors]
    return {"weeks": charts.chart(weeks, label_width=56), "waits": charts.chart(waits), "missed": charts.chart(missed)}


def _days(number: int | None) -> str:
    return "none" if number is None else f"{number} d"


def percent(counts: Counts) -> str:
    """The no-show rate as people read it: `5.3 %`, or a dash where nobody was expected."""
    return "–" if counts.no_show_rate is None else f"{100 * counts.no_show_rate:.1f} %"
