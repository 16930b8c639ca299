"""Booking a time: choose it, say why, check, book. What was answered travels in forms, a reason never in an address."""

import hashlib
import re
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from flask import Blueprint, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import StringField

from chassis.errors import Conflict, Invalid, Refusal, Unavailable
from portal import kept, session
from portal.api import services
from portal.api.appointments import Slot
from portal.dates import local, today
from portal.forms import AtMost, Choice, Form, Text, plain_characters
from portal.pages import page
from portal.weeks import first_day, week_of

pages = Blueprint("booking", __name__, url_prefix="/book")

LONGEST_REASON = 2000
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)


class Answers(Form):
    """Everything a patient has answered so far, on whichever page they are."""

    start = Choice("Time")
    notes = Text("What is it about?", [AtMost(LONGEST_REASON, "The reason"), plain_characters])
    attempt = StringField("Attempt")

    @property
    def time(self) -> datetime | None:
        """The chosen start, if one is chosen and spelled as our own pages spell it."""
        try:
            start = datetime.fromisoformat(self.start.data) if _INSTANT.fullmatch(self.start.data or "") else None
        except ValueError:
            return None
        return start if start and 2000 <= start.year <= 2100 else None  # at the ends of time no zone can be told

    @property
    def carried(self) -> list[tuple[str, str]]:
        """The answers as hidden fields of the next page."""
        return [(name, self[name].data or "") for name in ("start", "notes", "attempt")]

    def key(self, doctor_id: UUID) -> str:
        """The same answers of the same attempt are the same booking; any change makes it another one."""
        parts = [self.attempt.data or "", str(doctor_id), self.start.data or "", self.notes.data or ""]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _answers() -> Answers:
    """The answers in this request: of a form, or a time in the address."""
    return Answers() if request.method == "POST" else Answers(data={"start": request.args.get("start", "")})


@pages.route("/<uuid:doctor_id>", methods=["GET", "POST"])
@session.only("patient")
def times(doctor_id: UUID) -> ResponseReturnValue:
    """Choose a day and time. Posted only to carry answers along while the patient looks for another time."""
    return _times(doctor_id, _answers())


def _times(doctor_id: UUID, answers: Answers, refusal: Refusal | None = None) -> ResponseReturnValue:
    chosen = local(answers.time).date().isoformat() if answers.time else None
    first = first_day(request.values.get("from") or chosen, today())
    doctor = services().appointments.doctor(str(doctor_id))
    free = services().appointments.free_times(str(doctor_id), first, first + timedelta(days=6))
    week = week_of(free, request.values.get("day") or chosen, today())
    return page(
        "booking/times.html", form=answers, refusal=refusal, doctor=doctor, week=week, next_free=free.next_available
    )


@pages.route("/<uuid:doctor_id>/reason", methods=["GET", "POST"])
@session.only("patient")
def reason(doctor_id: UUID) -> ResponseReturnValue:
    """Say why, if the patient likes."""
    answers = _answers()
    if answers.time is None:
        answers.start.errors = ["Choose a time."]
        return _times(doctor_id, answers)
    if not answers.attempt.data:
        answers.attempt.data = secrets.token_urlsafe(16)
    return page("booking/reason.html", form=answers, doctor=services().appointments.doctor(str(doctor_id)))


@pages.post("/<uuid:doctor_id>/check")
@session.only("patient")
def check(doctor_id: UUID) -> ResponseReturnValue:
    """Take the answers to the page that shows them, one that Back and Reload can open again."""
    answers = Answers()
    if answers.time is None:
        answers.start.errors = ["Choose a time."]
        return _times(doctor_id, answers)
    if not answers.validate():
        return page("booking/reason.html", form=answers, doctor=services().appointments.doctor(str(doctor_id)))
    onward = make_response(redirect(url_for(".review", doctor_id=doctor_id), 303))
    draft = {"doctor": str(doctor_id), "answers": dict(answers.carried)}
    return onward if kept.put(onward, kept.BOOKING, draft) else _review(doctor_id, answers)


@pages.get("/<uuid:doctor_id>/check")
@session.only("patient")
def review(doctor_id: UUID) -> ResponseReturnValue:
    """Everything on one page before it is booked; the times, for somebody who has answered nothing yet."""
    draft = kept.get(kept.BOOKING)
    if draft is None or draft["doctor"] != str(doctor_id):
        return redirect(url_for(".times", doctor_id=doctor_id), 303)
    return _review(doctor_id, Answers(data=draft["answers"]))


def _review(doctor_id: UUID, answers: Answers) -> ResponseReturnValue:
    doctor = services().appointments.doctor(str(doctor_id))
    return page("booking/check.html", form=answers, doctor=doctor, other=None)


@pages.post("/<uuid:doctor_id>/confirm")
@session.only("patient")
def confirm(doctor_id: UUID) -> ResponseReturnValue:
    """Book it. The same form sent twice leads to the same appointment."""
    answers = Answers()
    if answers.time is None or not answers.validate():
        return check(doctor_id)
    try:
        booked = services().appointments.book(
            str(doctor_id), answers.start.data, answers.notes.data, answers.key(doctor_id)
        )
    except (Conflict, Invalid, Unavailable) as refusal:
        return _refused(doctor_id, answers, refusal)
    return redirect(url_for("appointments.booked", appointment_id=booked.id), 303)


def _refused(doctor_id: UUID, answers: Answers, refusal: Refusal) -> ResponseReturnValue:
    """Not booked: say why, keep every answer, and offer what helps."""
    if refusal.status == 422:
        return _times(doctor_id, answers, refusal)
    doctor = services().appointments.doctor(str(doctor_id))
    if refusal.code == "slot-taken":
        free = [Slot.model_validate(slot) for slot in refusal.extras.get("alternatives", [])]
        return page("booking/taken.html", form=answers, doctor=doctor, free=free, status=409)
    return page("booking/check.html", form=answers, doctor=doctor, refusal=refusal, other=_in_the_way(refusal))


def _in_the_way(refusal: Refusal) -> tuple[str, str] | None:
    """The patient's own appointments that stand against this one: what to call them, and where they are."""
    if refusal.code == "patient-busy" and "appointment_id" in refusal.extras:
        url = url_for("appointments.one", appointment_id=refusal.extras["appointment_id"])
        return "your other appointment", url
    return ("your appointments", url_for("appointments.index")) if refusal.code == "limit-reached" else None


@pages.get("/<uuid:doctor_id>/confirm")
@session.only("patient")
def begin_again(doctor_id: UUID) -> ResponseReturnValue:
    """Nothing is booked by opening an address."""
    return redirect(url_for(".review", doctor_id=doctor_id), 303)
