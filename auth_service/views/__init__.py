"""The auth service over HTTP."""

from flask import current_app

from auth_service.mail import Mail
from chassis.cursor import Cursors


def secret() -> str:
    """The one secret of this service."""
    found: str = current_app.config["AUTH_SECRET_KEY"]
    return found


def cursors() -> Cursors:
    """The cursors of this service."""
    found: Cursors = current_app.extensions["cursors"]
    return found


def mail() -> Mail:
    """How this service sends mail."""
    found: Mail = current_app.extensions["mail"]
    return found
