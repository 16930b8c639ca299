"""The signed-in person's own details."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from portal.pages import page

pages = Blueprint("account", __name__)


@pages.get("/account")
def index() -> ResponseReturnValue:
    """Own details."""
    return page("account/index.html")
