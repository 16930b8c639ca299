"""Assembles the auth service."""

from apiflask import APIFlask

from auth_service import access_tokens, commands, signing_keys
from auth_service.models import db
from auth_service.settings import AuthSettings
from auth_service.views import me, signing_in
from chassis.service import build


def create_app(settings: AuthSettings | None = None) -> APIFlask:
    """The auth service as a WSGI application."""
    settings = settings or AuthSettings.from_environment()
    blueprints = [signing_in.bp, me.bp]
    check = access_tokens.still_valid
    app = build("auth", __package__, settings, db, blueprints, signing_keys.public_key, check_person=check)
    app.config["AUTH_SECRET_KEY"] = settings.secret_key
    commands.register(app, settings)
    return app
