"""Prescriptions: those a patient holds, and those a doctor wrote."""

from datetime import date
from uuid import UUID

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from wtforms import Form as PlainForm
from wtforms.validators import ValidationError

from chassis.errors import Invalid
from portal import history, session
from portal.api import services
from portal.api.prescriptions import Prescription
from portal.forms import AtMost, Line, Pick
from portal.outages import part
from portal.pages import page
from portal.states import STATES
from portal.steps import possible
from portal.views.repeats import REPEATABLE

pages = Blueprint("prescriptions", __name__, url_prefix="/prescriptions")

PER_PAGE = 10


def a_day(form: PlainForm, field: Line) -> None:
    """A date as the box of a browser sends it."""
    try:
        if field.data:
            date.fromisoformat(field.data)
    except ValueError as error:
        raise ValidationError("Enter a real date, for example 2027-03-10.") from error


class Filters(PlainForm):  # type: ignore[misc]
    """Which prescriptions to show, from the address."""

    q = Line("Medicine or number", [AtMost(100, "What you look for")])
    status = Pick("State", [("", "Any"), ("active", "Issued"), *((name, one.word) for name, one in STATES.items())])
    since = Line("Issued from", [a_day])
    until = Line("Issued to", [a_day])

    @property
    def asked(self) -> dict[str, str]:
        """As the prescription service takes it."""
        names = {"q": "q", "status": "status", "since": "from", "until": "to"}
        return {name: self[field].data for field, name in names.items() if self[field].data}

    @property
    def kept(self) -> dict[str, str]:
        """As the address of the next page carries it."""
        return {field.name: field.data for field in self if field.data}


@pages.get("")
@session.only("patient", "doctor")
def index() -> ResponseReturnValue:
    """The person's prescriptions, newest first, a page at a time; those that were looked for, if any were."""
    cursor, form = request.args.get("cursor"), Filters(request.args)
    if session.me().role == "doctor":
        form.q.label.text = "Patient, medicine or number"
    found, refusal = None, None
    if form.validate():
        try:
            found = services().prescriptions.listed(limit=PER_PAGE, cursor=cursor, **form.asked)
        except Invalid as refused:
            refusal = refused
    return page("prescriptions/index.html", form=form, refusal=refusal, found=found, first=not cursor)


@pages.get("/<uuid:prescription_id>")
@session.only("patient", "doctor")
def one(prescription_id: UUID) -> ResponseReturnValue:
    """One prescription, in plain words; for its prescriber with what can be done, for its patient with who saw it."""
    prescription = services().prescriptions.one(str(prescription_id))
    doctor = session.me().role == "doctor"
    return page(
        "prescriptions/one.html",
        prescription=prescription,
        related=_related(prescription),
        steps=possible(prescription) if doctor else [],
        looks=None if doctor else part(lambda: history.of_prescription(prescription.id)),
        asked=None if doctor else part(lambda: services().repeats.listed(prescription_id=prescription.id, limit=5)),
        repeatable=not doctor and prescription.status in REPEATABLE,
    )


def _related(prescription: Prescription) -> list[tuple[str, Prescription]]:
    """What it has replaced, renews, or was replaced by; whoever may see one of them may see the others."""
    links = {
        "Replaced by": prescription.replaced_by_id,
        "Replaces": prescription.replaces_id,
        "Renews": prescription.renews_id,
    }
    found = {words: _other(other) for words, other in links.items() if other}
    return [(words, other) for words, other in found.items() if other]


def _other(prescription_id: str) -> Prescription | None:
    return part(lambda: services().prescriptions.one(prescription_id)).content
