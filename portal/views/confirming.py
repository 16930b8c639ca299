"""The end of booking: check everything on one page, then book it; and what to do where it cannot be booked."""

from datetime import datetime

from flask import Blueprint, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from chassis.errors import Conflict, Invalid, Refusal, Unavailable
from portal import session, wish
from portal.api import services
from portal.api.appointments import Slot
from portal.clinic import clinic
from portal.dates import moment_words
from portal.pages import page
from portal.views.booking import CHOOSE_TIME, reason_page, times_page
from portal.wish import FIELDS, Answers

pages = Blueprint("confirming", __name__, url_prefix="/book/<doctor_or_any:doctor_id>")


@pages.post("/check")
@session.only("patient")
def check(doctor_id: str) -> ResponseReturnValue:
    """Take the answers to the page that shows them, one that Back and Reload can open again."""
    answers = wish.answers()
    if answers.time is None:
        answers.start.errors = [CHOOSE_TIME]
        return times_page(doctor_id, answers)
    if not answers.validate():
        return reason_page(doctor_id, answers)
    found = wish.wish(doctor_id, answers)
    onward = make_response(redirect(url_for(".review", doctor_id=doctor_id, attempt=answers.attempt.data), 303))
    return onward if found.visit_type and wish.keep(onward, answers, *FIELDS) else _review(doctor_id, answers)


@pages.get("/check")
@session.only("patient")
def review(doctor_id: str) -> ResponseReturnValue:
    """Everything on one page before it is booked; the first open question, for somebody who has not answered all."""
    answers = wish.answers()
    if answers.time is None or not wish.answered_all(str(answers.attempt.data)):
        return redirect(url_for("booking.times", doctor_id=doctor_id, attempt=answers.attempt.data), 303)
    return _review(doctor_id, answers)


def _review(doctor_id: str, answers: Answers, refusal: Refusal | None = None) -> ResponseReturnValue:
    found = wish.wish(doctor_id, answers)
    if found.visit_type is None:
        return redirect(url_for("booking.what_for", doctor=doctor_id, attempt=answers.attempt.data), 303)
    look_at = in_the_way(refusal) if refusal else None
    return page("booking/check.html", form=answers, wish=found, refusal=refusal, other=look_at)


@pages.post("/confirm")
@session.only("patient")
def confirm(doctor_id: str) -> ResponseReturnValue:
    """Book it. The same form sent twice leads to the same appointment."""
    answers = wish.answers()
    if answers.time is None or not answers.validate():
        return check(doctor_id)
    answers.doctor.data = doctor_id
    try:
        booked = services().booking.book(
            doctor_id, answers.visit_type.data or None, answers.start.data, answers.notes.data, answers.key
        )
    except (Conflict, Invalid, Unavailable) as refusal:
        return _refused(doctor_id, answers, refusal)
    return redirect(url_for("appointments.booked", appointment_id=booked.id), 303)


@pages.get("/confirm")
@session.only("patient")
def begin_again(doctor_id: str) -> ResponseReturnValue:
    """Nothing is booked by opening an address."""
    return redirect(url_for(".review", doctor_id=doctor_id, attempt=request.args.get("attempt")), 303)


def _refused(doctor_id: str, answers: Answers, refusal: Refusal) -> ResponseReturnValue:
    """Not booked: say why, keep every answer, and offer what helps."""
    if refusal.code == "slot-taken":
        free = [Slot.model_validate(slot) for slot in refusal.extras.get("alternatives", [])]
        return page("booking/taken.html", form=answers, wish=wish.wish(doctor_id, answers), free=free, status=409)
    if refusal.code == "visit-type-unavailable" or "/visit_type_id" in {error.pointer for error in refusal.errors}:
        found = wish.wish(doctor_id, answers)
        return page("booking/what_for.html", form=answers, wish=found, refusal=Invalid(refusal.detail))
    if refusal.status == 422:
        return times_page(doctor_id, answers, Invalid(explained(refusal)))
    return _review(doctor_id, answers, refusal)


def explained(refusal: Refusal) -> str:
    """Why a time cannot be had, with when it could, and whom to ask for another one."""
    call = f"Need another time? Call us on {clinic().phone}."
    if refusal.code == "too-soon" and (earliest := refusal.extras.get("earliest")):
        moment = moment_words(datetime.fromisoformat(earliest))
        return f"This time is too soon to book online. Choose one from {moment} on. {call}"
    return f"{refusal.detail} {call}" if refusal.code in {"too-soon", "too-far"} else refusal.detail


def in_the_way(refusal: Refusal) -> tuple[str, str] | None:
    """What stands against the booking, or helps: what to call it, and where it is."""
    if refusal.code == "patient-busy" and "appointment_id" in refusal.extras:
        url = url_for("appointments.one", appointment_id=refusal.extras["appointment_id"])
        return "your other appointment", url
    if refusal.code == "doctor-not-bookable":
        return "the other doctors", url_for("booking.with_whom", attempt=request.form.get("attempt"))
    return ("your appointments", url_for("appointments.index")) if refusal.code == "limit-reached" else None
