"""Doctors, their hours and their free times over HTTP."""

from uuid import UUID

from apiflask import APIBlueprint

from appointment_service import availability, doctors, hours
from appointment_service.schemas import (
    DoctorIn,
    DoctorOut,
    DoctorsPage,
    HoursIn,
    HoursOut,
    SlotsIn,
    SlotsOut,
)
from appointment_service.views import cursors, zone
from chassis.docs import refuses
from chassis.errors import Forbidden, InvalidCursor
from chassis.identity import allow, principal, public
from chassis.schemas import Paging

bp = APIBlueprint("doctors", __name__, tag="Doctors")


@bp.get("/doctors")
@public
@refuses(InvalidCursor)
@bp.input(Paging, location="query", arg_name="paging")
@bp.output(DoctorsPage)
def directory(paging: Paging) -> DoctorsPage:
    """List the doctors who can be booked, by name."""
    found, cursor = cursors().page(
        "doctors",
        paging,
        lambda limit, seen: doctors.directory(limit, UUID(seen[0]) if seen else None),
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


@bp.get("/doctors/me/hours")
@allow("doctor")
@bp.output(HoursOut)
def own_hours() -> HoursOut:
    """Read one's own weekly hours."""
    return HoursOut.of_stretches(hours.hours_of(principal()))


@bp.put("/doctors/me/hours")
@allow("doctor")
@refuses(doctors.DoctorNotFound, hours.HasBookings)
@bp.input(HoursIn, arg_name="week")
@bp.output(HoursOut)
def set_hours(week: HoursIn) -> HoursOut:
    """Replace one's own weekly hours. Refused while people are booked at times that would go."""
    return HoursOut.of_stretches(hours.set_hours(principal(), [one.stretch for one in week.hours], zone()))


@bp.get("/slots")
@allow("patient", "doctor", "admin")
@refuses(doctors.DoctorNotFound, availability.RangeRefused)
@bp.input(SlotsIn, location="query", arg_name="wanted")
@bp.output(SlotsOut)
def slots(wanted: SlotsIn) -> SlotsOut:
    """List a doctor's free times by day. A doctor sees only their own."""
    if principal().role == "doctor" and principal().id != wanted.doctor_id:
        raise Forbidden
    free = availability.free_times(wanted.doctor_id, wanted.from_, wanted.to, zone())
    return SlotsOut.of_free(wanted.doctor_id, free, zone())
