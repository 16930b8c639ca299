"""Assembly of the portal."""

from pathlib import Path

from flask import Flask
from flask_wtf import CSRFProtect

from chassis import web
from portal import clinic, dates, errors, idle, own_visits, pages, pdf, security, session, states, views
from portal.api import Services
from portal.settings import PortalSettings

ROOT = Path(__file__).parent.parent


def create_app(settings: PortalSettings | None = None) -> Flask:
    """The portal, with settings from the environment unless they are given."""
    settings = settings or PortalSettings.from_environment()
    app = Flask("portal", template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "static"))
    app.secret_key = settings.portal_secret_key
    web.prepare(app, "portal", settings)
    app.extensions["services"] = Services.at(settings)
    security.init_app(app)
    for told in (clinic, idle):
        told.init_app(app, settings)
    for part in (session, dates, pages, errors, states, own_visits, pdf, views.medicines):
        part.init_app(app)
    csrf = CSRFProtect(app)
    views.register(app)
    csrf.exempt(views.idle.pages)
    return app
