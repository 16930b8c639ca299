"""The rules of booking: a patient takes a free time, sees it, and may give it back. PostgreSQL decides every race."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, NoReturn
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, select, true, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import defer

from appointment_service import availability, doctors, wall_time
from appointment_service.availability import Slot
from appointment_service.models import BOOKED, CANCELLED, Appointment, Doctor, db
from chassis import clock
from chassis.errors import Conflict, Invalid, NotFound
from chassis.identity import Principal

MOST_TO_COME = 5
ALTERNATIVES = 5
REFERENCE_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base32


class DoctorNotBookable(Conflict):
    """409: the doctor takes no bookings now."""

    code, title, detail = "doctor-not-bookable", "Not bookable", "This doctor takes no bookings at the moment."


class InPast(Invalid):
    """422: the time is over."""

    code, title, detail = "in-past", "In the past", "This time has already passed."


class TooSoon(Invalid):
    """422: less than the minimum notice away. Carries `earliest`."""

    code, title = "too-soon", "Too soon"
    detail = "This time is too soon to book online. Choose a later one, or phone the clinic."


class TooFar(Invalid):
    """422: beyond the horizon. Carries `latest`, a date."""

    code, title, detail = "too-far", "Too far ahead", "This time is too far ahead to book yet."


class OutsideHours(Invalid):
    """422: the doctor does not work then."""

    code, title, detail = "outside-hours", "Outside hours", "The doctor does not see patients at this time."


class NotOffered(Invalid):
    """422: not one of the times that are offered, or a wall time that the clocks skip."""

    code, title = "not-offered", "Not offered"
    detail = "This is not one of the times offered. Choose a time from the list."


class LimitReached(Conflict):
    """409: as many appointments to come as one patient may have."""

    code, title = "limit-reached", "Too many appointments"
    detail = f"You have {MOST_TO_COME} appointments to come. Cancel one, or phone the clinic."


class PatientBusy(Conflict):
    """409: the patient has another appointment then. Carries its `appointment_id` and `reference`."""

    code, title, detail = "patient-busy", "You are busy then", "You already have an appointment at this time."


class SlotTaken(Conflict):
    """409: somebody was faster. Carries up to five `alternatives`."""

    code, title = "slot-taken", "Just taken"
    detail = "That time has just been taken. Choose another one."


class AlreadyBegun(Conflict):
    """409: the appointment has begun or is over."""

    detail = "This appointment has begun or is over and can no longer be cancelled."


@dataclass(frozen=True)
class Filter:
    """Which of one's appointments to list."""

    first: date | None = None
    last: date | None = None
    status: str | None = None
    newest_first: bool = False


def visible_to(who: Principal) -> ColumnElement[bool]:
    """The appointments this person may see: one's own, as patient or as doctor; admins see all."""
    if who.role == "admin":
        return true()
    return Appointment.doctor_id == who.id if who.role == "doctor" else Appointment.patient_id == who.id


def find(who: Principal, appointment_id: UUID, *, lock: bool = False) -> Appointment:
    """One's own appointment, or `NotFound`. For admins why somebody comes stays in the database."""
    query = select(Appointment).where(Appointment.id == appointment_id, visible_to(who))
    if who.role == "admin":
        query = query.options(defer(Appointment.notes, raiseload=True))
    appointment = db.session.scalar(query.with_for_update() if lock else query)
    if appointment is None:
        raise NotFound
    return appointment


def list_own(
    who: Principal, wanted: Filter, limit: int, after: tuple[datetime, UUID] | None, zone: ZoneInfo
) -> Sequence[Appointment]:
    """Up to `limit` of one's own appointments by time, behind the (start, id) of the last one seen."""
    key = tuple_(Appointment.starts_at, Appointment.id)
    query = select(Appointment).where(visible_to(who)).limit(limit)
    if wanted.status:
        query = query.where(Appointment.status == wanted.status)
    if wanted.first:
        query = query.where(Appointment.starts_at >= wall_time.day_bounds(wanted.first, wanted.first, zone)[0])
    if wanted.last:
        query = query.where(Appointment.starts_at < wall_time.day_bounds(wanted.last, wanted.last, zone)[1])
    if after:
        query = query.where(key < after if wanted.newest_first else key > after)
    order = [Appointment.starts_at, Appointment.id]
    return db.session.scalars(query.order_by(*[c.desc() if wanted.newest_first else c for c in order])).all()


def book(who: Principal, doctor_id: UUID, wish: datetime, notes: str, zone: ZoneInfo) -> Appointment:
    """Book a time with a doctor for the patient `who`. `wish` is naive for the clinic's wall time, or aware.

    Raises the refusals above; nothing is written then.
    """
    _one_booking_at_a_time(who.id)
    doctor = doctors.find(doctor_id, lock=True)
    if not doctor.bookable:
        raise DoctorNotBookable
    slot = _offered(doctor, _instant(wish, zone), zone)
    _refuse_over_limit(who.id)
    appointment = _insert(who, doctor, slot, notes)
    if appointment is None:
        _refuse_taken(who, doctor, slot, zone)
    db.session.commit()
    return appointment


def cancel(who: Principal, appointment_id: UUID) -> Appointment:
    """Give an appointment back: one's own, or as admin any. Doing it again changes nothing.

    Raises `NotFound`, `AlreadyBegun`.
    """
    appointment = find(who, appointment_id, lock=True)
    if appointment.status != CANCELLED:
        if appointment.starts_at <= clock.now():
            raise AlreadyBegun
        appointment.status, appointment.cancelled_at, appointment.cancelled_by = CANCELLED, clock.now(), who.id
    db.session.commit()
    return appointment


def _instant(wish: datetime, zone: ZoneInfo) -> datetime:
    """The instant a patient means. A wall time that comes twice is the first of the two."""
    if wish.tzinfo is not None:
        return wish.astimezone(UTC)
    if not wall_time.exists(wish, zone):
        raise NotOffered("The clocks change then, and this time does not exist. Choose another one.")
    return wish.replace(tzinfo=zone).astimezone(UTC)


def _one_booking_at_a_time(patient_id: UUID) -> None:
    """Bookings of one patient follow one another, so that the limit counts right."""
    number = int.from_bytes(patient_id.bytes[:8], "big", signed=True)
    db.session.execute(select(func.pg_advisory_xact_lock(number)))


def _offered(doctor: Doctor, start: datetime, zone: ZoneInfo) -> Slot:
    """The slot that begins at this instant, if the doctor's week offers it and it is neither too soon nor too far."""
    now = clock.now()
    if start <= now:
        raise InPast
    local_day = start.astimezone(zone).date()
    if local_day > availability.horizon(now, zone):
        raise TooFar(latest=availability.horizon(now, zone).isoformat())
    if start < now + availability.NOTICE:
        raise TooSoon(earliest=(now + availability.NOTICE).isoformat())
    hours = availability.hours_of(doctor.id)
    end = start + timedelta(minutes=doctor.visit_minutes)
    # a stretch that ends at midnight belongs to the day it began
    for day in (local_day, local_day - timedelta(days=1)):
        if Slot(start, end) in availability.slots_of(day, hours, doctor.visit_minutes, zone):
            return Slot(start, end)
    within = any(opens <= start and end <= closes for opens, closes in availability.open_on(local_day, hours, zone))
    raise NotOffered if within else OutsideHours


def _refuse_over_limit(patient_id: UUID) -> None:
    to_come = select(func.count()).where(
        Appointment.patient_id == patient_id, Appointment.status == BOOKED, Appointment.starts_at > clock.now()
    )
    if (db.session.scalar(to_come) or 0) >= MOST_TO_COME:
        raise LimitReached


def _insert(who: Principal, doctor: Doctor, slot: Slot, notes: str) -> Appointment | None:
    """The new row, or None when a constraint says that the doctor or the patient is taken then.

    ON CONFLICT lets the constraint answer at once: a plain INSERT that waits on two of them deadlocks under load.
    """
    values: dict[str, Any] = {
        "id": uuid4(),
        "reference": "".join(secrets.choice(REFERENCE_LETTERS) for _ in range(8)),
        "doctor_id": doctor.id,
        "doctor_name": doctor.name,
        "doctor_specialty": doctor.specialty,
        "room": doctor.room,
        "patient_id": who.id,
        "patient_name": who.name,
        "patient_birth_date": who.birth_date,
        "starts_at": slot.start,
        "ends_at": slot.end,
        "status": BOOKED,
        "notes": notes,
    }
    return db.session.scalar(insert(Appointment).values(values).on_conflict_do_nothing().returning(Appointment))


def _refuse_taken(who: Principal, doctor: Doctor, slot: Slot, zone: ZoneInfo) -> NoReturn:
    """Say which of the two is taken then: the patient, or the doctor with what is free instead."""
    own = db.session.execute(
        select(Appointment.id, Appointment.reference).where(
            Appointment.patient_id == who.id,
            Appointment.status == BOOKED,
            Appointment.starts_at < slot.end,
            Appointment.ends_at > slot.start,
        )
    ).first()
    if own:
        raise PatientBusy(appointment_id=str(own.id), reference=f"{own.reference[:4]}-{own.reference[4:]}")
    day = slot.start.astimezone(zone).date()
    same_day: list[Slot] = []
    later: list[Slot] = []
    for found in availability.free_from(doctor, day, zone):
        (same_day if found.start.astimezone(zone).date() == day else later).append(found)
        if len(later) == ALTERNATIVES or (later and len(same_day) >= ALTERNATIVES):
            break
    nearest = sorted(same_day, key=lambda found: abs(found.start - slot.start))[:ALTERNATIVES]
    raise SlotTaken(alternatives=[*sorted(nearest), *later[: ALTERNATIVES - len(nearest)]])
