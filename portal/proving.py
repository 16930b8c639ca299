"""Proving once more that it is you: what asks for the password again, and what is said when it is not the right one."""

from typing import Any

from flask.typing import ResponseReturnValue

from chassis.errors import Refusal
from portal.forms import Form, Password
from portal.pages import page

NOT_YOURS = "That is not your password. Check it, then try again."


class Proof(Form):
    """The password of the person who is signed in. Forms with more to fill come from this one."""

    password = Password("Your password")


def again(template: str, form: Proof, refusal: Refusal, **context: Any) -> ResponseReturnValue:
    """The page again after a refusal. A wrong password stands at its field; a sign-in that has ended goes its way."""
    if refusal.code == "invalid-credentials":
        form.password.errors = [NOT_YOURS]
        return page(template, form=form, **context)
    if refusal.status == 401:
        raise refusal
    return page(template, form=form, refusal=refusal, **context)
