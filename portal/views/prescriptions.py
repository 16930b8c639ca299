"""Prescriptions: those a patient holds, those a doctor wrote, and the paper."""

from uuid import UUID

from flask import Blueprint, abort, request
from flask.typing import ResponseReturnValue

from chassis import clock
from portal import history, paper_lines, session
from portal.api import services
from portal.api.prescriptions import Prescription
from portal.dates import stamp_words, today
from portal.outages import part
from portal.pages import page
from portal.paper_proof import proof
from portal.sheets import PAPERS, allergies_below, in_words, sheets
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


@pages.get("/<uuid:prescription_id>/print")
@session.only("patient", "doctor")
def paper(prescription_id: UUID) -> ResponseReturnValue:
    """The prescription on paper: A5, or A4 by choice."""
    chosen = PAPERS.get(request.args.get("size", "a5").lower())
    if chosen is None:
        abort(404)
    prescription = services().prescriptions.one(str(prescription_id), "print")
    checked = proof(prescription)
    copy = f"Copy {prescription.copy_number}, printed {stamp_words(clock.now())} by {session.me().name}"
    return page(
        "prescriptions/print.html",
        prescription=prescription,
        paper=chosen,
        sheets=sheets(prescription, chosen, [copy, *([checked.words] if checked else [])]),
        allergies=paper_lines.allergies(prescription.coverage),
        allergies_below=allergies_below(prescription, chosen),
        copy=copy,
        watermark=_replaced(prescription) or paper_lines.watermark(prescription, today()),
        signable=prescription.status not in paper_lines.UNSIGNABLE,
        proof=checked,
        count=in_words(len(prescription.medicines)),
    )


def _replaced(prescription: Prescription) -> str | None:
    """Which newer paper counts. Whoever may see the old one may see that too: it is of the same patient and doctor."""
    if prescription.replaced_by_id is None or prescription.status not in {"cancelled", "stopped"}:
        return None
    return f"REPLACED BY No. {services().prescriptions.one(prescription.replaced_by_id).number}"
