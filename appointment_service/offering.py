"""Offering what is free: a time is held for who has waited longest, for one at a time and never for all at once."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select, update

from appointment_service import (
    appointments,
    availability,
    booking,
    diaries,
    doctors,
    grid,
    holds,
    outbox,
    turns,
    wall_time,
)
from appointment_service.booking import Patient
from appointment_service.grid import Asker, Slot, Taken
from appointment_service.models import BLOCKING, PENDING, Appointment, db
from appointment_service.waiting_list_tables import OVER, WAITING, WaitlistEntry, WaitlistOffer
from chassis import clock

HELD_FOR = timedelta(minutes=30)
FIRST_OFFER, LAST_OFFER, HELD_OVERNIGHT = time(8), time(20), time(8, 30)
"""Wall times: offers run out half an hour after they are made, and those made at night in the morning."""
PARTS = {"morning": (time(0), time(12)), "afternoon": (time(12), time(17)), "evening": (time(17), time.max)}
DAY, INSTANT = timedelta(days=1), timedelta(microseconds=1)


class _Round:
    """What is free in one round, read once for all who wait for the same: those nothing suits cost no statement."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._who = grid.asker(zone, staff=False)
        self._read: dict[tuple[UUID, UUID | None], list[Slot]] = {}

    def free_for(self, row: WaitlistEntry) -> list[Slot]:
        """The free times of the visit and the doctor that an entry is for, in order, up to the horizon."""
        key = row.visit_type_id, row.doctor_id
        if key not in self._read:
            doctor = [row.doctor_id] if row.doctor_id else None
            self._read[key] = list(availability.coming(doctor, row.visit_type_id, self._who.today, self._who))
        return self._read[key]

    def forget(self) -> None:
        """Something has been taken: read anew."""
        self._read.clear()


def offer_what_is_free(zone: ZoneInfo, most: int = 100) -> int:
    """Hold free times for those who wait, by who has waited longest; says for how many. What has run out goes back.

    Called again and again by the worker, and makes at most so many offers then. All who wait are looked at: whoever
    waits for what never comes stands in nobody's way. One offer at a time for an entry, and never the same time twice.
    """
    _close_what_is_over(zone)
    turn_of_all = select(Appointment.doctor_id).where(Appointment.status == PENDING).distinct()
    dead = db.session.scalars(turn_of_all.where(Appointment.held_until <= clock.now())).all()
    doctors.lock(dead)
    holds.expire(dead)
    db.session.commit()
    standing = select(WaitlistOffer.entry_id).where(WaitlistOffer.outcome.is_(None))
    waiting = WaitlistEntry.state == WAITING, WaitlistEntry.id.not_in(standing)
    oldest = select(WaitlistEntry).where(*waiting).order_by(WaitlistEntry.created_at, WaitlistEntry.id)
    now, made = _Round(zone), 0
    for row in db.session.scalars(oldest).all():
        if made < most and _offer(row, zone, now):
            now.forget()
            made += 1
    return made


def _offer(row: WaitlistEntry, zone: ZoneInfo, now: _Round) -> bool:
    """Hold the first time that suits this entry. In the turns of patient and doctor all is looked at again."""
    who = grid.asker(zone, staff=False)
    for seen in _suiting(row, who, now):
        turn = turns.take(row.patient_id, [seen.doctor_id])
        day = seen.start.astimezone(zone).date()
        known = diaries.load([seen.doctor_id], row.visit_type_id, day, day, who)
        found = (slot for one in known for slot in grid.looked_at(one, day, day, who, only=seen.start))
        free = [slot for slot in found if slot == seen and slot.reason is None]
        db.session.refresh(row)
        waits = row.state == WAITING and holds.held_for(row.id) is None
        if free and waits and not _own_time(row.patient_id).meets(seen.start, seen.end):
            patient = Patient(row.patient_id, row.patient_name, row.patient_birth_date)
            until = _until(who)
            made = booking.hold(patient, turn[seen.doctor_id], free[0], known[0].terms, until)
            if made is not None:
                db.session.add(WaitlistOffer(appointment_id=made.id, entry_id=row.id, offered_at=who.now, outcome=None))
                appointments.note(made, None, "offer")
                outbox.announce(made, "offer")
                db.session.commit()
                return True
        db.session.rollback()
        return False  # it changed meanwhile; the next round sees what is so then
    return False


def _suiting(row: WaitlistEntry, who: Asker, now: _Round) -> Iterator[Slot]:
    """The free times that suit an entry and have not been offered to it, in order."""
    earliest = max(_until(who) + INSTANT, who.now + timedelta(minutes=row.notice_min))
    suits = [slot for slot in now.free_for(row) if slot.start >= earliest and _fits(slot, row, who.zone)]
    if not suits or booking.has_enough(row.patient_id):
        return  # who could not take it keeps it from nobody
    gone, busy = _offered_before(row), _own_time(row.patient_id)
    for slot in suits:
        if (slot.doctor_id, slot.start) not in gone and not busy.meets(slot.start, slot.end):
            yield slot


def _fits(slot: Slot, row: WaitlistEntry, zone: ZoneInfo) -> bool:
    local = slot.start.astimezone(zone)
    if not row.from_date <= local.date() <= row.to_date:
        return False
    if row.weekdays and local.isoweekday() not in row.weekdays:
        return False
    begins, ends = PARTS[row.day_part] if row.day_part else (time.min, time.max)
    return begins <= local.time() < ends


def _offered_before(row: WaitlistEntry) -> set[tuple[UUID, datetime]]:
    query = select(Appointment.doctor_id, Appointment.starts_at).join(
        WaitlistOffer, WaitlistOffer.appointment_id == Appointment.id
    )
    return {(doctor, start) for doctor, start in db.session.execute(query.where(WaitlistOffer.entry_id == row.id))}


def _until(who: Asker) -> datetime:
    """When an offer that is made now runs out."""
    local = who.now.astimezone(who.zone)
    if FIRST_OFFER <= local.time() < LAST_OFFER:
        return who.now + HELD_FOR
    day = local.date() if local.time() < FIRST_OFFER else local.date() + DAY
    return wall_time.instant(day, HELD_OVERNIGHT, who.zone)


def _own_time(patient_id: UUID) -> Taken:
    """When a patient is busy already."""
    to_come = Appointment.patient_id == patient_id, Appointment.ends_at > clock.now()
    query = select(Appointment.starts_at, Appointment.ends_at).where(*to_come, Appointment.status.in_(BLOCKING))
    return Taken((start, end) for start, end in db.session.execute(query))


def _close_what_is_over(zone: ZoneInfo) -> None:
    today = clock.now().astimezone(zone).date()
    over = WaitlistEntry.state == WAITING, WaitlistEntry.to_date < today
    db.session.execute(update(WaitlistEntry).where(*over).values(state=OVER))
    db.session.commit()
