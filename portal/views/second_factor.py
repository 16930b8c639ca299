"""The second step of signing in: setting it up, its recovery codes, and doing without it again."""

import segno
from flask import Blueprint, current_app, flash, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from chassis.errors import Conflict, Forbidden, Invalid, Refusal
from portal import kept, session
from portal.api import services
from portal.forms import AtMost, Form, Line, Required
from portal.pages import page
from portal.proving import Proof, again

pages = Blueprint("second_factor", __name__, url_prefix="/account/second-step")

WRONG = "That code does not fit. Enter the code the app shows now; the clock of your phone must be right."
ON_ALREADY = "The second step is on already. You have not kept the recovery codes? Make new ones here."
MUST_STAY = (
    "The clinic asks everybody with your work for a second step, so it stays on."
    " You have another phone? An administrator can remove the old one; then you set it up again."
)


class FirstCode(Form):
    """The proof that the authenticator has the secret."""

    code = Line("Code from the app", [Required("Enter the code the app shows."), AtMost(10, "A code")])


@pages.before_app_request
def first_things_first() -> ResponseReturnValue | None:
    """Somebody who must have a second step sets it up before anything else is opened."""
    somebody = session.person()
    if somebody is None or somebody.second_factor != "required" or request.blueprint == pages.name:
        return None
    view = current_app.view_functions.get(request.endpoint or "static")
    for_everybody = getattr(view, "access", None) == "public" or request.endpoint in {None, "static"}
    return None if for_everybody and request.endpoint != "home.index" else redirect(url_for("second_factor.index"))


@pages.get("")
def index() -> ResponseReturnValue:
    """Whether it is on, and what can be done about it."""
    return page("second_factor/index.html", form=Proof(formdata=None), factor=services().account.second_factor())


@pages.post("")
def begin() -> ResponseReturnValue:
    """Make a secret for an authenticator."""
    form, factor = Proof(), services().account.second_factor()
    if not form.validate_on_submit():
        return page("second_factor/index.html", form=form, factor=factor)
    try:
        made = services().account.begin_second_factor(form.password.data)
    except Refusal as refusal:
        return again("second_factor/index.html", form, refusal, factor=factor)
    answer = make_response(redirect(url_for(".ask_first_code"), 303))
    kept.put(answer, kept.AUTHENTICATOR, made.model_dump())
    return answer


@pages.get("/set-up")
def ask_first_code() -> ResponseReturnValue:
    """The secret, to scan or to type, and the field for the first code."""
    return _set_up(FirstCode(formdata=None))


@pages.post("/set-up")
def set_up() -> ResponseReturnValue:
    """Switch it on, and show the recovery codes."""
    form = FirstCode()
    if not form.validate_on_submit():
        return _set_up(form)
    try:
        made = services().account.confirm_second_factor(form.code.data)
    except Refusal as refusal:
        return _refused(form, refusal)
    session.renew()
    answer = make_response(page("second_factor/codes.html", codes=made.recovery_codes, new=True))
    kept.forget(answer, kept.AUTHENTICATOR)
    return answer


@pages.route("/recovery-codes", methods=["GET", "POST"])
def recovery_codes() -> ResponseReturnValue:
    """New recovery codes in place of the old ones."""
    form = Proof()
    if not form.validate_on_submit():
        return page("second_factor/recovery_codes.html", form=form)
    try:
        made = services().account.new_recovery_codes(form.password.data)
    except Refusal as refusal:
        return again("second_factor/recovery_codes.html", form, refusal)
    return page("second_factor/codes.html", codes=made.recovery_codes, new=False)


@pages.route("/remove", methods=["GET", "POST"])
def remove() -> ResponseReturnValue:
    """Sign in with the password alone again."""
    form = Proof()
    if not form.validate_on_submit():
        return page("second_factor/remove.html", form=form)
    try:
        services().account.remove_second_factor(form.password.data)
    except Forbidden as refusal:
        refusal.detail = MUST_STAY
        return again("second_factor/remove.html", form, refusal)
    except Refusal as refusal:
        return again("second_factor/remove.html", form, refusal)
    session.renew()
    flash("The second step is off. You sign in with your password alone.")
    return redirect(url_for("account.index"), 303)


def _refused(form: FirstCode, refusal: Refusal) -> ResponseReturnValue:
    if refusal.code == "second-factor-refused" or isinstance(refusal, Invalid):
        form.code.errors = [WRONG]
        return _set_up(form)
    if isinstance(refusal, Conflict):  # set up already, by an earlier click or in another window
        on = services().account.second_factor().state == "on"
        flash(ON_ALREADY if on else refusal.detail, "info")
        return redirect(url_for(".index"), 303)
    if refusal.status == 401:
        raise refusal
    return _set_up(form, refusal)


def _set_up(form: FirstCode, refusal: Refusal | None = None) -> ResponseReturnValue:
    secret = kept.get(kept.AUTHENTICATOR)
    if secret is None:
        return redirect(url_for(".index"), 303)
    picture = segno.make(secret["uri"], micro=False, error="m").svg_data_uri(border=4, dark="#15282c", light="#fff")
    return page("second_factor/set_up.html", form=form, refusal=refusal, picture=picture, **secret)
