"""Prescriptions: those a patient holds, and those a doctor wrote."""

from uuid import UUID

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from portal import history, session
from portal.api import services
from portal.api.prescriptions import Prescription
from portal.outages import part
from portal.pages import page
from portal.steps import possible

pages = Blueprint("prescriptions", __name__, url_prefix="/prescriptions")

PER_PAGE = 10


@pages.get("")
@session.only("patient", "doctor")
def index() -> ResponseReturnValue:
    """The person's prescriptions, newest first, a page at a time."""
    cursor = request.args.get("cursor")
    found = services().prescriptions.listed(limit=PER_PAGE, cursor=cursor)
    return page("prescriptions/index.html", items=found.items, next_cursor=found.next_cursor, first=not cursor)


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
