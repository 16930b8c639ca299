"""Assembles the prescription service."""

from datetime import timedelta

from apiflask import APIFlask

from chassis import audit_views
from chassis.client import ServiceClient
from chassis.keys import KeySet
from chassis.revocations import Revocations
from chassis.service import build
from prescription_service import clocks, commands, verification
from prescription_service.demographics import Registry
from prescription_service.models import audit, db
from prescription_service.seal import Seal
from prescription_service.settings import PrescriptionSettings
from prescription_service.views import drafts, fhir, life, medicines, patients, prescriptions, repeats, templates
from prescription_service.views import verification as verification_views


def create_app(
    settings: PrescriptionSettings | None = None,
    auth: ServiceClient | None = None,
    appointments: ServiceClient | None = None,
) -> APIFlask:
    """The prescription service as a WSGI application; `auth` and `appointments` are its neighbours."""
    settings = settings or PrescriptionSettings.from_environment()
    auth = auth or ServiceClient("auth", settings.auth_url, timeout=KeySet.TIMEOUT)
    keys, revocations = KeySet(auth), Revocations(auth)
    about_patients = [prescriptions.bp, drafts.bp, life.bp, medicines.bp, patients.bp, repeats.bp]
    blueprints = [*about_patients, templates.bp, fhir.bp, verification_views.bp, audit_views.blueprint(audit)]
    app = build("prescription", __package__, settings, db, blueprints, keys.find, revocations.check)
    revocations.keep_fresh(app, keys)
    app.extensions["appointments"] = appointments or ServiceClient("appointment", settings.appointment_url)
    app.extensions["registry"] = Registry(auth, settings.service_key)
    app.extensions["watch"].add(clocks.follow(app, auth, settings.zone))
    app.extensions["verification"] = verification.Keys.of(settings.secret_key)
    app.extensions["signing_freshness"] = timedelta(minutes=settings.signing_freshness_minutes)
    app.extensions["seal"] = Seal(settings.secret_key)
    commands.register(app)
    return app
