"""A patient changes the time of an appointment: choose another, see old and new side by side, and it is moved."""

import re
from uuid import UUID

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import HiddenField

from chassis.errors import Invalid, Refusal, Unavailable
from chassis.schemas import UUID_PATTERN
from chassis.versions import VersionConflict
from portal import session, weeks
from portal.api import services
from portal.api.appointments import Appointment, Doctor, Slot
from portal.clinic import clinic
from portal.dates import local, today
from portal.forms import Choice, Form
from portal.pages import page
from portal.views.booking import CHOOSE_TIME
from portal.views.confirming import explained, in_the_way
from portal.wish import instant

pages = Blueprint("changing", __name__, url_prefix="/appointments/<uuid:appointment_id>/move")

CHANGED = "This appointment has changed since you opened the page. Do you still want to move it, as it is now?"
TOO_LATE = "It is too late to change this appointment online. Call us on {}."


class NewTime(Form):
    """The time that was chosen, with whom, and the version of the appointment that was on the page."""

    start = Choice("Time")
    doctor = HiddenField()
    version = HiddenField()


def _new_time(appointment: Appointment) -> NewTime:
    """The form of this request, or what the address says; where that is nothing we wrote, what is booked counts."""
    data = {name: request.values.get(name, "") for name in ("start", "doctor", "version")}
    if not re.fullmatch(UUID_PATTERN, data["doctor"], re.ASCII):
        data["doctor"] = appointment.doctor_id
    if not re.fullmatch(r"\d{1,9}", data["version"], re.ASCII):
        data["version"] = str(appointment.version)
    return NewTime(formdata=None, data=data)


def _open(appointment_id: UUID) -> Appointment | None:
    """The appointment, or None when its time cannot be changed (any more)."""
    appointment = services().appointments.one(str(appointment_id))
    return appointment if "move" in appointment.actions else None


def _to_appointment(appointment_id: UUID) -> ResponseReturnValue:
    return redirect(url_for("appointments.one", appointment_id=appointment_id), 303)


@pages.get("")
@session.only("patient")
def times(appointment_id: UUID) -> ResponseReturnValue:
    """Choose another day and time. The time that is booked counts as free."""
    appointment = _open(appointment_id)
    return _times(appointment, _new_time(appointment)) if appointment else _to_appointment(appointment_id)


def _times(appointment: Appointment, form: NewTime, refusal: Refusal | None = None) -> ResponseReturnValue:
    chosen = local(instant(form.start.data) or appointment.start).date()
    last = today() + weeks.LONGEST
    first = weeks.first_day(request.values.get("from") or chosen.isoformat(), today(), last)
    asked = services().booking
    free = asked.times(
        form.doctor.data, appointment.visit_type_id, first, first + weeks.WEEK - weeks.DAY, ignore=appointment.id
    )
    week = weeks.week_of(free, request.values.get("day") or chosen.isoformat(), today(), last)
    others = asked.doctors(appointment.visit_type_id).items if appointment.visit_type_id else []
    return page(
        "appointments/move.html",
        form=form,
        refusal=refusal,
        appointment=appointment,
        doctor=_doctor(appointment, form),
        others=[one for one in others if one.id != form.doctor.data],
        week=week,
        next_free=free.next_available,
    )


def _doctor(appointment: Appointment, form: NewTime) -> Doctor:
    """The doctor of the new time; of the booked one what the appointment says, who may take no bookings any more."""
    if form.doctor.data != appointment.doctor_id:
        return services().appointments.doctor(form.doctor.data)
    specialty, room = appointment.doctor_specialty or "", appointment.room
    return Doctor(id=appointment.doctor_id, name=appointment.doctor_name, specialty=specialty, room=room)


@pages.get("/check")
@session.only("patient")
def check(appointment_id: UUID) -> ResponseReturnValue:
    """Old and new side by side, before anything is moved."""
    appointment = _open(appointment_id)
    if appointment is None:
        return _to_appointment(appointment_id)
    form = _new_time(appointment)
    if instant(form.start.data) is None:
        form.start.errors = [CHOOSE_TIME]
        return _times(appointment, form)
    return _check(appointment, form)


def _check(appointment: Appointment, form: NewTime, refusal: Refusal | None = None) -> ResponseReturnValue:
    doctor, start = _doctor(appointment, form), instant(form.start.data)
    other = in_the_way(refusal) if refusal else None
    return page(
        "appointments/move_check.html",
        form=form,
        refusal=refusal,
        appointment=appointment,
        doctor=doctor,
        start=start,
        other=other,
    )


@pages.post("")
@session.only("patient")
def move(appointment_id: UUID) -> ResponseReturnValue:
    """Move it, in the version that was on the page. The same form sent twice leads to the same result."""
    appointment = services().appointments.one(str(appointment_id))
    form = _new_time(appointment)
    if instant(form.start.data) is None:
        return redirect(url_for(".times", appointment_id=appointment_id), 303)
    if _is_there(appointment, form):
        return _to_result(appointment)
    try:
        moved = services().booking.move(appointment.id, form.doctor.data, form.start.data, form.version.data)
    except Refusal as refusal:
        if refusal.status not in {409, 412, 422, 503}:
            raise
        return _refused(appointment_id, form, refusal)
    return _to_result(moved)


def _is_there(appointment: Appointment, form: NewTime) -> bool:
    return (appointment.start, appointment.doctor_id) == (instant(form.start.data), form.doctor.data)


def _to_result(moved: Appointment) -> ResponseReturnValue:
    return redirect(url_for(".moved", appointment_id=moved.id), 303)


def _refused(appointment_id: UUID, form: NewTime, refusal: Refusal) -> ResponseReturnValue:
    """Not moved: the old time stays booked. Say why, and offer what helps."""
    if isinstance(refusal, Unavailable):
        return page("appointments/move_out.html", form=form, refusal=refusal, appointment_id=appointment_id)
    now = services().appointments.one(str(appointment_id))
    if _is_there(now, form):
        return _to_result(now)  # the second of two clicks
    if "move" not in now.actions:
        flash(TOO_LATE.format(clinic().phone) if now.status == "booked" else refusal.detail, "error")
        return _to_appointment(appointment_id)
    if refusal.code == VersionConflict.code:
        form.version.data = str(now.version)
        return _check(now, form, VersionConflict(CHANGED))
    if refusal.code == "slot-taken":
        free = [Slot.model_validate(slot) for slot in refusal.extras.get("alternatives", [])]
        doctor, start = _doctor(now, form), instant(form.start.data)
        return page(
            "appointments/move_taken.html",
            form=form,
            appointment=now,
            doctor=doctor,
            start=start,
            free=free,
            status=409,
        )
    return _times(now, form, Invalid(explained(refusal))) if refusal.status == 422 else _check(now, form, refusal)


@pages.get("/done")
@session.only("patient")
def moved(appointment_id: UUID) -> ResponseReturnValue:
    """The result: when and where now."""
    appointment = services().appointments.one(str(appointment_id))
    if appointment.status != "booked":
        return _to_appointment(appointment_id)
    return page("appointments/moved.html", appointment=appointment)
