"""The directory: which doctors there are. Open to everybody."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from portal import session
from portal.api import services
from portal.pages import page

pages = Blueprint("directory", __name__)


@pages.get("/doctors")
@session.public
def index() -> ResponseReturnValue:
    """All doctors, with what they do and where."""
    return page("directory/index.html", doctors=services().appointments.doctors(request.args.get("cursor")))
