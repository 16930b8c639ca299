"""The second step of signing in: a code of the authenticator, or a recovery code."""

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from chassis.errors import Invalid, Refusal, Unauthenticated
from portal import challenge, session
from portal.api import services
from portal.challenge import Challenge
from portal.pages import page
from portal.proving import DOES_NOT_FIT, CodeProof

pages = Blueprint("second_step", __name__)

TOO_LATE = "That took a little too long. To keep your account safe, start again with your password."
WRONG = {
    False: DOES_NOT_FIT,
    True: "That recovery code does not fit. Each works once: check it letter by letter, or take the next one.",
}


@pages.route("/sign-in/code", methods=["GET", "POST"])
@session.public
def ask() -> ResponseReturnValue:
    """Ask for the code, and let the person in."""
    waiting = challenge.under_way()
    if waiting is None:
        return _too_late()
    form, recovery = CodeProof(), request.values.get("with") == "recovery"
    if not form.validate_on_submit():
        return _form(form, recovery)
    try:
        session.sign_in(services().auth.second_step(waiting.token, form.code.data))
    except (Unauthenticated, Invalid) as refusal:
        return _refused(form, refusal, waiting, recovery)
    except Refusal as refusal:
        return _form(form, recovery, refusal)
    if recovery:
        flash("You are in. That recovery code is used up: take the next one another time.")
    return redirect(waiting.after, 303)


def _form(form: CodeProof, recovery: bool, refusal: Refusal | None = None) -> ResponseReturnValue:
    return page("accounts/code.html", form=form, refusal=refusal, recovery=recovery)


def _refused(form: CodeProof, refusal: Refusal, waiting: Challenge, recovery: bool) -> ResponseReturnValue:
    if refusal.code == "challenge-expired":
        return _too_late(waiting.after)
    form.code.errors = [WRONG[recovery]]
    return _form(form, recovery)


def _too_late(after: str = "/") -> ResponseReturnValue:
    challenge.end()
    flash(TOO_LATE, "info")
    return redirect(url_for("accounts.sign_in", next=None if after == "/" else after), 303)
