"""Appointments over HTTP: booking, reading, listing, moving, and what has happened to them."""

from uuid import UUID

from apiflask import APIBlueprint

from appointment_service import appointments, booking, doctors, life, moving, own_list, slot_test
from appointment_service.models import Appointment, IdempotencyKey, audit, db
from appointment_service.schemas.appointments import (
    AppointmentOut,
    AppointmentsIn,
    AppointmentsPage,
    BookingIn,
    DoctorsBookingIn,
    EventOut,
    HistoryOut,
    MoveIn,
)
from appointment_service.schemas.doctors import SlotOut
from appointment_service.views import RETRIES, cursors, zone
from appointment_service.visit_types import VisitTypeUnavailable
from chassis import versions
from chassis.cursor import moment_and_id, moment_place
from chassis.docs import refuses
from chassis.errors import Forbidden, InvalidCursor, NotFound
from chassis.idempotency import idempotent
from chassis.identity import allow, principal
from chassis.web import counted

bp = APIBlueprint("appointments", __name__, tag="Appointments")

RULES = (
    doctors.DoctorNotFound,
    booking.DoctorNotBookable,
    VisitTypeUnavailable,
    slot_test.SlotTaken,
    slot_test.PatientBusy,
    slot_test.NotOffered,
    slot_test.OutsideHours,
    slot_test.InPast,
)
AHEAD = (slot_test.TooSoon, slot_test.TooFar)
VERSIONS = (versions.PreconditionRequired, versions.VersionConflict)


@bp.post("/appointments")
@allow("patient")
@counted("appointment.book")
@refuses(*RULES, *AHEAD, booking.LimitReached, *RETRIES)
@idempotent(db, IdempotencyKey)
@bp.input(BookingIn, arg_name="wish")
@bp.output(AppointmentOut, status_code=201)
@audit.of("appointment.book")
def book(wish: BookingIn) -> AppointmentOut:
    """Book a time with a doctor, or with any who is free then.

    A time without offset is the clinic's wall time. Of many who ask for one time, one gets it; the others are told
    which times are still free.
    """
    try:
        return tagged(booking.book(principal(), wish.as_wish, zone()))
    except slot_test.SlotTaken as taken:
        raise told(taken) from taken


@bp.post("/doctors/me/appointments")
@allow("doctor")
@counted("appointment.book")
@refuses(*RULES, own_list.PatientNotFound, *RETRIES)
@idempotent(db, IdempotencyKey)
@bp.input(DoctorsBookingIn, arg_name="wish")
@bp.output(AppointmentOut, status_code=201)
@audit.of("appointment.book")
def book_for(wish: DoctorsBookingIn) -> AppointmentOut:
    """Book a time of one's own for a patient of one's list, whatever notice and horizon say; overbook on purpose."""
    try:
        return tagged(booking.book_for(principal(), wish.patient_id, wish.as_wish(principal().id), zone()))
    except slot_test.SlotTaken as taken:
        raise told(taken) from taken


@bp.get("/appointments")
@allow("patient", "doctor", "admin")
@refuses(InvalidCursor)
@bp.input(AppointmentsIn, location="query", arg_name="wanted")
@bp.output(AppointmentsPage)
@audit.of("appointment.list")
def list_visible(wanted: AppointmentsIn) -> AppointmentsPage:
    """List appointments by time: one's own, as patient or as doctor; admins list everybody's."""
    if principal().role == "patient" and wanted.patient_id not in (None, principal().id):
        raise Forbidden
    owner = f"appointments:{principal().id}:{wanted.sort}"
    which = appointments.Filter(
        wanted.from_,
        wanted.to,
        wanted.status,
        wanted.doctor_id,
        wanted.patient_id,
        wanted.sort == "-start",
        wanted.show,
    )
    who, where = principal(), zone()
    found, cursor = cursors().page(
        owner,
        wanted,
        lambda limit, seen: appointments.list_visible(who, which, limit, moment_and_id(seen), where),
        lambda last: moment_place(last.starts_at, last.id),
    )
    items = [AppointmentOut.of_appointment(one, who, where) for one in found]
    return AppointmentsPage(items=items, next_cursor=cursor)


@bp.get("/appointments/<id:appointment_id>")
@allow("patient", "doctor", "admin")
@refuses(NotFound)
@bp.output(AppointmentOut)
@audit.of("appointment.read")
def one(appointment_id: UUID) -> AppointmentOut:
    """Read one's own appointment; `ETag` is its version. Admins read when and who; `notes` stays empty for them."""
    return tagged(appointments.find(principal(), appointment_id))


@bp.get("/appointments/<id:appointment_id>/history")
@allow("patient", "doctor", "admin")
@refuses(NotFound)
@bp.output(HistoryOut)
@audit.of("appointment.read-history")
def history(appointment_id: UUID) -> HistoryOut:
    """Read what has happened to one's own appointment, or as admin to any."""
    found, events = appointments.history(principal(), appointment_id)
    told_events = [EventOut.of_event(event, principal()) for event in events]
    return HistoryOut(id=found.id, patient_id=found.patient_id, events=told_events)


@bp.post("/appointments/<id:appointment_id>/move")
@allow("patient", "doctor", "admin")
@counted("appointment.move")
@refuses(NotFound, *RULES, *AHEAD, life.InvalidTransition, life.CutoffPassed, life.TooLate, *VERSIONS)
@bp.input(MoveIn, arg_name="wish")
@bp.output(AppointmentOut)
@audit.of("appointment.move")
def move(appointment_id: UUID, wish: MoveIn) -> AppointmentOut:
    """Move an appointment to another time, in the version that `If-Match` names. Its reference stays."""
    appointments.find(principal(), appointment_id)
    check = versions.if_match(required=True)
    try:
        found = moving.move(principal(), appointment_id, wish.appointment_time, wish.doctor_id, check, zone())
    except slot_test.SlotTaken as taken:
        raise told(taken) from taken
    return tagged(found)


def told(taken: slot_test.SlotTaken) -> slot_test.SlotTaken:
    """The refusal with its alternatives as they are sent."""
    free = SlotOut.all_of(taken.extras["alternatives"], zone())
    return slot_test.SlotTaken(alternatives=[slot.model_dump(mode="json") for slot in free])


def tagged(found: Appointment) -> AppointmentOut:
    """An appointment as it is sent, with its version as `ETag`."""
    versions.tag(found.version)
    return out(found)


def out(found: Appointment) -> AppointmentOut:
    """An appointment as it is sent."""
    return AppointmentOut.of_appointment(found, principal(), zone())
