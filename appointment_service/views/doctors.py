"""Doctors over HTTP: the directory, one's own entry, one's own list, and running late."""

from uuid import UUID

from apiflask import APIBlueprint

from appointment_service import doctors, own_list, running_late, visit_types
from appointment_service.models import audit
from appointment_service.schemas.appointments import (
    LateIn,
    LateOut,
    ListedPatientsOut,
    PatientsIn,
    RunningLateOut,
)
from appointment_service.schemas.doctors import DirectoryIn, DoctorIn, DoctorOut, DoctorsPage
from appointment_service.views import cursors, zone
from chassis.docs import refuses
from chassis.errors import InvalidCursor
from chassis.identity import allow, principal, public

bp = APIBlueprint("doctors", __name__, tag="Doctors")


@bp.get("/doctors")
@public
@refuses(InvalidCursor)
@bp.input(DirectoryIn, location="query", arg_name="wanted")
@bp.output(DoctorsPage)
def directory(wanted: DirectoryIn) -> DoctorsPage:
    """List the doctors who can be booked, by name: all, or those who offer a kind of visit to patients."""
    kind = wanted.visit_type_id
    among = None if kind is None else visit_types.offering(kind)
    found, cursor = cursors().page(
        "doctors",
        wanted,
        lambda limit, seen: doctors.directory(limit, UUID(seen[0]) if seen else None, among),
        lambda last: [str(last.id)],  # not the name, which may be longer than an address
    )
    return DoctorsPage(items=[DoctorOut.of(doctor) for doctor in found], next_cursor=cursor)


@bp.get("/doctors/<id:doctor_id>")
@public
@refuses(doctors.DoctorNotFound)
@bp.output(DoctorOut)
def one_doctor(doctor_id: UUID) -> DoctorOut:
    """Read one doctor of the directory."""
    return DoctorOut.of(doctors.listed(doctor_id))


@bp.put("/doctors/me")
@allow("doctor")
@bp.input(DoctorIn, arg_name="entry")
@bp.output(DoctorOut)
def describe_oneself(entry: DoctorIn) -> DoctorOut:
    """Make or change one's own entry in the directory. The name is the one in the token."""
    return DoctorOut.of(doctors.describe_oneself(principal(), entry.specialty, entry.room, entry.about))


@bp.get("/doctors/me/patients")
@allow("doctor")
@bp.input(PatientsIn, location="query", arg_name="wanted")
@bp.output(ListedPatientsOut)
@audit.of("patient.find")
def patients(wanted: PatientsIn) -> ListedPatientsOut:
    """Find patients of one's own list: seen within two years, or coming within three months."""
    return ListedPatientsOut.of_patients(own_list.search(principal(), wanted.q))


@bp.put("/doctors/me/running-late")
@allow("doctor")
@refuses(doctors.DoctorNotFound)
@bp.input(LateIn, arg_name="late")
@bp.output(RunningLateOut)
def say_late(late: LateIn) -> RunningLateOut:
    """Say by how many minutes one runs late today; those who wait read it."""
    running_late.say(principal(), late.minutes, zone())
    return _late_today()


@bp.get("/running-late")
@allow("patient", "doctor", "admin")
@bp.output(RunningLateOut)
def late_today() -> RunningLateOut:
    """List who runs late today."""
    return _late_today()


def _late_today() -> RunningLateOut:
    found = running_late.today(zone())
    return RunningLateOut(items=[LateOut(doctor_id=one, minutes=minutes) for one, minutes in found.items()])
