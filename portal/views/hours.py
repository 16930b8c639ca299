"""A doctor's weekly hours: how they are, and a form that says what a change means before it is made."""

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from chassis.errors import Conflict, Invalid, NotFound, Refusal, Unavailable
from portal import session
from portal.api.schedules import Hours, HoursPreview
from portal.hours_form import WEEKDAYS, HoursForm, boxes
from portal.pages import page
from portal.time_off_form import KIND_WORDS
from portal.whose import Whose, whose

pages = Blueprint("hours", __name__, url_prefix="/hours")
of_doctor = Blueprint("doctors_hours", __name__, url_prefix="/schedule/doctors/<uuid:doctor_id>")
"""The same pages about one doctor, for admins."""


@pages.get("")
@of_doctor.get("")
@session.only("doctor", "admin")
def week(doctor_id: UUID | None = None) -> ResponseReturnValue:
    """The week as it is, what is planned, and time off to come."""
    found = whose(doctor_id)
    hours = _hours(found)
    if hours is None:
        return redirect(url_for("entry.describe"), 303)
    schedules = found.schedules
    shown: dict[str, Any] = {
        "exceptions": schedules.exceptions(),
        "closings": schedules.closings(),
        "entry": schedules.entry(),
        "whose": found,
    }
    return page("doctor/hours.html", hours=hours, weekdays=WEEKDAYS, kinds=KIND_WORDS, **shown)


@pages.get("/change")
@of_doctor.get("/change")
@session.only("doctor", "admin")
def edit(doctor_id: UUID | None = None) -> ResponseReturnValue:
    """The week in boxes."""
    found = whose(doctor_id)
    hours = _hours(found)
    if hours is None:
        return redirect(url_for("entry.describe"), 303)
    return _form(found, HoursForm(formdata=None, data=boxes(hours.hours)), hours)


@pages.post("/change")
@of_doctor.post("/change")
@session.only("doctor", "admin")
def change(doctor_id: UUID | None = None) -> ResponseReturnValue:
    """Save the week, or do to its boxes what another button says: a row more, Monday copied, or just count."""
    found = whose(doctor_id)
    hours, form = _hours(found), HoursForm()
    if hours is None:
        return redirect(url_for("entry.describe"), 303)
    act, _, which = request.form.get("act", "").partition(":")
    if act == "add":
        form.add(which)
        return _form(found, form, hours, added=which)
    if act == "copy":
        form.copy_monday()
        return _form(found, form, hours)
    if not form.validate_on_submit():
        return _form(found, form, hours)
    return _count(found, form, hours) if act == "count" else _save(found, form, hours)


def _count(found: Whose, form: HoursForm, hours: Hours) -> ResponseReturnValue:
    try:
        return _form(found, form, hours, found.schedules.preview_hours(_week(form, hours)))
    except (Conflict, Invalid, Unavailable) as refusal:
        return _form(found, form, hours, refusal=form.placed(refusal))


def _save(found: Whose, form: HoursForm, hours: Hours) -> ResponseReturnValue:
    try:
        saved = found.schedules.set_hours(_week(form, hours))
    except (Conflict, Invalid, Unavailable) as refusal:
        return _form(found, form, hours, refusal=form.placed(refusal))
    hours_of = f"The hours of {found.doctor.name}" if found.doctor else "Your hours"
    said = f"{hours_of} are {'planned' if form.valid_from.data and saved.planned else 'saved'}."
    flash(f"{said} {saved.appointments_per_week} appointments fit into a week now.", "success")
    return redirect(found.url("hours.week"), 303)


def _week(form: HoursForm, hours: Hours) -> dict[str, Any]:
    return form.week(first=not (hours.hours or hours.planned))


def _form(
    found: Whose,
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
        "whose": found,
    }
    return page("doctor/hours_form.html", form=form, refusal=refusal, **shown)


def _hours(found: Whose) -> Hours | None:
    try:
        return found.schedules.hours()
    except NotFound:
        return None
