"""Prescriptions: those a patient holds, those a doctor wrote."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from portal import session
from portal.pages import page

pages = Blueprint("prescriptions", __name__)


@pages.get("/prescriptions")
@session.only("patient", "doctor")
def index() -> ResponseReturnValue:
    """The person's prescriptions, newest first."""
    return page("prescriptions/index.html")
