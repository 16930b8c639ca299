"""Public holidays, for admins: chosen by country and year, looked at, and brought in as closing days."""

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from chassis.errors import Conflict, Invalid, Refusal, Unavailable
from portal import session
from portal.api import services
from portal.api.clinic_schedule import Holiday, Impact
from portal.closing_form import FateForm, HolidayChoice, chosen
from portal.dates import today
from portal.days import day_of
from portal.pages import page
from portal.time_off_form import CONFLICTS
from portal.views.closing_days import people

pages = Blueprint("holidays", __name__, url_prefix="/schedule/holidays")


@pages.get("")
@session.only("admin")
def index() -> ResponseReturnValue:
    """Choose a country and a year; then its holidays, each with a box to tick."""
    choice = _choice(request.args)
    if "country" not in request.args:
        return _list(choice)
    return _list(choice, _holidays(choice)) if choice.validate() else _list(choice, errors_of=True)


@pages.post("")
@session.only("admin")
def bring_in() -> ResponseReturnValue:
    """Close the clinic on those that are ticked; where somebody is booked, only after saying what becomes of whom."""
    choice, form = _choice(request.form), FateForm()
    if not choice.validate() or not form.validate_on_submit():
        return redirect(f"{url_for('.index')}?{urlencode(choice.asked)}", 303)
    wish = {**choice.wish, "dates": _ticked()}
    if not wish["dates"]:
        return _list(choice, _holidays(choice), none_ticked=True)
    try:
        return _bring_in(choice, form, wish)
    except (Conflict, Invalid, Unavailable) as refusal:
        return _list(choice, _holidays(choice), refusal)


def _bring_in(choice: HolidayChoice, form: FateForm, wish: dict[str, object]) -> ResponseReturnValue:
    """Somebody who has booked meanwhile is asked about too."""
    try:
        added = services().clinic_schedule.bring_in({**wish, **chosen(form)})
    except Conflict as refusal:
        if refusal.code != "has-bookings":
            raise
        if "asked" in request.form and not chosen(form):
            form.on_conflict.errors = ["Choose what is to become of them."]
        return _ask(choice, form, services().clinic_schedule.preview_holidays(wish))
    count = len(added.exceptions)
    days = "1 holiday is" if count == 1 else f"{count} holidays are"
    flash(f"{days} entered. {people(added, form.on_conflict.data)}", "success")
    return redirect(url_for("closing_days.index"), 303)


def _choice(asked: MultiDict[str, str]) -> HolidayChoice:
    form = HolidayChoice(asked, data={"year": str(today().year)})
    return form.offer(services().clinic_schedule.countries())


def _holidays(choice: HolidayChoice) -> list[Holiday]:
    return services().clinic_schedule.holidays(**choice.asked)


def _ticked() -> list[str]:
    return [day for day in request.form.getlist("dates") if day_of(day)]


def _list(
    choice: HolidayChoice,
    found: list[Holiday] | None = None,
    refusal: Refusal | None = None,
    *,
    errors_of: bool = False,
    none_ticked: bool = False,
) -> ResponseReturnValue:
    ticked = _ticked() if request.method == "POST" else [str(one.date) for one in found or []]
    shown: dict[str, Any] = {"choice": choice, "found": found, "ticked": ticked, "none_ticked": none_ticked}
    form = choice if errors_of else None
    return page("schedules/holidays.html", form=form, refusal=refusal, status=422 if none_ticked else None, **shown)


def _ask(choice: HolidayChoice, form: FateForm, impact: Impact) -> ResponseReturnValue:
    carried = [*choice.asked.items(), *(("dates", day) for day in _ticked()), ("asked", "yes")]
    shown: dict[str, Any] = {"impact": impact, "conflicts": CONFLICTS, "carried": carried, "to": url_for(".bring_in")}
    return page("schedules/impact.html", form=form, **shown)
