"""Assembles the appointment service."""

from apiflask import APIFlask

from appointment_service import backlog, commands
from appointment_service.calendar_feeds import Owners
from appointment_service.clinic import Clinic, KnownClinic
from appointment_service.clocks import ClinicClocks
from appointment_service.in_step import InStep
from appointment_service.models import audit, db
from appointment_service.settings import AppointmentSettings
from appointment_service.views import (
    appointments,
    calendar,
    doctors,
    fhir,
    figures,
    holidays,
    life,
    messages,
    overview,
    schedules,
    slots,
    visit_types,
    waiting_list,
)
from chassis import audit_views, metrics
from chassis.client import ServiceClient
from chassis.keys import KeySet
from chassis.revocations import Revocations
from chassis.service import build


def create_app(settings: AppointmentSettings | None = None, auth: ServiceClient | None = None) -> APIFlask:
    """The appointment service as a WSGI application; `auth` is where the keys of tokens come from."""
    settings = settings or AppointmentSettings.from_environment()
    auth = auth or ServiceClient("auth", settings.auth_url, timeout=KeySet.TIMEOUT)
    keys, revocations = KeySet(auth), Revocations(auth)
    plans = (doctors, schedules, holidays, visit_types, slots)
    areas = (*plans, appointments, calendar, life, messages, waiting_list, overview, figures, fhir)
    blueprints = [*[area.bp for area in areas], audit_views.blueprint(audit)]
    app = build("appointment", __package__, settings, db, blueprints, keys.find, revocations.check)
    revocations.keep_fresh(app, keys)
    app.extensions["clocks"] = clocks = ClinicClocks(settings.zone)
    app.extensions["clinic"] = clinic = KnownClinic(Clinic.of(settings))
    app.extensions["in_step"] = in_step = InStep(auth, clocks, clinic)
    app.extensions["owners"] = Owners(auth, settings.service_key)
    app.extensions["watch"].add(in_step.follow)
    app.extensions["figures"].append(metrics.Computed(backlog.figures, app.app_context))
    commands.register(app, settings)
    return app
