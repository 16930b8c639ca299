"""The steps of writing a prescription: write, check, sign. What is typed travels in the form, so that no page loses it.

The pressed button says which step: review, change, save, sign, prove, add or `remove:<row key>`.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from chassis.errors import Conflict, IdempotencyMismatch, Invalid, Refusal, Unauthenticated, Unavailable
from portal import drafted, known
from portal.allergies import AllergyForm
from portal.answers import answer_form
from portal.api import services
from portal.api.prescriptions import Prescription
from portal.desk import ChangedMeanwhile, Desk, NotConfirmed, NothingListed, SignedBefore, VisitCancelled
from portal.how_often import SUGGESTED
from portal.outages import part
from portal.pages import page
from portal.prescription_form import MOST, PrescriptionForm, aimed, answers, blank_row
from portal.template_form import TemplateForm
from portal.views import signer
from portal.views.known import ask, record

Step = Callable[[Desk, PrescriptionForm, str], ResponseReturnValue]


def take(desk: Desk, form: PrescriptionForm) -> ResponseReturnValue:
    """The step that was pressed, or the form to begin with."""
    if not form.is_submitted():
        return show(desk, form) if desk.visit.takes_place else _cancelled(desk)
    step, _, row = request.form.get("action", "review").partition(":")
    try:
        return STEPS.get(step, _review)(desk, form, row)
    except ChangedMeanwhile as refusal:
        return show(desk, form, refusal=refusal)


def show(
    desk: Desk, form: PrescriptionForm, focus: str | None = None, refusal: Refusal | None = None
) -> ResponseReturnValue:
    """The form."""
    form.settle()
    shown: dict[str, Any] = {"focus": focus, "most": MOST, "blank": blank_row(), "known": known.of(desk.visit)}
    shown |= {"how_often": SUGGESTED, "answers": answers(), "desk": desk, "visit": desk.visit}
    shown["templates"] = part(services().templates.all).content or []
    shown["newer"] = refusal if isinstance(refusal, ChangedMeanwhile) else None
    return page("prescriptions/write.html", form=form, refusal=refusal, **shown)


def _check(
    desk: Desk, form: PrescriptionForm, refusal: Refusal | None = None, *, signing: bool = False
) -> ResponseReturnValue:
    """The page before the signature. The checks run each time it is shown: what they know may have changed."""
    try:
        checked = desk.check(form)
    except Invalid as refused:
        return show(desk, form, refusal=aimed(refused))
    except Unavailable as out:
        if not isinstance(refusal, NotConfirmed):
            return show(desk, form, refusal=out)
        checked = None
    asked = answer_form(checked.alerts if checked else [])
    answered = not signing or asked.validate()
    shown: dict[str, Any] = {"closed": isinstance(refusal, VisitCancelled), "known": known.of(desk.visit)}
    shown |= {"checked": checked, "written": form, "kept": answers() if checked is None else []}
    shown["refusal"] = refusal if answered else None
    return page("prescriptions/check.html", form=asked, desk=desk, visit=desk.visit, **shown)


def _cancelled(desk: Desk) -> ResponseReturnValue:
    flash(VisitCancelled.detail, "error")
    return redirect(url_for("appointments.one", appointment_id=desk.visit.id), 303)


def _add(desk: Desk, form: PrescriptionForm, row: str) -> ResponseReturnValue:
    return show(desk, form, focus=form.add())


def _remove(desk: Desk, form: PrescriptionForm, row: str) -> ResponseReturnValue:
    return show(desk, form, focus=form.remove(row))


def _find(desk: Desk, form: PrescriptionForm, key: str) -> ResponseReturnValue:
    """Find a medicine, or take the one that was chosen."""
    row = form.row(key)
    return show(desk, form, focus=str((row.strength if row.formulary_id.data else row.name).id) if row else None)


def _in_words(desk: Desk, form: PrescriptionForm, key: str) -> ResponseReturnValue:
    """Write this one in the doctor's own words; its name stays."""
    row = form.row(key)
    if row:
        row.find_again()
        row.kind.data = "words"
    return show(desk, form, focus=str(row.name.id) if row else None)


def _find_again(desk: Desk, form: PrescriptionForm, key: str) -> ResponseReturnValue:
    row = form.row(key)
    if row:
        row.find_again()
    return show(desk, form, focus=str(row.name.id) if row else None)


def _change(desk: Desk, form: PrescriptionForm, row: str) -> ResponseReturnValue:
    return show(desk, form)


def _again(desk: Desk, form: PrescriptionForm) -> ResponseReturnValue:
    """The page that a button of the card was pressed on."""
    return _review(desk, form, "") if request.form.get("page") == "check" else show(desk, form)


def _say(desk: Desk, form: PrescriptionForm, which: str) -> ResponseReturnValue:
    """What the card's buttons say of the patient, in the middle of writing."""
    step = request.form["action"].partition(":")[0]
    try:
        flash(known.state(desk.visit, step, which), "success")
    except Conflict as refusal:
        flash(refusal.detail, "error")
    return _again(desk, form)


def _ask_allergy(desk: Desk, form: PrescriptionForm, row: str) -> ResponseReturnValue:
    return ask(desk.visit, AllergyForm(), _carried(form), desk.url)


def _record_allergy(desk: Desk, form: PrescriptionForm, row: str) -> ResponseReturnValue:
    asked = AllergyForm()
    if not asked.validate() or not record(desk.visit, asked):
        return ask(desk.visit, asked, _carried(form), desk.url)
    return _again(desk, form)


def _carried(form: PrescriptionForm) -> list[tuple[str, str]]:
    return [("page", request.form.get("page", "write")), *answers(), *form.carried]


def _review(desk: Desk, form: PrescriptionForm, row: str) -> ResponseReturnValue:
    form.settle()
    if not form.validate():
        return show(desk, form)
    return _check(desk, form, None if desk.visit.takes_place else VisitCancelled())


def _save(desk: Desk, form: PrescriptionForm, row: str) -> ResponseReturnValue:
    """Keep it for later. Pressed twice, it is one draft."""
    form.settle()
    if not form.validate():
        return show(desk, form)
    try:
        kept = desk.keep(form)
    except Invalid as refused:
        return show(desk, form, refusal=aimed(refused))
    except (Unavailable, Conflict) as refusal:
        return show(desk, form, refusal=refusal)
    flash("Saved. You find it among your drafts, under Prescriptions.", "success")
    return redirect(url_for("drafts.write", draft_id=kept.id), 303)


def _use_template(desk: Desk, form: PrescriptionForm, row: str) -> ResponseReturnValue:
    """Fill rows from a template. The id comes from a list of one's own, so another one is none of them."""
    chosen = request.form.get("template", "")
    template = next((one for one in services().templates.all() if one.id == chosen), None)
    if template is None:
        return show(desk, form)
    focus = form.use([drafted.boxes(medicine.parts) for medicine in template.medicines], template.notes)
    flash(f"Filled from {template.name}. Look at every medicine before you sign.", "info")
    return show(desk, form, focus=focus)


def _name_template(desk: Desk, form: PrescriptionForm, row: str) -> ResponseReturnValue:
    """Ask for the name of a new template."""
    form.settle()
    if not form.validate():
        return show(desk, form)
    if not form.listed_rows:
        return show(desk, form, refusal=NothingListed())
    return _ask_name(desk, form, TemplateForm())


def _ask_name(
    desk: Desk, form: PrescriptionForm, named: TemplateForm, refusal: Refusal | None = None
) -> ResponseReturnValue:
    shown: dict[str, Any] = {"desk": desk, "written": form, "named": named.name, "carried": _carried(form)}
    return page("templates/keep.html", form=named, refusal=refusal, **shown)


def _keep_template(desk: Desk, form: PrescriptionForm, row: str) -> ResponseReturnValue:
    """Keep the medicines from the list, then go on writing."""
    named = TemplateForm()
    form.settle()
    if not form.validate() or not form.listed_rows:
        return _name_template(desk, form, row)
    if not named.validate():
        return _ask_name(desk, form, named)
    medicines = [one.sent for one in form.listed_rows]
    try:
        services().templates.keep(named.name.data, form.notes.data, medicines, named.key)
    except (Conflict, Unavailable, Invalid) as refusal:
        return _ask_name(desk, form, named, named.placed(refusal))
    flash(f"Kept as {named.name.data}. Go on with this prescription.", "success")
    return _again(desk, form)


def _prove(desk: Desk, form: PrescriptionForm, how: str) -> ResponseReturnValue:
    """Prove who signs, then sign."""
    form.settle()
    if not form.validate():
        return show(desk, form)
    refused = signer.take(desk, _carried(form), how)
    if refused is None:
        return _sign(desk, form, "")
    with suppress(Refusal):  # a second click brings a code that the first has used up, and hears what was signed
        if how == "code":
            return _issued(desk.sign(form))
    return refused


def _ask_proof(desk: Desk, form: PrescriptionForm, how: str) -> ResponseReturnValue:
    return signer.ask(desk, _carried(form), how)


def _sign(desk: Desk, form: PrescriptionForm, row: str) -> ResponseReturnValue:
    form.settle()
    if not form.validate() or not desk.visit.takes_place:
        return _review(desk, form, row)
    try:
        issued = desk.sign(form)
    except Unavailable:
        return _check(desk, form, NotConfirmed())
    except Unauthenticated as refusal:
        if refusal.code != signer.ASKED:
            raise
        return signer.ask(desk, _carried(form))
    except IdempotencyMismatch:
        form.begin_again()
        return _check(desk, form, SignedBefore())
    except Invalid:
        return _check(desk, form, signing=True)
    except Conflict as refusal:
        cancelled = refusal.code == "appointment-cancelled"
        return _check(desk, form, VisitCancelled() if cancelled else refusal, signing=not cancelled)
    return _issued(issued)


def _issued(issued: Prescription) -> ResponseReturnValue:
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
    "save": _save,
    "sign": _sign,
    "prove": _prove,
    "ask": _ask_proof,
    "use": _use_template,
    "template": _name_template,
    "keep-template": _keep_template,
    "none-known": _say,
    "confirm": _say,
    "allergy": _ask_allergy,
    "record-allergy": _record_allergy,
}
