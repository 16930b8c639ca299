"""A doctor's weekly hours: how they are, and a form that says what a change means before it is made."""

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from chassis.errors import Conflict, Invalid, NotFound, Refusal, Unavailable
from portal import session
from portal.api import services
from portal.api.schedules import Hours, HoursPreview
from portal.hours_form import WEEKDAYS, HoursForm, boxes
from portal.pages import page
from portal.time_off_form import KIND_WORDS

pages = Blueprint("hours", __name__, url_prefix="/hours")


@pages.get("")
@session.only("doctor")
def week() -> ResponseReturnValue:
    """The week as it is, what is planned, and time off to come."""
    hours = _hours()
    if hours is None:
        return redirect(url_for("entry.describe"), 303)
    schedules = services().schedules
    shown: dict[str, Any] = {
        "exceptions": schedules.exceptions(),
        "closings": schedules.closings(),
        "entry": schedules.entry(),
    }
    return page("doctor/hours.html", hours=hours, weekdays=WEEKDAYS, kinds=KIND_WORDS, **shown)


@pages.get("/change")
@session.only("doctor")
def edit() -> ResponseReturnValue:
    """The week in boxes."""
    hours = _hours()
    if hours is None:
        return redirect(url_for("entry.describe"), 303)
    return _form(HoursForm(formdata=None, data=boxes(hours.hours)), hours)


@pages.post("/change")
@session.only("doctor")
def change() -> ResponseReturnValue:
    """Save the week, or do to its boxes what another button says: a row more, Monday copied, or just count."""
    hours, form = _hours(), HoursForm()
    if hours is None:
        return redirect(url_for("entry.describe"), 303)
    act, _, which = request.form.get("act", "").partition(":")
    if act == "add":
        form.add(which)
        return _form(form, hours, added=which)
    if act == "copy":
        form.copy_monday()
        return _form(form, hours)
    if not form.validate_on_submit():
        return _form(form, hours)
    return _count(form, hours) if act == "count" else _save(form, hours)


def _count(form: HoursForm, hours: Hours) -> ResponseReturnValue:
    try:
        return _form(form, hours, services().schedules.preview_hours(_week(form, hours)))
    except (Conflict, Invalid, Unavailable) as refusal:
        return _form(form, hours, refusal=form.placed(refusal))


def _save(form: HoursForm, hours: Hours) -> ResponseReturnValue:
    try:
        saved = services().schedules.set_hours(_week(form, hours))
    except (Conflict, Invalid, Unavailable) as refusal:
        return _form(form, hours, refusal=form.placed(refusal))
    said = "Your hours are planned." if form.valid_from.data and saved.planned else "Your hours are saved."
    flash(f"{said} {saved.appointments_per_week} appointments fit into a week now.", "success")
    return redirect(url_for(".week"), 303)


def _week(form: HoursForm, hours: Hours) -> dict[str, Any]:
    return form.week(first=not (hours.hours or hours.planned))


def _form(
    form: HoursForm,
    hours: Hours,
    preview: HoursPreview | None = None,
    refusal: Refusal | None = None,
    added: str | None = None,
) -> ResponseReturnValue:
    count = preview.appointments_per_week if preview else None if form.is_submitted() else hours.appointments_per_week
    stranded = refusal.extras.get("count", 0) if refusal and refusal.code == "has-bookings" else 0
    shown: dict[str, Any] = {
        "preview": preview,
        "count": count,
        "stranded": stranded,
        "added": added,
        "planned": hours.planned,
    }
    return page("doctor/hours_form.html", form=form, refusal=refusal, **shown)


def _hours() -> Hours | None:
    try:
        return services().schedules.hours()
    except NotFound:
        return None
