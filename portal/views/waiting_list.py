"""The waiting list: join it where no time suits, and take or decline the time that is held for one."""

import re
import secrets
from uuid import UUID

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from chassis.errors import Conflict, Invalid, Refusal, Unavailable
from portal import session, wish
from portal.api import services
from portal.api.booking import ANY
from portal.dates import today
from portal.pages import page
from portal.views.booking import DoctorOrAny
from portal.waiting_form import NOTICE, PARTS, USUAL, WEEKDAYS, WaitingForm, when
from portal.wish import Wish

pages = Blueprint("waiting_list", __name__, url_prefix="/waiting-list")

JOINED = "You are on the waiting list. When a time comes free, we hold it for you and tell you."
DECLINED = "That time goes to somebody else. You still wait for the next one."
LEFT = "You are off this waiting list."


@pages.get("")
@session.only("patient")
def index() -> ResponseReturnValue:
    """What one waits for, and what is held."""
    return page("waiting_list/index.html", entries=services().waiting_list.listed(), when=when)


@pages.route("/join", methods=["GET", "POST"])
@session.only("patient")
def join() -> ResponseReturnValue:
    """Say which days and times would suit."""
    asked = request.values.get("doctor", ANY)
    found = wish.wish(asked if re.fullmatch(DoctorOrAny.regex, asked, re.ASCII) else ANY, wish.answers())
    if found.visit_type is None:
        return redirect(url_for("booking.what_for", doctor=found.doctor_id), 303)
    usual = {
        "from_date": today().isoformat(),
        "to_date": (today() + USUAL).isoformat(),
        "notice": NOTICE[0][0],
        "weekdays": [],
    }
    form = WaitingForm(data={**usual, "attempt": secrets.token_urlsafe(16), "visit_type": found.visit_type.id})
    if not form.validate_on_submit():
        return _form(found, form)
    try:
        services().waiting_list.join(form.hope(found.doctor_id), form.key(found.doctor_id))
    except (Conflict, Invalid, Unavailable) as refusal:
        return _form(found, form, refusal)
    flash(JOINED, "success")
    return redirect(url_for(".index"), 303)


def _form(found: Wish, form: WaitingForm, refusal: Refusal | None = None) -> ResponseReturnValue:
    choices = {"weekdays": WEEKDAYS, "parts": PARTS, "notice": NOTICE}
    return page("waiting_list/join.html", form=form, refusal=refusal, status=None, wish=found, choices=choices)


@pages.post("/<uuid:entry_id>/accept")
@session.only("patient")
def accept(entry_id: UUID) -> ResponseReturnValue:
    """Take the time that is held. The second of two clicks leads to the same appointment."""
    try:
        booked = services().waiting_list.accept(str(entry_id), _offered())
    except Refusal as refusal:
        return _told(refusal)
    return redirect(url_for("appointments.booked", appointment_id=booked.id), 303)


@pages.post("/<uuid:entry_id>/decline")
@session.only("patient")
def decline(entry_id: UUID) -> ResponseReturnValue:
    """Let it go."""
    try:
        services().waiting_list.decline(str(entry_id), _offered())
    except Refusal as refusal:
        return _told(refusal)
    flash(DECLINED, "info")
    return redirect(url_for(".index"), 303)


@pages.get("/<uuid:entry_id>/leave")
@session.only("patient")
def ask_leave(entry_id: UUID) -> ResponseReturnValue:
    """Ask before leaving."""
    entry = services().waiting_list.one(str(entry_id))
    if entry.state != "waiting":
        return redirect(url_for(".index"), 303)
    return page("waiting_list/leave.html", entry=entry, when=when)


@pages.post("/<uuid:entry_id>/leave")
@session.only("patient")
def leave(entry_id: UUID) -> ResponseReturnValue:
    """Wait no longer. Doing it twice is the same as once."""
    services().waiting_list.leave(str(entry_id))
    flash(LEFT, "success")
    return redirect(url_for(".index"), 303)


def _offered() -> str:
    """The offer that was on the page: by now another one may stand, which nobody takes or lets go unseen."""
    return request.form.get("offered", "")


def _told(refusal: Refusal) -> ResponseReturnValue:
    """What was held is so no longer, or cannot be taken: the list says how it is now."""
    if refusal.status not in {409, 410, 422}:
        raise refusal
    flash(refusal.detail, "error")
    return redirect(url_for(".index"), 303)
