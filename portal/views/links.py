"""Links that come by mail: a forgotten password, and a new e-mail address. Opening one shows a page; a button acts."""

from contextlib import suppress

from flask import Blueprint, flash, redirect, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue

from chassis.errors import Conflict, Invalid, Refusal
from portal import session
from portal.api import services
from portal.forms import AtMost, Form, Line, NewPassword, Required, an_email
from portal.pages import page

pages = Blueprint("links", __name__)


class Forgotten(Form):
    """Which account."""

    email = Line("E-mail", [Required("Enter your e-mail address."), AtMost(254, "An e-mail address"), an_email])


class Reset(Form):
    """A password to sign in with from now on."""

    new_password = NewPassword()


@pages.route("/forgotten-password", methods=["GET", "POST"])
@session.public
def forgotten() -> ResponseReturnValue:
    """Ask for a link. Whether there is such an account shows nowhere."""
    form = Forgotten()
    if not form.validate_on_submit():
        return page("links/forgotten.html", form=form)
    try:
        services().auth.forgotten_password(form.email.data)
    except Refusal as refusal:
        return page("links/forgotten.html", form=form, refusal=refusal)
    return redirect(url_for(".sent"), 303)


@pages.get("/forgotten-password/sent")
@session.public
def sent() -> ResponseReturnValue:
    """What to do now, the same for every address."""
    return page("links/sent.html")


@pages.get("/reset-password")
@session.public
def ask_reset() -> ResponseReturnValue:
    """The page a mailed link leads to."""
    if "token" in request.args:
        return _without_token("password")
    return page("links/reset.html", form=Reset()) if _link("password") else _over("password")


@pages.post("/reset-password")
@session.public
def reset() -> ResponseReturnValue:
    """Take the new password."""
    form, link = Reset(), _link("password")
    if not link:
        return _over("password")
    if not form.validate_on_submit():
        return page("links/reset.html", form=form)
    try:
        services().auth.reset_password(link, form.new_password.data)
    except Conflict:
        return _over("password")
    except Invalid as refusal:
        return _not_this_one(form, refusal)
    except Refusal as refusal:
        return page("links/reset.html", form=form, refusal=refusal)
    session.sign_out()
    flash("Your new password is saved. You were signed out everywhere: sign in with it now.")
    return redirect(url_for("accounts.sign_in"), 303)


@pages.get("/confirm-email")
@session.public
def ask_confirm() -> ResponseReturnValue:
    """The page a mailed link leads to."""
    if "token" in request.args:
        return _without_token("email")
    return page("links/confirm_email.html") if _link("email") else _over("email")


@pages.post("/confirm-email")
@session.public
def confirm() -> ResponseReturnValue:
    """Use the new address from now on."""
    link = _link("email")
    if not link:
        return _over("email")
    try:
        email = services().auth.confirm_email(link)
    except (Conflict, Invalid) as refusal:
        return _over("email", taken=refusal.code == "email-taken")
    except Refusal as refusal:
        return page("links/confirm_email.html", refusal=refusal)
    cookie.pop("link-email", None)
    flash(f"{email} is confirmed. You sign in with it from now on.")
    if session.person() is None:
        return redirect(url_for("accounts.sign_in"), 303)
    with suppress(Refusal):
        session.update(services().auth.me())
    return redirect(url_for("account.index"), 303)


def _without_token(purpose: str) -> ResponseReturnValue:
    """The same page at an address that may be seen, kept and sent on: the token moves into the cookie."""
    cookie[f"link-{purpose}"] = request.args["token"][:200]
    return redirect(request.path, 303)


def _link(purpose: str) -> str:
    return str(cookie.get(f"link-{purpose}", ""))


def _over(purpose: str, *, taken: bool = False) -> ResponseReturnValue:
    cookie.pop(f"link-{purpose}", None)
    return page("links/over.html", status=409, purpose=purpose, taken=taken)


def _not_this_one(form: Reset, refusal: Invalid) -> ResponseReturnValue:
    """Either the service does not like the password, or the link is none at all."""
    about_password = [error for error in refusal.errors if error.pointer == "/password"]
    if not about_password:
        return _over("password")
    form.new_password.errors = [error.message for error in about_password]
    return page("links/reset.html", form=form)
