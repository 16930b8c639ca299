"""Booking the next visit of a patient of the own list: a free time, or beside hours and others on purpose."""

import hashlib
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import HiddenField
from wtforms.validators import ValidationError

from chassis.errors import Conflict, Invalid, Refusal, Unavailable
from portal import session, staff_times, visit_words
from portal.api import services
from portal.api.appointments import Appointment
from portal.dates import moment_words
from portal.days import clock_time, day_of
from portal.forms import AtMost, Choice, Form, Line, Pick, Text, plain_characters
from portal.medicine_fields import own_key
from portal.pages import page
from portal.patient_list import of_patient

pages = Blueprint("follow_up", __name__, url_prefix="/patients/<uuid:patient_id>")

SHORTEST = 5


class BookingForm(Form):
    """A kind of visit, and what it is about. `attempt` makes pressing twice the same as once."""

    visit_type_id = Pick("Kind of visit", [])
    notes = Text("What is it about?", [AtMost(2000, "This text"), plain_characters])
    attempt = HiddenField(filters=[own_key])

    def offer(self, kinds: list[tuple[str, str]]) -> None:
        """Offer these kinds of visit; the first one, where none is chosen."""
        self.visit_type_id.options = kinds
        self.visit_type_id.data = self.visit_type_id.data or (kinds[0][0] if kinds else "")

    def key(self, patient_id: UUID, start: str) -> str:
        """The same answers of the same attempt are the same booking."""
        answers = [self.attempt.data, str(patient_id), start, self.visit_type_id.data or "", self.notes.data or ""]
        return hashlib.sha256("\n".join(answers).encode()).hexdigest()


class FollowUpForm(BookingForm):
    """A free time."""

    start = Choice("Time")

    def validate_start(self, field: Choice) -> None:
        """One of the times on the page."""
        if staff_times.instant(field.data) is None:
            raise ValidationError("Choose a time.")


class OverbookForm(BookingForm):
    """Any minute, with the reason."""

    day = Line("Day")
    time = Line("Time")
    reason = Line("Why beside the other appointments?", [AtMost(200, "The reason"), plain_characters])

    def validate_day(self, field: Line) -> None:
        """A real day."""
        if day_of(field.data) is None:
            raise ValidationError("Enter a real date, for example 2027-03-10.")

    def validate_time(self, field: Line) -> None:
        """A time of day."""
        if clock_time(field.data) is None:
            raise ValidationError("Enter a time of day, for example 10:45.")

    def validate_reason(self, field: Line) -> None:
        """Words that say something."""
        if len(field.data) < SHORTEST:
            raise ValidationError(f"Write why, in at least {SHORTEST} characters.")

    @property
    def wall_time(self) -> str:
        """The time as the clinic's wall shows it."""
        return f"{self.day.data}T{clock_time(self.time.data)}:00"


@pages.get("/book")
@session.only("doctor")
def times(patient_id: UUID) -> ResponseReturnValue:
    """The doctor's own times for a kind of visit, free and not free."""
    form = FollowUpForm(formdata=None, data={"visit_type_id": request.args.get("visit_type_id", "")})
    return _times(patient_id, form)


@pages.post("/book")
@session.only("doctor")
def book(patient_id: UUID) -> ResponseReturnValue:
    """Book it."""
    form = FollowUpForm()
    form.offer(_kinds())
    if not form.validate_on_submit():
        return _times(patient_id, form)
    try:
        booked = _book(patient_id, form, form.start.data)
    except (Conflict, Invalid, Unavailable) as refusal:
        return _times(patient_id, form, refusal)
    return _done(booked)


@pages.route("/overbook", methods=["GET", "POST"])
@session.only("doctor")
def overbook(patient_id: UUID) -> ResponseReturnValue:
    """Any minute, beside hours and other appointments, on purpose and with a reason."""
    form, refusal = OverbookForm(data={"day": request.args.get("day", "")}), None
    form.offer(_kinds())
    if form.validate_on_submit():
        try:
            return _done(_book(patient_id, form, form.wall_time, overbook=form.reason.data))
        except (Conflict, Invalid, Unavailable) as refused:
            refusal = refused
    return page("doctor/overbook.html", form=form, patient=of_patient(patient_id), refusal=_said(refusal))


def _book(patient_id: UUID, form: BookingForm, start: str, **more: str) -> Appointment:
    given = {"visit_type_id": form.visit_type_id.data, "notes": form.notes.data, **more}
    return services().visits.book(str(patient_id), start, form.key(patient_id, start), **given)


def _done(booked: Appointment) -> ResponseReturnValue:
    words = f"Booked: {moment_words(booked.start)}. {booked.patient_name} gets a letter, where mail reaches them."
    flash(words, "success")
    return redirect(url_for("appointments.one", appointment_id=booked.id), 303)


def _times(patient_id: UUID, form: FollowUpForm, refusal: Refusal | None = None) -> ResponseReturnValue:
    patient, kinds = of_patient(patient_id), _kinds()
    form.offer(kinds)
    known = {value for value, _ in kinds}
    kind = form.visit_type_id.data if form.visit_type_id.data in known else kinds[0][0] if kinds else None
    found = staff_times.read(request.values, kind)
    shown: dict[str, Any] = {"patient": patient, "times": found, "kind": kind, "why_not": visit_words.why_not}
    return page("doctor/book.html", form=form, refusal=_said(refusal), **shown)


def _said(refusal: Refusal | None) -> Refusal | None:
    """The refusal in words for the doctor: it is the patient who is busy then."""
    if refusal is not None and refusal.code == "patient-busy":
        refusal.detail = visit_words.refused(refusal)
    return refusal


def _kinds() -> list[tuple[str, str]]:
    return [(one.id, f"{one.name}, {one.duration_min} min") for one in services().schedules.visit_types()]
