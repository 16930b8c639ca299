"""What a patient takes and is allergic to, as they see it, report it and show it to others."""

from typing import cast
from uuid import UUID

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from chassis.errors import Conflict, Invalid, Refusal
from portal import dates, session
from portal.allergies import AllergyForm, class_of, classes
from portal.api import services
from portal.forms import AtMost, Form, Line, Required, plain_characters
from portal.medicine_fields import a_name
from portal.pages import page
from portal.people import Person

pages = Blueprint("health", __name__)


class ReportForm(Form):
    """A medicine from elsewhere, in the patient's words."""

    name = Line(
        "Medicine",
        [Required("Enter the name of the medicine."), AtMost(120, "The name"), plain_characters, a_name],
    )
    dosage = Line("How you take it", [AtMost(200, "This"), plain_characters])


def _own_id() -> str:
    return cast(Person, session.person()).id


@pages.route("/my-medicines", methods=["GET", "POST"])
@session.only("patient")
def medicines() -> ResponseReturnValue:
    """What one takes now, to show or print; and reporting what comes from elsewhere."""
    form = ReportForm()
    refusal: Refusal | None = None
    if form.validate_on_submit():
        try:
            services().patients.report_medicine(_own_id(), form.name.data, form.dosage.data)
            flash(f"Added: {form.name.data}.", "success")
            return redirect(url_for("health.medicines"), 303)
        except Invalid as refused:
            refusal = refused
    taken = services().patients.taken(_own_id())
    known = services().patients.allergies(_own_id())
    return page("health/medicines.html", form=form, refusal=refusal, taken=taken, known=known, on=dates.today())


@pages.post("/my-medicines/<uuid:report_id>/end")
@session.only("patient")
def end(report_id: UUID) -> ResponseReturnValue:
    """Say that one takes a reported medicine no longer."""
    try:
        flash(f"Taken off: {services().patients.end_medicine(str(report_id)).name}.", "success")
    except Conflict as refusal:
        flash(refusal.detail, "error")
    return redirect(url_for("health.medicines"), 303)


@pages.route("/my-allergies", methods=["GET", "POST"])
@session.only("patient")
def allergies() -> ResponseReturnValue:
    """One's allergies, and reporting one. It counts at once, and a doctor confirms it."""
    form = AllergyForm()
    refusal: Refusal | None = None
    if request.form.get("action") == "none-known":
        return _none_known()
    if form.validate_on_submit():
        try:
            _report(form)
            flash(f"Reported: allergy to {form.what.data}. Your doctors see it from now on.", "success")
            return redirect(url_for("health.allergies"), 303)
        except Invalid as refused:
            refusal = refused
    known = services().patients.allergies(_own_id())
    groups = list(classes().values())
    return page("health/allergies.html", form=form, refusal=refusal, known=known, groups=groups)


def _none_known() -> ResponseReturnValue:
    try:
        services().patients.none_known(_own_id())
        flash("Recorded: you know of no allergies.", "success")
    except Conflict as refusal:
        flash(refusal.detail, "error")
    return redirect(url_for("health.allergies"), 303)


def _report(form: AllergyForm) -> None:
    """As a group where the word is one, as a substance where the list has it, else in the patient's words."""
    group = class_of(form.what.data)
    if group:
        form.record(_own_id(), "class", group)
        return
    try:
        form.record(_own_id(), "ingredient", form.what.data.lower())
    except Invalid:
        form.record(_own_id(), "text", form.what.data)
