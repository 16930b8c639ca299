"""Proving once more that it is you: what asks for the password or a code again, and what is said when it is wrong."""

from typing import Any

from flask.typing import ResponseReturnValue

from chassis.errors import Refusal
from portal.forms import AtMost, Form, Line, Password, Required
from portal.pages import page

DOES_NOT_FIT = "That code does not fit. Codes change every 30 seconds and work once: enter the one the app shows now."
NOT_YOURS = "That is not your password. Check it, then try again."


class Proof(Form):
    """The password of the person who is signed in. Forms with more to fill come from this one."""

    password = Password("Your password")


class CodeProof(Form):
    """A code of the person who is signed in: of the authenticator, or a recovery code."""

    code = Line("Code", [Required("Enter the code."), AtMost(40, "A code")])


def again(template: str, form: Proof | CodeProof, refusal: Refusal, **context: Any) -> ResponseReturnValue:
    """The page again after a refusal. A wrong proof stands at its field; a sign-in that has ended goes its way."""
    if refusal.code == "invalid-credentials":
        field, wrong = (form.password, NOT_YOURS) if isinstance(form, Proof) else (form.code, DOES_NOT_FIT)
        field.errors = [wrong]
        return page(template, form=form, **context)
    if refusal.status == 401:
        raise refusal
    return page(template, form=form, refusal=refusal, **context)
