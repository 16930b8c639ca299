"""The doctor's day and visits."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from portal import session
from portal.pages import page

pages = Blueprint("doctor", __name__)


@pages.get("/today")
@session.only("doctor")
def today() -> ResponseReturnValue:
    """The day's visits."""
    return page("doctor/today.html")
