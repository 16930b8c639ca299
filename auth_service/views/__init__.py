"""The auth service over HTTP."""

from flask import current_app


def secret() -> str:
    """The one secret of this service."""
    found: str = current_app.config["AUTH_SECRET_KEY"]
    return found
