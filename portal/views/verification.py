"""The check of a paper prescription, for whoever holds it: no account, no cookie, and never a word of what is on it.

The QR code carries its secret behind a `#`, which browsers send to nobody; the page's script takes it from there. The
answer to a code that is not ours is always the same page.
"""

from decimal import Decimal, InvalidOperation

from flask import Blueprint, Response, request
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from wtforms import Field, HiddenField
from wtforms import Form as PlainForm
from wtforms.validators import ValidationError

from chassis.errors import Refusal, TooManyRequests
from portal import session
from portal.api import services
from portal.api.verification import Verdict, Verification
from portal.forms import Line, Required
from portal.pages import page

pages = Blueprint("verification", __name__, url_prefix="/v")

LONGEST = 200
STATES = {
    "active": ("Open", "good", "It may be supplied."),
    "on-hold": ("On hold", "past", "Do not supply it now. Call the clinic."),
    "completed": ("Supplied in full", "past", "There is nothing left to supply."),
    "cancelled": ("Cancelled", "past", "Do not supply it."),
    "stopped": ("Stopped", "past", "The treatment was ended. Do not supply it."),
    "replaced": ("Replaced", "past", "There is a newer prescription. Ask for that paper."),
    "expired": ("Expired", "past", "Its last day is over."),
    "entered-in-error": ("Entered in error", "past", "Do not supply it."),
}
"""A state as it is shown, and what it means for whoever holds the paper."""
COMPARED = {
    "matches": "It matches what was signed.",
    "differs": "It does not match what was signed, or this medicine has no quantity in figures. Call the clinic.",
    "no-more": "This was compared five times today, which is all there is in a day. Call the clinic.",
}


class Typed(PlainForm):  # type: ignore[misc]
    """A code as it is printed; without a form token, as nobody is signed in and nothing is changed."""

    code = Line("Code on the paper")


class Amount(PlainForm):  # type: ignore[misc]
    """A quantity as the paper says it."""

    code = HiddenField()
    position = Line("Number of the medicine", [Required("Enter the number in front of the medicine.")])
    quantity = Line("Quantity in figures", [Required("Enter the quantity as the paper says it.")])

    def validate_position(self, field: Field) -> None:
        """One of ten."""
        if field.data not in {str(number) for number in range(1, 11)}:
            raise ValidationError("Enter a number from 1 to 10.")

    def validate_quantity(self, field: Field) -> None:
        """A plain number: `1,000` and `1.000` are read in two ways."""
        if self.figures is None:
            raise ValidationError("Enter figures without commas, like 21 or 2.5.")

    @property
    def figures(self) -> int | float | None:
        """The quantity as a number."""
        typed = self.quantity.data or ""
        try:
            number = Decimal(typed) if typed.isascii() and typed.replace(".", "").isdigit() else Decimal(0)
        except InvalidOperation:
            return None
        if not Decimal("0.001") <= number <= 10_000 or number != round(number, 3):
            return None
        return int(number) if number == int(number) else float(number)


@pages.record_once
def _without_form_token(state: BlueprintSetupState) -> None:
    """A form token would need a cookie."""
    state.app.extensions["csrf"].exempt(pages)


@pages.after_request
def _tell_nobody(response: Response) -> Response:
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


@pages.get("")
@session.public
def index() -> ResponseReturnValue:
    """Where a code is typed. The script sends the one from the QR code."""
    return _ask()


@pages.post("")
@session.public
def look_up() -> ResponseReturnValue:
    """What is told of a code."""
    code = request.form.get("code", "")
    try:
        found = _verification().look_up(code[:LONGEST])
    except TooManyRequests as refusal:
        return _ask(refusal)
    return _genuine(found, Amount(data={"code": code})) if found.result == "genuine" else _none()


@pages.post("/quantity")
@session.public
def compare() -> ResponseReturnValue:
    """Whether one quantity is what was signed."""
    form = Amount(request.form)
    code = (form.code.data or "")[:LONGEST]
    try:
        found = _verification().look_up(code)
        if found.result != "genuine":
            return _none()
        if not form.validate():
            return _genuine(found, form)
        answer = _verification().compare(code, int(form.position.data), form.figures or 0)
    except TooManyRequests as refusal:
        return _ask(refusal)
    return _genuine(found, form, answer.result)


def _verification() -> Verification:
    return Verification(services().prescriptions.client)


def _ask(refusal: Refusal | None = None) -> ResponseReturnValue:
    return page("verification/index.html", form=Typed(), refusal=refusal, unknown=False)


def _none() -> ResponseReturnValue:
    return page("verification/index.html", form=Typed(), unknown=True)


def _genuine(found: Verdict, form: Amount, compared: str | None = None) -> ResponseReturnValue:
    label, tone, means = STATES.get(found.state or "", (str(found.state), "past", "Call the clinic."))
    said = COMPARED.get(compared or "")
    return page(
        "verification/genuine.html",
        form=form,
        found=found,
        label=label,
        tone=tone,
        means=means,
        compared=compared,
        said=said,
    )
