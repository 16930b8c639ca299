"""FHIR R4, read only: what doctors offer, which times there are, and one's own appointments, for other programs."""

from collections.abc import Sequence
from uuid import UUID

from apiflask import APIBlueprint

from appointment_service import (
    appointments,
    availability,
    doctors,
    fhir_appointment,
    fhir_schedule,
    grid,
    visit_types,
)
from appointment_service.models import Doctor, audit
from appointment_service.schemas.fhir import AppointmentsIn, SchedulesIn, SlotsIn
from appointment_service.views import cursors, today, zone
from appointment_service.views.slots import refuse_others
from chassis import fhir
from chassis.cursor import moment_and_id, moment_place
from chassis.docs import refuses
from chassis.errors import Forbidden, InvalidCursor, NotFound
from chassis.fhir_search import instants
from chassis.identity import allow, principal, public

bp = APIBlueprint("fhir", __name__, tag="FHIR")

SINCE = "2026-11-28"
OFFERED = {
    "Schedule": (("read", "search-type"), {"actor": "reference"}),
    "Slot": (
        ("search-type",),
        {"schedule": "reference", "actor": "reference", "start": "date", "status": "token", "service-type": "token"},
    ),
    "Appointment": (
        ("read", "search-type"),
        {"patient": "reference", "practitioner": "reference", "actor": "reference", "date": "date", "status": "token"},
    ),
}


def _patient(resource: fhir.Resource) -> UUID:
    return UUID(resource["participant"][0]["actor"]["reference"].removeprefix("Patient/"))


def _read(resource: fhir.Resource) -> list[tuple[UUID, UUID]]:
    return [(UUID(resource["id"]), _patient(resource))]


def _patients(bundle: fhir.Resource) -> list[tuple[None, UUID]]:
    return [(None, one) for one in dict.fromkeys(_patient(entry["resource"]) for entry in bundle.get("entry", []))]


@bp.get("/fhir/metadata")
@public
@fhir.output
def metadata() -> fhir.Resource:
    """Say what is offered, as a *CapabilityStatement*."""
    return fhir.capabilities("Appointment service", SINCE, OFFERED)


@bp.get("/fhir/Schedule/<id:doctor_id>")
@allow("patient", "doctor", "admin")
@refuses(doctors.DoctorNotFound)
@fhir.output
def read_schedule(doctor_id: UUID) -> fhir.Resource:
    """Read what a doctor of the directory offers as a *Schedule*, whose id is the doctor's."""
    return _schedules([doctors.listed(doctor_id)])[0]


@bp.get("/fhir/Schedule")
@allow("patient", "doctor", "admin")
@refuses(InvalidCursor)
@bp.input(SchedulesIn, location="query", arg_name="wanted")
@fhir.output
def search_schedules(wanted: SchedulesIn) -> fhir.Resource:
    """Search the schedules of the doctors of the directory, by name, as a *Bundle*."""
    found, cursor = cursors().page(
        "fhir-schedules",
        wanted,
        lambda limit, seen: doctors.directory(
            limit, UUID(seen[0]) if seen else None, [wanted.actor] if wanted.actor else None
        ),
        lambda last: [str(last.id)],
    )
    return fhir.searchset(_schedules(found), cursor)


@bp.get("/fhir/Slot")
@allow("patient", "doctor", "admin")
@refuses(InvalidCursor, doctors.DoctorNotFound, availability.RangeRefused, visit_types.VisitTypeNotFound)
@bp.input(SlotsIn, location="query", arg_name="wanted")
@fhir.output
def search_slots(wanted: SlotsIn) -> fhir.Resource:
    """Search the times of a doctor, by start, as a *Bundle*: for patients free ones, for staff all.

    A doctor sees only their own. As for `GET /slots`, neither notice nor horizon counts for staff.
    """
    refuse_others([wanted.doctor_id], everything=wanted.status not in {None, "free"})
    kind = visit_types.find(wanted.service_type or visit_types.standard())
    who = grid.asker(zone(), staff=principal().role != "patient")
    every = fhir_schedule.slots(wanted.doctor_id, kind.id, instants(wanted.start, zone()), who)
    every = [one for one in every if wanted.status in {None, fhir_schedule.status(one)}]
    found, cursor = cursors().page(
        f"fhir-slots:{principal().id}",
        wanted,
        lambda limit, seen: [one for one in every if seen is None or one.start.isoformat() > seen[0]][:limit],
        lambda last: [last.start.isoformat()],
    )
    return fhir.searchset([fhir_schedule.slot(one, (kind.id, kind.public_name)) for one in found], cursor)


@bp.get("/fhir/Appointment/<id:appointment_id>")
@allow("patient", "doctor", "admin")
@refuses(NotFound)
@fhir.output
@audit.of("appointment.read", subjects=_read)
def read_appointment(appointment_id: UUID) -> fhir.Resource:
    """Read one's own appointment as an *Appointment*; admins read when and who."""
    return fhir_appointment.exported(appointments.find(principal(), appointment_id), principal())


@bp.get("/fhir/Appointment")
@allow("patient", "doctor", "admin")
@refuses(InvalidCursor)
@bp.input(AppointmentsIn, location="query", arg_name="wanted")
@fhir.output
@audit.of("appointment.list", subjects=_patients)
def search_appointments(wanted: AppointmentsIn) -> fhir.Resource:
    """Search one's own appointments, by start, as a *Bundle*: as patient or as doctor; admins search everybody's."""
    if principal().role == "patient" and wanted.patient_id not in (None, principal().id):
        raise Forbidden
    since, until = instants(wanted.date, zone())
    which = appointments.Filter(
        status=wanted.status, doctor_id=wanted.doctor_id, patient_id=wanted.patient_id, since=since, until=until
    )
    found, cursor = cursors().page(
        f"fhir-appointments:{principal().id}",
        wanted,
        lambda limit, seen: appointments.list_visible(principal(), which, limit, moment_and_id(seen), zone()),
        lambda last: moment_place(last.starts_at, last.id),
    )
    return fhir.searchset([fhir_appointment.exported(one, principal()) for one in found], cursor)


def _schedules(found: Sequence[Doctor]) -> list[fhir.Resource]:
    offers = visit_types.offered_by([one.id for one in found])
    return [fhir_schedule.schedule(one, offers[one.id], today(), zone()) for one in found]
