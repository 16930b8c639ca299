"""What a person's first page shows, over HTTP."""

from uuid import UUID

from apiflask import APIBlueprint

from appointment_service import overview
from appointment_service.models import audit
from appointment_service.schemas.appointments import AppointmentOut
from appointment_service.schemas.overview import DoctorsOverviewOut, PatientsOverviewOut
from appointment_service.schemas.waiting_list import WaitlistEntryOut
from appointment_service.views import zone
from appointment_service.views.appointments import out
from chassis.identity import allow, principal

bp = APIBlueprint("overview", __name__, tag="Overview")


@bp.get("/patients/me/overview")
@allow("patient")
@bp.output(PatientsOverviewOut)
@audit.of("appointment.list", subjects=lambda answer: _whose(answer.appointments))
@audit.of("waitlist.list", subjects=lambda answer: _whose(answer.waiting))
def of_patient() -> PatientsOverviewOut:
    """Read one's next appointments, what one waits for, and whether the doctor of today's first one runs late."""
    found = overview.of_patient(principal(), zone())
    return PatientsOverviewOut(
        appointments=[out(one) for one in found.appointments],
        waiting=[WaitlistEntryOut.of_entry(one, zone()) for one in found.waiting],
        running_late_minutes=found.running_late,
    )


@bp.get("/doctors/me/overview")
@allow("doctor")
@bp.output(DoctorsOverviewOut)
def of_doctor() -> DoctorsOverviewOut:
    """Read what stands beside one's day: running late, how many to phone, and whether one can be booked at all."""
    found = overview.of_doctor(principal(), zone())
    return DoctorsOverviewOut(
        running_late_minutes=found.running_late,
        **{name: getattr(found, name) for name in ("to_phone", "in_directory", "has_hours")},
    )


def _whose(rows: list[AppointmentOut] | list[WaitlistEntryOut]) -> list[tuple[UUID | None, UUID | None]]:
    """As a list is noted: once for its patient."""
    return [(None, patient) for patient in dict.fromkeys(row.patient_id for row in rows)]
