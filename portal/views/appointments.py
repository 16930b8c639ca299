"""A patient's appointments: the lists, one of them, saying that one is there, and cancelling."""

from uuid import UUID

from flask import Blueprint, Response, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import HiddenField

from chassis.errors import Conflict, Refusal
from chassis.versions import VersionConflict
from portal import session
from portal.api import services
from portal.api.appointments import Appointment
from portal.clinic import clinic
from portal.dates import today
from portal.forms import AtMost, Form, Text, plain_characters
from portal.outages import part
from portal.pages import page
from portal.views.visits import seen_version, visit_page

pages = Blueprint("appointments", __name__, url_prefix="/appointments")

PER_PAGE = 10
ORDER = {"upcoming": "start", "past": "-start", "cancelled": "-start"}
HERE = "Thank you. {} knows that you are here. Take a seat."
TOO_LATE = "It is too late to cancel this appointment online. Call us on {}."
CHANGED = "This appointment has changed since you opened the page. Do you still want to cancel it, as it is now?"


class CancelForm(Form):
    """Why, if the patient likes to say, and the version of the appointment that was on the page."""

    reason = Text("Would you like to say why?", [AtMost(500, "The reason"), plain_characters])
    version = HiddenField()


@pages.get("")
@session.only("patient")
def index() -> ResponseReturnValue:
    """Upcoming, past or cancelled ones, a page at a time."""
    show, cursor = request.args.get("show", "upcoming"), request.args.get("cursor")
    if show not in ORDER:
        abort(404)
    found = services().appointments.listed(show=show, sort=ORDER[show], limit=PER_PAGE, cursor=cursor)
    return page("appointments/index.html", show=show, found=found, first=not cursor)


@pages.get("/<uuid:appointment_id>")
@session.only("patient", "doctor")
def one(appointment_id: UUID) -> ResponseReturnValue:
    """One appointment, as its patient or its doctor sees it."""
    appointment = services().appointments.one(str(appointment_id))
    if session.me().role == "doctor":
        return visit_page(appointment)
    history = part(lambda: services().visits.history(appointment.id))
    is_today = appointment.upcoming and appointment.local_date == today()
    late = part(lambda: services().booking.late(appointment.doctor_id)) if is_today else None
    return page("appointments/one.html", appointment=appointment, history=history, late=late)


@pages.get("/<uuid:appointment_id>.ics")
@session.only("patient", "doctor")
def calendar_file(appointment_id: UUID) -> ResponseReturnValue:
    """The appointment as a file for a calendar."""
    data, media_type = services().booking.calendar_file(str(appointment_id))
    named = {"Content-Disposition": 'attachment; filename="appointment.ics"'}
    return Response(data, content_type=media_type, headers=named)


@pages.get("/<uuid:appointment_id>/booked")
@session.only("patient")
def booked(appointment_id: UUID) -> ResponseReturnValue:
    """The confirmation: what, when, where, and what next."""
    appointment = services().appointments.one(str(appointment_id))
    if appointment.status != "booked":
        return _to(appointment_id)
    return page("appointments/booked.html", appointment=appointment)


@pages.post("/<uuid:appointment_id>/arrive")
@session.only("patient")
def arrive(appointment_id: UUID) -> ResponseReturnValue:
    """Say that one is there."""
    try:
        arrived = services().booking.arrive(str(appointment_id))
        flash(HERE.format(arrived.doctor_name), "success")
    except Conflict as refusal:
        flash(f"{refusal.detail} Say your name at the desk.", "error")
    return _to(appointment_id)


@pages.get("/<uuid:appointment_id>/cancel")
@session.only("patient")
def ask_cancel(appointment_id: UUID) -> ResponseReturnValue:
    """Ask before cancelling."""
    appointment = services().appointments.one(str(appointment_id))
    if "cancel" not in appointment.actions:
        return _to(appointment_id)
    return _ask(appointment, CancelForm())


def _ask(appointment: Appointment, form: CancelForm, refusal: Refusal | None = None) -> ResponseReturnValue:
    return page("appointments/cancel.html", form=form, appointment=appointment, refusal=refusal)


@pages.post("/<uuid:appointment_id>/cancel")
@session.only("patient")
def cancel(appointment_id: UUID) -> ResponseReturnValue:
    """Cancel, once or twice: the result is the same."""
    form = CancelForm()
    if not form.validate():
        return _ask(services().appointments.one(str(appointment_id)), form)
    try:
        services().appointments.cancel(str(appointment_id), form.reason.data, seen_version())
    except VersionConflict:
        return _ask(services().appointments.one(str(appointment_id)), form, VersionConflict(CHANGED))
    except Conflict as refusal:
        flash(TOO_LATE.format(clinic().phone) if refusal.code == "cutoff-passed" else refusal.detail, "error")
        return _to(appointment_id)
    return redirect(url_for(".cancelled", appointment_id=appointment_id), 303)


@pages.get("/<uuid:appointment_id>/cancelled")
@session.only("patient")
def cancelled(appointment_id: UUID) -> ResponseReturnValue:
    """The result: it is cancelled, and how to book another."""
    appointment = services().appointments.one(str(appointment_id))
    if appointment.status != "cancelled":
        return _to(appointment_id)
    return page("appointments/cancelled.html", appointment=appointment)


def _to(appointment_id: UUID) -> ResponseReturnValue:
    return redirect(url_for(".one", appointment_id=appointment_id), 303)
