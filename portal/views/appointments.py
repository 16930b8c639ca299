"""A patient's appointments."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from portal import session
from portal.pages import page

pages = Blueprint("appointments", __name__)


@pages.get("/appointments")
@session.only("patient")
def index() -> ResponseReturnValue:
    """The patient's appointments."""
    return page("appointments/index.html")
