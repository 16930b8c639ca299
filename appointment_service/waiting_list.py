"""The waiting list: a time that comes free is held for who has waited longest, for one at a time and never for all."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, update

from appointment_service import (
    appointments,
    availability,
    booking,
    doctors,
    holds,
    outbox,
    turns,
    visit_types,
    wall_time,
)
from appointment_service.availability import Asker, Slot, Taken
from appointment_service.booking import Patient
from appointment_service.models import BLOCKING, BOOKED, PENDING, Appointment, db
from appointment_service.visit_types import VisitTypeUnavailable
from appointment_service.waiting_list_tables import BOOKED as GOT_ONE
from appointment_service.waiting_list_tables import LEFT, OVER, WAITING, WaitlistEntry, WaitlistOffer
from chassis import clock
from chassis.errors import Conflict, NotFound, Refusal
from chassis.identity import Principal

HELD_FOR = timedelta(minutes=30)
FIRST_OFFER, LAST_OFFER, HELD_OVERNIGHT = time(8), time(20), time(8, 30)
"""Wall times: offers run out half an hour after they are made, and those made at night in the morning."""
MOST_ENTRIES = 5
PARTS = {"morning": (time(0), time(12)), "afternoon": (time(12), time(17)), "evening": (time(17), time.max)}
DAY, INSTANT = timedelta(days=1), timedelta(microseconds=1)


class OfferExpired(Refusal):
    """410: the offer has run out; the time goes to the next one who waits."""

    status = 410
    code, title = "offer-expired", "No longer held"
    detail = "We kept this time for a while, and it has gone on to somebody else. You still wait for the next one."


class NoOffer(Conflict):
    """409: nothing is offered to this entry now."""

    code, title, detail = "no-offer", "Nothing offered", "No time is held for you at the moment."


class EnoughEntries(Conflict):
    """409: as many entries as one patient may have."""

    code, title = "limit-reached", "Too many entries"
    detail = f"You wait for {MOST_ENTRIES} visits already. Leave one of these lists first."


@dataclass(frozen=True)
class Hope:
    """What somebody waits for. Days are local, both included; None is any."""

    visit_type_id: UUID | None
    doctor_id: UUID | None
    from_date: date
    to_date: date
    weekdays: list[int] | None
    day_part: str | None
    notice_min: int


@dataclass(frozen=True)
class Entry:
    """An entry, and the appointment that is held for it now, if there is one."""

    row: WaitlistEntry
    offer: Appointment | None
    visit_type_name: str
    doctor_name: str | None


def join(who: Principal, hope: Hope) -> Entry:
    """Begin to wait. Raises `DoctorNotFound`, `VisitTypeUnavailable` and `EnoughEntries`."""
    kind = hope.visit_type_id or visit_types.standard()
    if hope.doctor_id:
        doctors.find(hope.doctor_id)
    if not visit_types.terms_of([hope.doctor_id] if hope.doctor_id else None, kind, staff=False):
        raise VisitTypeUnavailable
    turns.take(who.id, [])
    own = select(func.count()).where(WaitlistEntry.patient_id == who.id, WaitlistEntry.state == WAITING)
    if (db.session.scalar(own) or 0) >= MOST_ENTRIES:
        raise EnoughEntries
    row = WaitlistEntry(patient_id=who.id, patient_name=who.name, patient_birth_date=who.birth_date)
    row.visit_type_id, row.doctor_id = kind, hope.doctor_id
    row.from_date, row.to_date, row.notice_min = hope.from_date, hope.to_date, hope.notice_min
    row.weekdays, row.day_part = hope.weekdays, hope.day_part
    db.session.add(row)
    db.session.commit()
    return _entry(row)


def listed(who: Principal) -> list[Entry]:
    """One's own entries that still wait, the oldest first."""
    own = WaitlistEntry.patient_id == who.id, WaitlistEntry.state == WAITING
    rows = db.session.scalars(select(WaitlistEntry).where(*own).order_by(WaitlistEntry.created_at, WaitlistEntry.id))
    return [_entry(row) for row in rows]


def find(who: Principal, entry_id: UUID) -> Entry:
    """One of one's own entries, whatever became of it. Raises `NotFound`."""
    return _entry(_own(who, entry_id))


def leave(who: Principal, entry_id: UUID) -> Entry:
    """Wait no longer; what is held goes on to the next one. Doing it again changes nothing. Raises `NotFound`."""
    row, held, _ = _in_turn(who, entry_id)
    if row.state == WAITING:
        row.state = LEFT
        if held:
            holds.release(held, who)
    db.session.commit()
    return _entry(row)


def decline(who: Principal, entry_id: UUID, offered: UUID | None = None) -> Entry:
    """Let the `offered` time go (None: what is held), and wait on. Raises `NotFound`, `NoOffer` and `OfferExpired`."""
    row, held, ran_out = _in_turn(who, entry_id, offered)
    if held is None:
        raise OfferExpired if ran_out else NoOffer
    holds.release(held, who)
    db.session.commit()
    return _entry(row)


def accept(who: Principal, entry_id: UUID, offered: UUID | None = None) -> Appointment:
    """Take the `offered` time (None: whichever is held). Taking it again gives the same appointment.

    Raises `NotFound`, `NoOffer`, `OfferExpired`, and `LimitReached` where there are appointments enough.
    """
    row, held, ran_out = _in_turn(who, entry_id, offered)
    if held is None:
        if ran_out:
            raise OfferExpired
        return _taken(row)
    booking.refuse_over_limit(who.id)
    held.status, held.held_until, held.version = BOOKED, None, held.version + 1
    holds.end_offer(held.id, holds.ACCEPTED)
    row.state = GOT_ONE
    appointments.note(held, who, "accept", (PENDING, held.starts_at))
    holds.close_matching(who.id, row.visit_type_id)
    outbox.announce(held, "booked")
    db.session.commit()
    return held


class _Round:
    """What is free in one round, read once for all who wait for the same: those nothing suits cost no statement."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._who = availability.asker(zone, staff=False)
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


def forget(patient_id: UUID) -> None:
    """Who has closed their account waits for nothing; what is held for them goes on to the next one."""
    waiting = select(WaitlistEntry).where(WaitlistEntry.patient_id == patient_id, WaitlistEntry.state == WAITING)
    seen = [holds.held_for(row.id) for row in db.session.scalars(waiting).all()]
    turns.take(patient_id, {held.doctor_id for held in seen if held})
    for row in db.session.scalars(waiting.execution_options(populate_existing=True)).all():
        row.state = LEFT
        if held := holds.held_for(row.id):
            holds.release(held, None)
    db.session.commit()


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
    who = availability.asker(zone, staff=False)
    for seen in _suiting(row, who, now):
        turn = turns.take(row.patient_id, [seen.doctor_id])
        day = seen.start.astimezone(zone).date()
        diaries = availability.load([seen.doctor_id], row.visit_type_id, day, day, who)
        free = [s for one in diaries for s in availability.looked_at(one, day, day, who) if s == seen and not s.reason]
        db.session.refresh(row)
        waits = row.state == WAITING and holds.held_for(row.id) is None
        if free and waits and not _own_time(row.patient_id).meets(seen.start, seen.end):
            patient = Patient(row.patient_id, row.patient_name, row.patient_birth_date)
            until = _until(who)
            made = booking.hold(patient, turn[seen.doctor_id], free[0], diaries[0].terms, until)
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


def _own(who: Principal, entry_id: UUID) -> WaitlistEntry:
    own = WaitlistEntry.id == entry_id, WaitlistEntry.patient_id == who.id
    row = db.session.scalar(select(WaitlistEntry).where(*own).execution_options(populate_existing=True))
    if row is None:
        raise NotFound
    return row


def _in_turn(
    who: Principal, entry_id: UUID, offered: UUID | None = None
) -> tuple[WaitlistEntry, Appointment | None, bool]:
    """An own entry, what is held for it, and whether that has just run out; in the turns of both.

    Raises `NotFound`, and `OfferExpired` where another time than the `offered` one is held by now: nobody takes or lets
    go what they have not seen.
    """
    row = _own(who, entry_id)
    seen = holds.held_for(row.id)
    turns.take(who.id, [seen.doctor_id] if seen else [])
    row = _own(who, entry_id)
    held = holds.held_for(row.id)
    if held and offered not in (None, held.id):
        raise OfferExpired
    return row, held, bool(seen and held is None and row.state == WAITING)


def _taken(row: WaitlistEntry) -> Appointment:
    query = select(Appointment).join(WaitlistOffer, WaitlistOffer.appointment_id == Appointment.id)
    taken = WaitlistOffer.entry_id == row.id, WaitlistOffer.outcome == holds.ACCEPTED, Appointment.status == BOOKED
    found = db.session.scalar(query.where(*taken))
    if found is None:
        raise NoOffer
    return found


def _entry(row: WaitlistEntry) -> Entry:
    kind = visit_types.find(row.visit_type_id)
    doctor = doctors.find(row.doctor_id) if row.doctor_id else None
    held = holds.held_for(row.id) if row.state == WAITING else None
    standing = held if held and held.held_until and held.held_until > clock.now() else None
    return Entry(row, standing, kind.public_name, doctor.name if doctor else None)
