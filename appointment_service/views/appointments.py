"""Appointments over HTTP."""

from uuid import UUID

from apiflask import APIBlueprint

from appointment_service import booking, doctors
from appointment_service.models import Appointment, IdempotencyKey, audit, db
from appointment_service.schemas import AppointmentOut, AppointmentsIn, AppointmentsPage, BookingIn, SlotOut
from appointment_service.views import cursors, zone
from chassis.cursor import moment_and_id, moment_place
from chassis.docs import refuses
from chassis.errors import IdempotencyMismatch, InvalidCursor, InvalidIdempotencyKey, NotFound, RequestInProgress
from chassis.idempotency import idempotent
from chassis.identity import allow, principal

bp = APIBlueprint("appointments", __name__, tag="Appointments")

RETRIES = (InvalidIdempotencyKey, IdempotencyMismatch, RequestInProgress)
RULES = (
    doctors.DoctorNotFound,
    booking.DoctorNotBookable,
    booking.SlotTaken,
    booking.PatientBusy,
    booking.LimitReached,
    booking.NotOffered,
    booking.OutsideHours,
    booking.InPast,
    booking.TooSoon,
    booking.TooFar,
)


@bp.post("/appointments")
@allow("patient")
@refuses(*RULES, *RETRIES)
@idempotent(db, IdempotencyKey)
@bp.input(BookingIn, arg_name="wish")
@bp.output(AppointmentOut, status_code=201)
@audit.of("appointment.book")
def book(wish: BookingIn) -> AppointmentOut:
    """Book a time with a doctor.

    A time without offset is the clinic's wall time. Of many who ask for one time, one gets it; the others are told
    which times are still free.
    """
    try:
        found = booking.book(principal(), wish.doctor_id, wish.appointment_time, wish.notes, zone())
    except booking.SlotTaken as taken:
        free = SlotOut.all_of(taken.extras["alternatives"], zone())
        raise booking.SlotTaken(alternatives=[slot.model_dump(mode="json") for slot in free]) from taken
    return _out(found)


@bp.get("/appointments")
@allow("patient", "doctor")
@refuses(InvalidCursor)
@bp.input(AppointmentsIn, location="query", arg_name="wanted")
@bp.output(AppointmentsPage)
@audit.of("appointment.list")
def list_own(wanted: AppointmentsIn) -> AppointmentsPage:
    """List one's own appointments by time, as patient or as doctor."""
    owner = f"appointments:{principal().id}:{wanted.sort}"
    which = booking.Filter(wanted.from_, wanted.to, wanted.status, wanted.sort == "-start")
    found, cursor = cursors().page(
        owner,
        wanted,
        lambda limit, seen: booking.list_own(principal(), which, limit, moment_and_id(seen), zone()),
        lambda last: moment_place(last.starts_at, last.id),
    )
    return AppointmentsPage(items=[_out(one) for one in found], next_cursor=cursor)


@bp.get("/appointments/<id:appointment_id>")
@allow("patient", "doctor", "admin")
@refuses(NotFound)
@bp.output(AppointmentOut)
@audit.of("appointment.read")
def one(appointment_id: UUID) -> AppointmentOut:
    """Read one's own appointment. Admins read when and who; `notes` stays empty for them."""
    return _out(booking.find(principal(), appointment_id))


@bp.post("/appointments/<id:appointment_id>/cancel")
@allow("patient", "doctor", "admin")
@refuses(NotFound, booking.AlreadyBegun)
@bp.output(AppointmentOut)
@audit.of("appointment.cancel")
def cancel(appointment_id: UUID) -> AppointmentOut:
    """Cancel one's own appointment, or as admin any, before it begins. Doing it again changes nothing."""
    return _out(booking.cancel(principal(), appointment_id))


def _out(found: Appointment) -> AppointmentOut:
    return AppointmentOut.of_appointment(found, zone())
