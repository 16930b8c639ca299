"""What becomes of a signed prescription: each step asks first, says what it will do, and takes its reason."""

from uuid import UUID

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from wtforms import Form as PlainForm
from wtforms import HiddenField
from wtforms.validators import ValidationError

from chassis.errors import Conflict, Invalid, Refusal, Unavailable
from portal import session
from portal.api import services
from portal.api.prescriptions import Prescription
from portal.forms import AtMost, Form, Line, Pick, plain_characters
from portal.medicine_fields import own_key
from portal.pages import page
from portal.steps import REASONS, STEPS, Step

pages = Blueprint("life", __name__, url_prefix="/prescriptions")

PATH = "/<uuid:prescription_id>/<any({steps}):name>".format(steps=", ".join(f"'{name}'" for name in STEPS))


class StepForm(Form):
    """Why, and the key that makes pressing twice the same as once. What is asked for hangs on the step."""

    attempt = HiddenField(filters=[own_key])
    reason_code = Pick("Reason", [("", "Choose"), *REASONS.items()])
    reason = Line("Reason", [AtMost(200, "The reason"), plain_characters])

    def fit(self, step: Step) -> None:
        """Ask for what this step needs, and for nothing else."""
        self.step = step
        if step.reason == "code":
            self.reason.label.text = "In your words"
        else:
            del self.reason_code
        if step.reason == "none":
            del self.reason

    def validate_reason_code(self, field: Pick) -> None:
        """It has no default: what is wrong with a medicine is never guessed."""
        if not field.data:
            raise ValidationError("Choose a reason.")

    def validate_reason(self, field: Line) -> None:
        """Words that say something, where words are the reason."""
        if len(field.data or "") < self.step.shortest:
            raise ValidationError(f"Write the reason, in at least {self.step.shortest} characters.")


@pages.route(PATH, methods=["GET", "POST"])
@session.only("doctor")
def step(prescription_id: UUID, name: str) -> ResponseReturnValue:
    """Say what will happen, before it does; then do it, or say why not."""
    prescription, asked = services().prescriptions.one(str(prescription_id)), STEPS[name]
    form, refusal = StepForm(), None
    form.fit(asked)
    if form.validate_on_submit():
        try:
            return _take(prescription, asked, form)
        except Conflict as conflict:
            flash(conflict.detail, "error")
            return _back(prescription)
        except (Invalid, Unavailable) as refused:
            refusal = refused
    elif not form.is_submitted() and not asked.fits(prescription):
        return _back(prescription)
    return _ask(prescription, asked, form, refusal)


def _ask(prescription: Prescription, asked: Step, form: PlainForm, refusal: Refusal | None) -> ResponseReturnValue:
    return page("prescriptions/step.html", prescription=prescription, step=asked, form=form, refusal=refusal)


def _take(prescription: Prescription, asked: Step, form: StepForm) -> ResponseReturnValue:
    life, key = services().life, form.attempt.data
    if asked.begins_draft:
        draft = life.begin(prescription.id, asked.name, key)
        return redirect(url_for("drafts.write", draft_id=draft.id), 303)
    code = form.reason_code.data if asked.reason == "code" else ""
    life.take(prescription.id, asked.name, code, form.reason.data, key)
    flash(asked.done, "success")
    return _back(prescription)


def _back(prescription: Prescription) -> ResponseReturnValue:
    return redirect(url_for("prescriptions.one", prescription_id=prescription.id), 303)
