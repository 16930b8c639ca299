"""Doctors' hours and schedule exceptions over HTTP: one's own as doctor, anybody's and the clinic's as admin."""

from collections.abc import Sequence
from uuid import UUID

from apiflask import APIBlueprint

from appointment_service import hours, impact, time_off
from appointment_service.doctors import DoctorNotFound
from appointment_service.models import Appointment, IdempotencyKey, audit, db
from appointment_service.opening import Stretch
from appointment_service.schedule_tables import BEGINNING, ScheduleException
from appointment_service.schemas.doctors import HoursIn, HoursOut, HoursPreviewOut
from appointment_service.schemas.exceptions import (
    AddedOut,
    ClosingIn,
    ExceptionIn,
    ExceptionOut,
    ExceptionsOut,
    ImpactOut,
)
from appointment_service.views import RETRIES, may_look_after, today, zone
from chassis.docs import refuses
from chassis.idempotency import idempotent
from chassis.identity import allow, principal

bp = APIBlueprint("schedules", __name__, tag="Hours")


@bp.get("/doctors/me/hours")
@allow("doctor")
@refuses(DoctorNotFound)
@bp.output(HoursOut)
def own_hours() -> HoursOut:
    """Read one's own weekly hours."""
    return _week(principal().id, hours.hours_of(principal().id, zone()))


@bp.put("/doctors/me/hours")
@allow("doctor")
@refuses(DoctorNotFound, impact.HasBookings)
@bp.input(HoursIn, arg_name="week")
@bp.output(HoursOut)
def set_own_hours(week: HoursIn) -> HoursOut:
    """Replace one's own weekly hours. Refused while people are booked at times that would go."""
    return _week(principal().id, hours.set_hours(principal().id, week.week, week.valid_from, zone()))


@bp.get("/doctors/<id:doctor_id>/hours")
@allow("doctor", "admin")
@refuses(DoctorNotFound)
@bp.output(HoursOut)
def hours_of(doctor_id: UUID) -> HoursOut:
    """Read a doctor's weekly hours."""
    return _week(doctor_id, hours.hours_of(may_look_after(doctor_id), zone()))


@bp.put("/doctors/<id:doctor_id>/hours")
@allow("doctor", "admin")
@refuses(DoctorNotFound, impact.HasBookings)
@bp.input(HoursIn, arg_name="week")
@bp.output(HoursOut)
def set_hours(doctor_id: UUID, week: HoursIn) -> HoursOut:
    """Replace a doctor's weekly hours. Refused while people are booked at times that would go."""
    return _week(doctor_id, hours.set_hours(may_look_after(doctor_id), week.week, week.valid_from, zone()))


@bp.post("/doctors/<id:doctor_id>/hours/preview")
@allow("doctor", "admin")
@refuses(DoctorNotFound)
@bp.input(HoursIn, arg_name="week")
@bp.output(HoursPreviewOut)
def preview_hours(doctor_id: UUID, week: HoursIn) -> HoursPreviewOut:
    """Count what would fit into a week, and who is booked outside it. Nothing is changed."""
    hours.hours_of(may_look_after(doctor_id), zone())
    hours.refuse_overlaps(week.week)
    people = hours.stranded_by(doctor_id, week.week, week.valid_from or BEGINNING, zone())
    count = hours.visits_a_week(doctor_id, week.week, zone())
    return HoursPreviewOut(appointments_per_week=count, affected=len(people))


@bp.get("/doctors/<id:doctor_id>/exceptions")
@allow("doctor", "admin")
@refuses(DoctorNotFound)
@bp.output(ExceptionsOut)
def exceptions_of(doctor_id: UUID) -> ExceptionsOut:
    """List a doctor's schedule exceptions that are not over."""
    return ExceptionsOut.of_exceptions(time_off.listed(may_look_after(doctor_id), zone()))


@bp.post("/doctors/<id:doctor_id>/exceptions/preview")
@allow("doctor", "admin")
@refuses(DoctorNotFound)
@bp.input(ExceptionIn, arg_name="wish")
@bp.output(ImpactOut)
@audit.of("appointment.list")
def preview_exception(doctor_id: UUID, wish: ExceptionIn) -> ImpactOut:
    """List who is booked at times that an exception would take. Nothing is changed."""
    deviation = wish.deviation(may_look_after(doctor_id), wish.kind)
    return ImpactOut.of_people(time_off.affected([deviation], zone()), zone())


@bp.post("/doctors/<id:doctor_id>/exceptions")
@allow("doctor", "admin")
@refuses(DoctorNotFound, time_off.EnoughExceptions, impact.HasBookings, *RETRIES)
@idempotent(db, IdempotencyKey)
@bp.input(ExceptionIn, arg_name="wish")
@bp.output(AddedOut, status_code=201)
@audit.of("appointment.displace")
def add_exception(doctor_id: UUID, wish: ExceptionIn) -> AddedOut:
    """Add an exception. While people are booked then, say with `on_conflict` what is to become of them."""
    deviation = wish.deviation(may_look_after(doctor_id), wish.kind)
    return _added(*time_off.add(principal(), [deviation], wish.on_conflict, zone()))


@bp.delete("/exceptions/<id:exception_id>")
@allow("doctor", "admin")
@refuses(time_off.ExceptionNotFound, impact.HasBookings)
@bp.output(ExceptionOut)
def remove_exception(exception_id: UUID) -> ExceptionOut:
    """Take an exception back: one's own as doctor, any as admin. The answer is what it was."""
    return ExceptionOut.of_exception(time_off.remove(principal(), exception_id, zone()))


@bp.get("/clinic/exceptions")
@allow("patient", "doctor", "admin")
@bp.output(ExceptionsOut)
def clinic_exceptions() -> ExceptionsOut:
    """List the days on which the clinic is closed."""
    return ExceptionsOut.of_exceptions(time_off.listed(None, zone()))


@bp.post("/clinic/exceptions/preview")
@allow("admin")
@bp.input(ClosingIn, arg_name="wish")
@bp.output(ImpactOut)
@audit.of("appointment.list")
def preview_closing(wish: ClosingIn) -> ImpactOut:
    """List who is booked at times when the clinic would be closed. Nothing is changed."""
    return ImpactOut.of_people(time_off.affected([wish.deviation(None)], zone()), zone())


@bp.post("/clinic/exceptions")
@allow("admin")
@refuses(time_off.EnoughExceptions, impact.HasBookings, *RETRIES)
@idempotent(db, IdempotencyKey)
@bp.input(ClosingIn, arg_name="wish")
@bp.output(AddedOut, status_code=201)
@audit.of("appointment.displace")
def close(wish: ClosingIn) -> AddedOut:
    """Close the clinic. While people are booked then, say with `on_conflict` what is to become of them."""
    return _added(*time_off.add(principal(), [wish.deviation(None)], wish.on_conflict, zone()))


def _added(rows: Sequence[ScheduleException], people: Sequence[Appointment]) -> AddedOut:
    told = ImpactOut.of_people(people, zone())
    return AddedOut(count=told.count, items=told.items, exception=ExceptionOut.of_exception(rows[0]))


def _week(doctor_id: UUID, found: Sequence[Stretch]) -> HoursOut:
    return HoursOut.of_week(found, today(), lambda week: hours.visits_a_week(doctor_id, week, zone()))
