"""What a doctor keeps of a patient from the page of a visit: allergies asked, recorded, confirmed, refuted."""

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from chassis.errors import Conflict, Refusal
from portal import allergies, known, session
from portal.allergies import AllergyForm
from portal.api import services
from portal.api.appointments import Appointment
from portal.forms import AtMost, Form, Line, Required, plain_characters
from portal.pages import page

pages = Blueprint("known", __name__, url_prefix="/appointments/<uuid:appointment_id>")

Pairs = list[tuple[str, str]]


class WhyForm(Form):
    """Why an allergy on record does not count."""

    reason = Line("Reason", [Required("Write the reason."), AtMost(200, "The reason"), plain_characters])


@pages.post("/known")
@session.only("doctor")
def state(appointment_id: UUID) -> ResponseReturnValue:
    """One press on the card: nobody has allergies to name, or what the patient reported is so."""
    visit = services().appointments.one(str(appointment_id))
    step, _, which = request.form.get("action", "").partition(":")
    if step == "allergy":
        return redirect(url_for("known.allergy", appointment_id=appointment_id), 303)
    if step == "refute":
        return redirect(url_for("known.refute", appointment_id=appointment_id, allergy_id=which), 303)
    try:
        flash(known.state(visit, step, which), "success")
    except Conflict as refusal:
        flash(refusal.detail, "error")
    return redirect(url_for("appointments.one", appointment_id=visit.id), 303)


@pages.route("/allergies", methods=["GET", "POST"])
@session.only("doctor")
def allergy(appointment_id: UUID) -> ResponseReturnValue:
    """Record an allergy from the page of the visit."""
    visit = services().appointments.one(str(appointment_id))
    form = AllergyForm()
    if not form.validate_on_submit() or not record(visit, form):
        return ask(visit, form)
    return redirect(url_for("appointments.one", appointment_id=visit.id), 303)


@pages.route("/allergies/<uuid:allergy_id>/refute", methods=["GET", "POST"])
@session.only("doctor")
def refute(appointment_id: UUID, allergy_id: UUID) -> ResponseReturnValue:
    """Refute an allergy, with the reason. It stays on record."""
    visit = services().appointments.one(str(appointment_id))
    form = WhyForm()
    refusal: Refusal | None = None
    if form.validate_on_submit():
        try:
            refuted = services().patients.end_allergy(str(allergy_id), "refute", form.reason.data)
            flash(f"Refuted: allergy to {refuted.label}. It stays on record.", "success")
            return redirect(url_for("appointments.one", appointment_id=visit.id), 303)
        except Refusal as refused:
            refusal = refused
    return page("known/refute.html", form=form, visit=visit, refusal=refusal)


def record(visit: Appointment, form: AllergyForm) -> bool:
    """Record what the form says, if it is clear what that is. Raises `Refusal`."""
    meant = form.meant
    if meant is None:
        return False
    services().patients.open_visit(visit.id)
    form.record(visit.patient_id, *meant)
    flash(f"Recorded: allergy to {form.what.data}.", "success")
    return True


def ask(visit: Appointment, form: AllergyForm, carried: Pairs | None = None, to: str = "") -> ResponseReturnValue:
    """The page that asks for an allergy. `carried` is the prescription that is being written meanwhile, at `to`."""
    choices = allergies.options(form.what.data) if form.what.data and not form.errors else []
    form.asked.data = form.what.data
    groups = list(allergies.classes().values())
    shown: dict[str, Any] = {"choices": choices, "carried": carried, "groups": groups, "to": to}
    return page("known/allergy.html", form=form, visit=visit, **shown)
