"""The waiting list over HTTP."""

from uuid import UUID

from apiflask import APIBlueprint

from appointment_service import booking, doctors, waiting_list
from appointment_service.models import IdempotencyKey, audit, db
from appointment_service.schemas.appointments import AppointmentOut
from appointment_service.schemas.waiting_list import HopeIn, OfferedIn, WaitlistEntryOut, WaitlistOut
from appointment_service.views import RETRIES, body, zone
from appointment_service.views.appointments import tagged
from appointment_service.visit_types import VisitTypeUnavailable
from chassis.docs import may_take, refuses
from chassis.errors import NotFound
from chassis.idempotency import idempotent
from chassis.identity import allow, principal
from chassis.web import counted

bp = APIBlueprint("waiting_list", __name__, tag="Waiting list")


@bp.get("/waitlist")
@allow("patient")
@bp.output(WaitlistOut)
@audit.of("waitlist.list")
def listed() -> WaitlistOut:
    """List one's own entries that still wait, with the time that is held for each."""
    return WaitlistOut.of_entries(waiting_list.listed(principal()), zone())


@bp.post("/waitlist")
@allow("patient")
@counted("waitlist.join")
@refuses(doctors.DoctorNotFound, VisitTypeUnavailable, waiting_list.EnoughEntries, *RETRIES)
@idempotent(db, IdempotencyKey)
@bp.input(HopeIn, arg_name="wish")
@bp.output(WaitlistEntryOut, status_code=201)
@audit.of("waitlist.join")
def join(wish: HopeIn) -> WaitlistEntryOut:
    """Begin to wait for a visit. When a time comes free, it is held for who has waited longest."""
    return WaitlistEntryOut.of_entry(waiting_list.join(principal(), wish.hope), zone())


@bp.get("/waitlist/<id:entry_id>")
@allow("patient")
@refuses(NotFound)
@bp.output(WaitlistEntryOut)
@audit.of("waitlist.read")
def one(entry_id: UUID) -> WaitlistEntryOut:
    """Read one of one's own entries, whatever became of it."""
    return WaitlistEntryOut.of_entry(waiting_list.find(principal(), entry_id), zone())


@bp.post("/waitlist/<id:entry_id>/accept")
@allow("patient")
@counted("appointment.book")
@refuses(NotFound, waiting_list.NoOffer, waiting_list.OfferExpired, booking.LimitReached)
@may_take(OfferedIn)
@bp.output(AppointmentOut)
@audit.of("appointment.book")
def accept(entry_id: UUID) -> AppointmentOut:
    """Take the time that is held. Taking it again gives the same appointment."""
    return tagged(waiting_list.accept(principal(), entry_id, body(OfferedIn).appointment_id))


@bp.post("/waitlist/<id:entry_id>/decline")
@allow("patient")
@refuses(NotFound, waiting_list.NoOffer, waiting_list.OfferExpired)
@may_take(OfferedIn)
@bp.output(WaitlistEntryOut)
@audit.of("waitlist.decline")
def decline(entry_id: UUID) -> WaitlistEntryOut:
    """Let the time go that is held, and wait on for another one."""
    return WaitlistEntryOut.of_entry(
        waiting_list.decline(principal(), entry_id, body(OfferedIn).appointment_id), zone()
    )


@bp.delete("/waitlist/<id:entry_id>")
@allow("patient")
@refuses(NotFound, waiting_list.OfferExpired)
@bp.output(WaitlistEntryOut)
@audit.of("waitlist.leave")
def leave(entry_id: UUID) -> WaitlistEntryOut:
    """Wait no longer. Doing it again changes nothing."""
    return WaitlistEntryOut.of_entry(waiting_list.leave(principal(), entry_id), zone())
