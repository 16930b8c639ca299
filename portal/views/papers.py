"""A prescription on paper: the page a browser prints, and the same as a PDF."""

from typing import Any
from uuid import UUID

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from chassis import clock
from portal import paper_lines, paper_patient, patient_sheet, pdf, session
from portal.api import services
from portal.api.prescriptions import Prescription
from portal.clinic import clinic
from portal.dates import stamp_words, today
from portal.pages import page
from portal.paper_proof import proof
from portal.phrases import ENGLISH, LANGUAGES
from portal.sheets import PAPERS, Paper, allergies_below, in_words, sheets

pages = Blueprint("papers", __name__, url_prefix="/prescriptions/<uuid:prescription_id>")


@pages.get("/print")
@session.only("patient", "doctor")
def paper(prescription_id: UUID) -> ResponseReturnValue:
    """The prescription on paper: A5, or A4 by choice."""
    return page("prescriptions/print.html", **_drawn(prescription_id, _size()))


@pages.get("/pdf")
@session.only("patient", "doctor")
def file(prescription_id: UUID) -> ResponseReturnValue:
    """The same as a file. It counts as a copy, as paper does."""
    engine = pdf.engine() or abort(404)
    return pdf.answer(engine, render_template("prescriptions/print.html", **_drawn(prescription_id, _size())))


@pages.get("/sheet")
@session.only("patient", "doctor")
def sheet(prescription_id: UUID) -> ResponseReturnValue:
    """The patient's own sheet, in one of the languages there are phrases for."""
    phrases = LANGUAGES.get(request.args.get("language", ENGLISH.tag)) or abort(404)
    prescription = services().prescriptions.one(str(prescription_id))
    shown: dict[str, Any] = {"lines": patient_sheet.lines(prescription, phrases), "parts": patient_sheet.PARTS}
    shown |= {"patient": paper_patient.name(prescription)}
    say = patient_sheet.Speaker(phrases)
    return page("prescriptions/sheet.html", prescription=prescription, say=say, languages=LANGUAGES, **shown)


def _size() -> Paper:
    """The paper that was chosen; one that is none is not found."""
    return PAPERS.get(request.args.get("size", "a5").lower()) or abort(404)


def _drawn(prescription_id: UUID, chosen: Paper) -> dict[str, Any]:
    """All that stands on it. Reading it for paper counts a copy."""
    prescription = services().prescriptions.one(str(prescription_id), "print")
    checked = proof(prescription)
    copy = f"Copy {prescription.copy_number}, printed {stamp_words(clock.now())} by {session.me().name}"
    return {
        "prescription": prescription,
        "paper": chosen,
        **_patient(prescription, chosen),
        "sheets": sheets(prescription, chosen, [copy, *([checked.words] if checked else [])]),
        "allergies": paper_lines.allergies(prescription.coverage),
        "allergies_below": allergies_below(prescription, chosen),
        "copy": copy,
        "watermark": _replaced(prescription) or paper_lines.watermark(prescription, today()),
        "signable": prescription.status not in paper_lines.UNSIGNABLE,
        "by_hand": paper_lines.by_hand(prescription),
        "micro": paper_lines.micro(clinic().name, prescription.number),
        "proof": checked,
        "count": in_words(len(prescription.medicines)),
    }


def _patient(prescription: Prescription, chosen: Paper) -> dict[str, Any]:
    """Who it is for, in words."""
    return {
        "patient": paper_patient.name(prescription),
        "small_name": paper_patient.small(prescription, chosen.width),
        "address": paper_patient.address(prescription),
        "facts": paper_patient.facts(prescription),
    }


def _replaced(prescription: Prescription) -> str | None:
    """Which newer paper counts. Whoever may see the old one may see that too: it is of the same patient and doctor."""
    if prescription.replaced_by_id is None or prescription.status not in {"cancelled", "stopped"}:
        return None
    return f"REPLACED BY No. {services().prescriptions.one(prescription.replaced_by_id).number}"
