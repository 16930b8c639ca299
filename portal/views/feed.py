"""The private calendar address of a patient or doctor: make one, see when it was last used, end it."""

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue

from chassis.errors import Conflict, Unavailable
from portal import session
from portal.api import services
from portal.pages import page

pages = Blueprint("feed", __name__, url_prefix="/account/calendar")

ENDED = "The calendar address is ended. Calendars that used it get nothing new."


@pages.get("")
@session.only("patient", "doctor")
def index() -> ResponseReturnValue:
    """Whether there is one, since when, and when it was last read from."""
    return page("feed/index.html", feed=services().feed.now())


@pages.post("")
@session.only("patient", "doctor")
def make() -> ResponseReturnValue:
    """Make one and show it, this once. The one before ends."""
    try:
        made = services().feed.make()
    except (Conflict, Unavailable) as refusal:
        return page("feed/index.html", feed=services().feed.now(), refusal=refusal)
    return page("feed/made.html", made=made)


@pages.get("/end")
@session.only("patient", "doctor")
def ask_end() -> ResponseReturnValue:
    """Ask before ending it."""
    return page("feed/end.html")


@pages.post("/end")
@session.only("patient", "doctor")
def end() -> ResponseReturnValue:
    """End it, once or twice: the result is the same."""
    services().feed.end()
    flash(ENDED, "success")
    return redirect(url_for(".index"), 303)
