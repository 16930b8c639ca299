"""The waiting list: joining it, leaving it, and taking or declining the time that is held for one."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import func, select

from appointment_service import (
    appointments,
    booking,
    doctors,
    holds,
    outbox,
    turns,
    visit_types,
)
from appointment_service.models import BOOKED, PENDING, Appointment, db
from appointment_service.visit_types import VisitTypeUnavailable
from appointment_service.waiting_list_tables import BOOKED as GOT_ONE
from appointment_service.waiting_list_tables import LEFT, WAITING, WaitlistEntry, WaitlistOffer
from chassis import clock
from chassis.errors import Conflict, NotFound, Refusal
from chassis.identity import Principal

MOST_ENTRIES = 5


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
