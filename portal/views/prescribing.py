"""Writing a prescription: write, check, sign. What is typed travels in the form itself, so that no page loses it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from chassis.errors import Conflict, IdempotencyMismatch, Invalid, Refusal, Unavailable
from portal import known, session
from portal.allergies import AllergyForm
from portal.answers import answer_form, sent
from portal.api import services
from portal.api.appointments import Appointment
from portal.how_often import SUGGESTED
from portal.pages import page
from portal.prescription_form import MOST, PrescriptionForm, aimed, answers, blank_row
from portal.views.known import ask, record

pages = Blueprint("prescribing", __name__, url_prefix="/appointments")

Step = Callable[[Appointment, PrescriptionForm, str], ResponseReturnValue]


class VisitCancelled(Conflict):
    """409: the visit was cancelled while the doctor was writing, or before."""

    code, title = "visit-cancelled", "Appointment cancelled"
    detail = "This appointment was cancelled, so no prescription can be issued for it. Nothing was issued."


class NotConfirmed(Refusal):
    """503: no answer to the signature. It may have arrived, and signing again is safe."""

    status = 503
    code, title = "not-confirmed", "Not confirmed"
    detail = (
        "Prescriptions are not available right now, so we could not confirm that it was issued. Everything you wrote "
        "is still here. Sign again in a minute: signing twice never issues a second prescription."
    )


class SignedBefore(Refusal):
    """409: this form was signed before, with other words."""

    status = 409
    code, title = "signed-before", "Signed before"
    detail = (
        "A prescription was already issued from this form, with other words. Look at it in the appointment first. "
        "If you sign now, the patient gets a second prescription."
    )


@pages.route("/<uuid:appointment_id>/prescribe", methods=["GET", "POST"])
@session.only("doctor")
def write(appointment_id: UUID) -> ResponseReturnValue:
    """One address for all steps. The pressed button says which: review, change, sign, add or `remove:<row key>`."""
    visit = services().appointments.one(str(appointment_id))
    form = PrescriptionForm()
    if not form.is_submitted():
        return _form(visit, form) if visit.status == "booked" else _cancelled(visit)
    step, _, row = request.form.get("action", "review").partition(":")
    return STEPS.get(step, _review)(visit, form, row)


def _form(
    visit: Appointment, form: PrescriptionForm, focus: str | None = None, refusal: Refusal | None = None
) -> ResponseReturnValue:
    form.settle()
    shown: dict[str, Any] = {"focus": focus, "most": MOST, "blank": blank_row(), "known": known.of(visit)}
    shown["how_often"] = SUGGESTED
    return page("prescriptions/write.html", form=form, visit=visit, refusal=refusal, answers=answers(), **shown)


def _check(
    visit: Appointment, form: PrescriptionForm, refusal: Refusal | None = None, *, signing: bool = False
) -> ResponseReturnValue:
    """The page before the signature. The checks run each time it is shown: what they know may have changed."""
    try:
        checked = services().signing.check(visit.id, form.notes.data, form.sent)
    except Invalid as refused:
        return _form(visit, form, refusal=aimed(refused))
    except Unavailable as out:
        if not isinstance(refusal, NotConfirmed):
            return _form(visit, form, refusal=out)
        checked = None
    asked = answer_form(checked.alerts if checked else [])
    answered = not signing or asked.validate()
    shown: dict[str, Any] = {"closed": isinstance(refusal, VisitCancelled), "known": known.of(visit)}
    shown |= {"checked": checked, "written": form, "kept": answers() if checked is None else []}
    shown["refusal"] = refusal if answered else None
    return page("prescriptions/check.html", form=asked, visit=visit, **shown)


def _cancelled(visit: Appointment) -> ResponseReturnValue:
    flash(VisitCancelled.detail, "error")
    return redirect(url_for("appointments.one", appointment_id=visit.id), 303)


def _add(visit: Appointment, form: PrescriptionForm, row: str) -> ResponseReturnValue:
    return _form(visit, form, focus=form.add())


def _remove(visit: Appointment, form: PrescriptionForm, row: str) -> ResponseReturnValue:
    return _form(visit, form, focus=form.remove(row))


def _find(visit: Appointment, form: PrescriptionForm, key: str) -> ResponseReturnValue:
    """Find a medicine, or take the one that was chosen."""
    row = form.row(key)
    return _form(visit, form, focus=str((row.strength if row.formulary_id.data else row.name).id) if row else None)


def _in_words(visit: Appointment, form: PrescriptionForm, key: str) -> ResponseReturnValue:
    """Write this one in the doctor's own words; its name stays."""
    row = form.row(key)
    if row:
        row.find_again()
        row.kind.data = "words"
    return _form(visit, form, focus=str(row.name.id) if row else None)


def _find_again(visit: Appointment, form: PrescriptionForm, key: str) -> ResponseReturnValue:
    row = form.row(key)
    if row:
        row.find_again()
    return _form(visit, form, focus=str(row.name.id) if row else None)


def _change(visit: Appointment, form: PrescriptionForm, row: str) -> ResponseReturnValue:
    return _form(visit, form)


def _again(visit: Appointment, form: PrescriptionForm) -> ResponseReturnValue:
    """The page that a button of the card was pressed on."""
    return _review(visit, form, "") if request.form.get("page") == "check" else _form(visit, form)


def _keep(visit: Appointment, form: PrescriptionForm, which: str) -> ResponseReturnValue:
    """What the card's buttons say of the patient, in the middle of writing."""
    step = request.form["action"].partition(":")[0]
    try:
        flash(known.state(visit, step, which), "success")
    except Conflict as refusal:
        flash(refusal.detail, "error")
    return _again(visit, form)


def _ask_allergy(visit: Appointment, form: PrescriptionForm, row: str) -> ResponseReturnValue:
    return ask(visit, AllergyForm(), _carried(form))


def _record_allergy(visit: Appointment, form: PrescriptionForm, row: str) -> ResponseReturnValue:
    asked = AllergyForm()
    if not asked.validate() or not record(visit, asked):
        return ask(visit, asked, _carried(form))
    return _again(visit, form)


def _carried(form: PrescriptionForm) -> list[tuple[str, str]]:
    return [("page", request.form.get("page", "write")), *answers(), *form.carried]


def _review(visit: Appointment, form: PrescriptionForm, row: str) -> ResponseReturnValue:
    form.settle()
    if not form.validate():
        return _form(visit, form)
    return _check(visit, form, VisitCancelled() if visit.status != "booked" else None)


def _sign(visit: Appointment, form: PrescriptionForm, row: str) -> ResponseReturnValue:
    form.settle()
    if not form.validate() or visit.status != "booked":
        return _review(visit, form, row)
    try:
        issued = services().signing.sign(visit.id, form.notes.data, form.sent, sent(), form.attempt.data)
    except Unavailable:
        return _check(visit, form, NotConfirmed())
    except IdempotencyMismatch:
        form.begin_again()
        return _check(visit, form, SignedBefore())
    except Invalid:
        return _check(visit, form, signing=True)
    except Conflict as refusal:
        cancelled = refusal.code == "appointment-cancelled"
        return _check(visit, form, VisitCancelled() if cancelled else refusal, signing=not cancelled)
    flash(Markup('Signed and issued. Its number is <span class="nowrap">{}</span>.').format(issued.number))
    return redirect(url_for("prescriptions.one", prescription_id=issued.id), 303)


STEPS: dict[str, Step] = {
    "add": _add,
    "remove": _remove,
    "find": _find,
    "again": _find_again,
    "words": _in_words,
    "change": _change,
    "review": _review,
    "sign": _sign,
    "none-known": _keep,
    "confirm": _keep,
    "allergy": _ask_allergy,
    "record-allergy": _record_allergy,
}
