"""Repeats: a patient asks for a prescription once more, its doctor renews it or says why not, and sees what is due."""

from uuid import UUID

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import HiddenField

from chassis.errors import Conflict, Invalid, Refusal, Unavailable
from portal import session
from portal.api import services
from portal.forms import AtMost, Form, Line, Text, plain_characters
from portal.medicine_fields import own_key
from portal.pages import page

pages = Blueprint("repeats", __name__)

PER_PAGE = 20
REPEATABLE = frozenset({"active", "completed"})
"""States from which one may be asked for again."""


class AskForm(Form):
    """What the patient says with it, and the key that makes asking twice the same as once."""

    attempt = HiddenField(filters=[own_key])
    note = Text("Anything your doctor should know", [AtMost(240, "This"), plain_characters])


class DeclineForm(Form):
    """Why not. The patient reads it."""

    attempt = HiddenField(filters=[own_key])
    reason = Line("Reason", [AtMost(200, "The reason"), plain_characters])

    def validate_reason(self, field: Line) -> None:
        """Words that say something."""
        if len(field.data or "") < 5:
            field.errors = [*field.errors, "Write the reason, in at least 5 characters."]


@pages.route("/prescriptions/<uuid:prescription_id>/repeat", methods=["GET", "POST"])
@session.only("patient")
def ask(prescription_id: UUID) -> ResponseReturnValue:
    """Ask the doctor for it once more."""
    prescription = services().prescriptions.one(str(prescription_id))
    form = AskForm()
    refusal: Refusal | None = None
    if form.validate_on_submit():
        try:
            services().repeats.ask(prescription.id, form.note.data, form.attempt.data)
            flash(f"Your doctor has your request. {prescription.doctor_name} answers here.", "success")
            return _to(prescription.id)
        except Conflict as conflict:
            flash(conflict.detail, "info")
            return _to(prescription.id)
        except (Invalid, Unavailable) as refused:
            refusal = refused
    elif not form.is_submitted() and prescription.status not in REPEATABLE:
        return _to(prescription.id)
    return page("repeats/ask.html", form=form, refusal=refusal, prescription=prescription)


@pages.get("/repeat-requests")
@session.only("doctor")
def requests() -> ResponseReturnValue:
    """What patients ask for: those that wait, or those that were answered."""
    answered, cursor = request.args.get("show") == "all", request.args.get("cursor")
    found = services().repeats.listed(limit=PER_PAGE, cursor=cursor, status=None if answered else "open")
    return page("repeats/requests.html", items=found.items, cursor=found.next_cursor, first=not cursor, all=answered)


@pages.post("/repeat-requests/<uuid:request_id>/approve")
@session.only("doctor")
def approve(request_id: UUID) -> ResponseReturnValue:
    """Go on to the draft of the renewal: the request is approved when that is signed."""
    try:
        draft = services().repeats.approve(str(request_id), own_key(request.form.get("attempt")))
    except Conflict as conflict:
        flash(conflict.detail, "info")
        return redirect(url_for("repeats.requests"), 303)
    return redirect(url_for("drafts.write", draft_id=draft.id), 303)


@pages.route("/repeat-requests/<uuid:request_id>/decline", methods=["GET", "POST"])
@session.only("doctor")
def decline(request_id: UUID) -> ResponseReturnValue:
    """Say no, and why."""
    asked = services().repeats.one(str(request_id))
    form = DeclineForm()
    refusal: Refusal | None = None
    if form.validate_on_submit():
        try:
            services().repeats.decline(asked.id, form.reason.data, form.attempt.data)
            flash(f"Declined. {asked.patient_name} reads your reason.", "success")
            return redirect(url_for("repeats.requests"), 303)
        except Conflict as conflict:
            flash(conflict.detail, "info")
            return redirect(url_for("repeats.requests"), 303)
        except (Invalid, Unavailable) as refused:
            refusal = refused
    elif asked.status != "open":
        flash("This request has been answered already.", "info")
        return redirect(url_for("repeats.requests"), 303)
    return page("repeats/decline.html", form=form, refusal=refusal, asked=asked)


@pages.get("/due")
@session.only("doctor")
def due() -> ResponseReturnValue:
    """What runs out soon and whose review has come, the earliest first."""
    cursor = request.args.get("cursor")
    found = services().repeats.due(limit=PER_PAGE, cursor=cursor)
    return page("repeats/due.html", items=found.items, cursor=found.next_cursor, first=not cursor)


def _to(prescription_id: str) -> ResponseReturnValue:
    return redirect(url_for("prescriptions.one", prescription_id=prescription_id), 303)
