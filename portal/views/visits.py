"""A visit as its doctor sees it, and the steps through which the doctor takes it."""

import re
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import HiddenField
from wtforms.validators import ValidationError

from chassis.errors import Conflict, Invalid, Refusal, Unavailable
from portal import known, session, visit_words
from portal.api import services
from portal.api.appointments import Appointment
from portal.dates import today
from portal.day import waiting
from portal.forms import AtMost, Choice, Form, Text, plain_characters
from portal.outages import part
from portal.pages import page
from portal.visit_steps import QUESTIONS, STEPS, every

pages = Blueprint("visits", __name__, url_prefix="/visits/<uuid:visit_id>")

STEP, QUESTION = ("/<any({}):name>".format(", ".join(f"'{name}'" for name in some)) for some in (STEPS, QUESTIONS))
REASONS = [
    ("patient", "The patient asked for it", None),
    ("clinic", "We cannot keep it", "Somebody is ill, an emergency, the room"),
    ("weather", "The weather", None),
    ("died", "The patient has died", "No letter is sent"),
    ("other", "Another reason", "Say which below"),
]
SHORTEST = 5
REFUSED = frozenset({409, 412, 422})


class SeenForm(Form):
    """Something that needs no reason, done to a visit of the version that was seen."""

    version = HiddenField()

    @property
    def why(self) -> dict[str, str]:
        """What the service is told."""
        return {"code": "left-unseen"}


class WhyForm(SeenForm):
    """Something that needs words."""

    reason = Text("Why?", [AtMost(500, "The reason"), plain_characters])

    def validate_reason(self, field: Text) -> None:
        """Words that say something."""
        if len(field.data) < SHORTEST:
            raise ValidationError(f"Write why, in at least {SHORTEST} characters.")

    @property
    def why(self) -> dict[str, str]:
        """What the service is told."""
        return {"reason": self.reason.data}


class CancelForm(SeenForm):
    """Why a visit is cancelled."""

    code = Choice("Why is it cancelled?")
    reason = Text("In your words", [AtMost(500, "The reason"), plain_characters])

    def validate_code(self, field: Choice) -> None:
        """It has no default: the patient is told."""
        if field.data not in {code for code, _, _ in REASONS}:
            raise ValidationError("Choose a reason.")

    def validate_reason(self, field: Text) -> None:
        """Another reason needs words."""
        if self.code.data == "other" and not field.data:
            raise ValidationError("Write the reason.")

    @property
    def why(self) -> dict[str, str]:
        """What the service is told."""
        return {"code": self.code.data, "reason": self.reason.data}


FORMS = {"cancel": CancelForm, "left-unseen": SeenForm, "reopen": WhyForm}


@pages.post(STEP)
@session.only("doctor")
def step(visit_id: UUID, name: str) -> ResponseReturnValue:
    """Take a step. Pressing twice is pressing once; what is not possible any more is said in words."""
    try:
        visit = services().visits.take(str(visit_id), name, seen_version())
    except Refusal as refusal:
        if refusal.status not in REFUSED:
            raise
        flash(visit_words.refused(refusal), "error")
        return _back(services().appointments.one(str(visit_id)), refused=True)
    if not _from_day():
        flash(STEPS[name].done.format(name=visit.patient_name), "success")
    return _back(visit)


@pages.route(QUESTION, methods=["GET", "POST"])
@session.only("doctor")
def ask(visit_id: UUID, name: str) -> ResponseReturnValue:
    """What is not taken back by a press is asked first: cancel, left without being seen, open again."""
    visit, question = services().appointments.one(str(visit_id)), QUESTIONS[name]
    form, refusal = FORMS[name](data={"version": str(visit.version)}), None
    if form.validate_on_submit():
        try:
            services().visits.take(visit.id, question.step, seen_version(), **form.why)
            flash(question.done.format(name=visit.patient_name), "success")
            return to_visit(visit)
        except (Conflict, Invalid, Unavailable) as refused:
            refusal = refused
    elif not form.is_submitted() and not question.fits(visit):
        return to_visit(visit)
    return page("doctor/ask.html", form=form, visit=visit, question=question, reasons=REASONS, refusal=refusal)


def visit_page(visit: Appointment) -> ResponseReturnValue:
    """An appointment as its doctor sees it: who, when, why, what became of it, and what was prescribed."""
    prescriptions = part(lambda: services().prescriptions.listed(appointment_id=visit.id, limit=50))
    history = part(lambda: services().visits.history(visit.id))
    asked = [question for question in QUESTIONS.values() if question.fits(visit)]
    shown: dict[str, Any] = {
        "steps": every(visit),
        "questions": asked,
        "history": history,
        "prescriptions": prescriptions,
    }
    words: dict[str, Any] = {"waiting": waiting(visit), "told": visit_words.told, "by": visit_words.by}
    return page("doctor/appointment.html", visit=visit, known=known.of(visit), **shown, **words)


def to_visit(visit: Appointment) -> ResponseReturnValue:
    """On to the page of a visit."""
    return redirect(url_for("appointments.one", appointment_id=visit.id), 303)


def seen_version() -> str | None:
    """The version of the visit that the page showed on which something was pressed."""
    version = request.form.get("version", "")
    return version if re.fullmatch(r"\d{1,9}", version, re.ASCII) else None


def _from_day() -> bool:
    return request.form.get("back") == "day"


def _back(visit: Appointment, *, refused: bool = False) -> ResponseReturnValue:
    """Back to where the button was: the visit's place in its day, where a refusal stands on top; or its own page."""
    if not _from_day():
        return to_visit(visit)
    day = None if visit.local_date == today() else visit.local_date
    return redirect(url_for("doctor.today", date=day, _anchor=None if refused else f"visit-{visit.id}"), 303)
