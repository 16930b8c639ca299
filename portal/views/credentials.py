"""What a person signs in with: password and e-mail address."""

from contextlib import suppress

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue

from chassis.errors import Refusal, Unavailable
from portal import session
from portal.api import services
from portal.forms import AtMost, Line, NewPassword, Password, Required, an_email
from portal.pages import page
from portal.proving import Proof, again

pages = Blueprint("credentials", __name__, url_prefix="/account")


class ChangePassword(Proof):
    """The password now, and the one to come."""

    password = Password("Your password now", "Enter the password you have now.")
    new_password = NewPassword()


class ChangeEmail(Proof):
    """Another address."""

    email = Line("New e-mail", [Required("Enter the new address."), AtMost(254, "An e-mail address"), an_email])
    password = Password("Your password")


@pages.route("/password", methods=["GET", "POST"])
def password() -> ResponseReturnValue:
    """Change the password; everywhere else one is signed out."""
    form = ChangePassword()
    if not form.validate_on_submit():
        return page("account/password.html", form=form)
    try:
        services().account.change_password(form.password.data, form.new_password.data)
    except Refusal as refusal:
        return again("account/password.html", form, refusal)
    with suppress(Unavailable):
        session.renew()
    flash("Your new password is saved. You are signed out everywhere else.")
    return redirect(url_for("account.index"), 303)


@pages.route("/email", methods=["GET", "POST"])
def email() -> ResponseReturnValue:
    """Have a link sent to another address. The old one holds until the link is opened."""
    form = ChangeEmail()
    if not form.validate_on_submit():
        return page("account/email.html", form=form)
    try:
        services().account.change_email(form.email.data, form.password.data)
    except Refusal as refusal:
        return again("account/email.html", form, refusal)
    flash(f"We have sent a link to {form.email.data}. Open it within 24 hours. Until then, nothing changes.", "info")
    return redirect(url_for("account.index"), 303)
