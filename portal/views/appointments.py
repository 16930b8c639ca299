"""A patient's appointments: the lists, one of them, and cancelling it."""

from typing import Any
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from chassis.errors import Refusal
from portal import session
from portal.api import services
from portal.dates import today
from portal.pages import page
from portal.views.visits import visit_page

pages = Blueprint("appointments", __name__, url_prefix="/appointments")

PER_PAGE = 10


@pages.get("")
@session.only("patient")
def index() -> ResponseReturnValue:
    """Upcoming, past or cancelled ones, a page at a time."""
    show = request.args.get("show", "upcoming")
    lists: dict[str, dict[str, Any]] = {
        "upcoming": {"since": today(), "status": "booked", "sort": "start"},
        "past": {"until": today(), "status": "booked", "sort": "-start"},
        "cancelled": {"status": "cancelled", "sort": "-start"},
    }
    if show not in lists:
        abort(404)
    cursor = request.args.get("cursor")
    found = services().appointments.listed(**lists[show], limit=PER_PAGE, cursor=cursor)
    # both lists ask for whole days; today's visits belong to one of them by the clock
    items = [a for a in found.items if show == "cancelled" or a.upcoming == (show == "upcoming")]
    return page("appointments/index.html", show=show, items=items, next_cursor=found.next_cursor, first=not cursor)


@pages.get("/<uuid:appointment_id>")
@session.only("patient", "doctor")
def one(appointment_id: UUID) -> ResponseReturnValue:
    """One appointment, as its patient or its doctor sees it."""
    appointment = services().appointments.one(str(appointment_id))
    if session.me().role == "doctor":
        return visit_page(appointment)
    return page("appointments/one.html", appointment=appointment)


@pages.get("/<uuid:appointment_id>/booked")
@session.only("patient")
def booked(appointment_id: UUID) -> ResponseReturnValue:
    """The confirmation: what, when, where, and what next."""
    appointment = services().appointments.one(str(appointment_id))
    if appointment.status != "booked":
        return redirect(url_for(".one", appointment_id=appointment_id), 303)
    return page("appointments/booked.html", appointment=appointment)


@pages.get("/<uuid:appointment_id>/cancel")
@session.only("patient")
def ask_cancel(appointment_id: UUID) -> ResponseReturnValue:
    """Ask before cancelling."""
    appointment = services().appointments.one(str(appointment_id))
    if not appointment.upcoming or appointment.begun:
        return redirect(url_for(".one", appointment_id=appointment_id), 303)
    return page("appointments/cancel.html", appointment=appointment)


@pages.post("/<uuid:appointment_id>/cancel")
@session.only("patient")
def cancel(appointment_id: UUID) -> ResponseReturnValue:
    """Cancel, once or twice: the result is the same."""
    try:
        services().appointments.cancel(str(appointment_id))
    except Refusal as refusal:
        if refusal.status != 409:
            raise
        flash(refusal.detail, "error")
    return redirect(url_for(".one", appointment_id=appointment_id), 303)
