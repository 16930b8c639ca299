"""Assembles the auth service."""

from apiflask import APIFlask

from auth_service import access_tokens, commands, mail, signing_keys
from auth_service.afterwards import Afterwards
from auth_service.models import audit, db
from auth_service.settings import AuthSettings
from auth_service.views import (
    clinic,
    contacts,
    credentials,
    demographics,
    me,
    people,
    second_factor,
    sessions,
    signing_in,
    tokens,
)
from chassis import audit_views
from chassis.mail import carrier
from chassis.service import build


def create_app(settings: AuthSettings | None = None) -> APIFlask:
    """The auth service as a WSGI application."""
    settings = settings or AuthSettings.from_environment()
    blueprints = [signing_in.bp, tokens.bp, me.bp, credentials.bp, second_factor.bp, sessions.bp, people.bp, clinic.bp]
    blueprints += [contacts.bp, demographics.bp, audit_views.blueprint(audit)]
    check, key = access_tokens.still_valid, settings.service_key
    app = build("auth", __package__, settings, db, blueprints, signing_keys.public_key, check, key)
    app.extensions["settings"] = settings
    app.config["AUTH_SECRET_KEY"] = settings.secret_key
    app.config["CLINIC_COUNTRY"] = settings.clinic_country
    app.extensions["afterwards"] = afterwards = Afterwards(app.app_context)
    letters = carrier(settings.mail_url, settings.mail_directory)
    app.extensions["mail"] = mail.Mail(settings.mail_from, letters, settings.portal_url, afterwards)
    app.extensions["watch"].add(signing_keys.drop_dead, every=60)
    second_factor.insist(app)
    commands.register(app, settings)
    return app
