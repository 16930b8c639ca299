"""Where a person is signed in, and signing out elsewhere."""

from uuid import UUID

from flask import Blueprint, flash, make_response, redirect, url_for
from flask.typing import ResponseReturnValue

from chassis.errors import NotFound
from portal import kept, session
from portal.api import services
from portal.devices import device
from portal.pages import page

pages = Blueprint("sign_ins", __name__, url_prefix="/account/sign-ins")


@pages.get("")
def index() -> ResponseReturnValue:
    """All of them, this one first."""
    found = services().account.sign_ins().items
    return page("sign_ins/index.html", items=sorted(found, key=lambda one: not one.current), device=device)


@pages.post("/<uuid:sign_in_id>/end")
def end(sign_in_id: UUID) -> ResponseReturnValue:
    """End one of them. One that has ended already is what was wanted."""
    try:
        services().account.end_sign_in(str(sign_in_id))
    except NotFound:
        flash("That device was signed out already.", "info")
    else:
        flash("That device is signed out.")
    return redirect(url_for(".index"), 303)


@pages.get("/end-all")
def ask_end_all() -> ResponseReturnValue:
    """Make sure that it is meant."""
    return page("sign_ins/end_all.html")


@pages.post("/end-all")
def end_all() -> ResponseReturnValue:
    """Sign out everywhere, here too."""
    services().account.end_all_sign_ins()
    session.sign_out()
    flash("You are signed out everywhere.")
    answer = make_response(redirect(url_for("accounts.sign_in"), 303))
    kept.forget(answer, kept.FORM, kept.BOOKING)
    return answer
