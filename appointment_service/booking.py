"""The rules of booking: a patient, or a doctor for one of theirs, takes a free time. PostgreSQL decides every race."""

import secrets
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, NoReturn
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import Row, bindparam, func, select
from sqlalchemy.dialects.postgresql import insert

from appointment_service import (
    appointments,
    diaries,
    doctors,
    grid,
    holds,
    outbox,
    own_list,
    slot_test,
    turns,
    visit_types,
)
from appointment_service.grid import Asker, Diary, Slot
from appointment_service.models import BOOKED, PENDING, TAKES_TIME, Appointment, Doctor, db
from appointment_service.visit_types import Terms, VisitTypeUnavailable
from chassis import clock
from chassis.database import rows, table
from chassis.errors import Conflict, Invalid
from chassis.identity import Principal

MOST_TO_COME = 5
LONGEST_VISIT = timedelta(hours=8)
REFERENCE_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base32


VISIT = table(Appointment)
MAKE = insert(VISIT).on_conflict_do_nothing().returning(*VISIT.c)
THEN = (
    select(VISIT.c.id)
    .where(VISIT.c.doctor_id == bindparam("doctor_id"), TAKES_TIME, VISIT.c.starts_at > bindparam("longest"))
    .where(VISIT.c.starts_at <= bindparam("start"), VISIT.c.ends_at > bindparam("start"))
    .limit(1)
)
TO_COME = (
    select(VISIT.c.id)
    .where(VISIT.c.patient_id == bindparam("patient_id"), VISIT.c.status == BOOKED)
    .where(VISIT.c.starts_at > bindparam("now"))
    .limit(MOST_TO_COME)
)
LOOKS = select(
    holds.DEAD.exists().label("dead"),
    select(func.count()).select_from(TO_COME.subquery()).scalar_subquery().label("to_come"),
    THEN.exists().label("taken"),
    holds.WAITS.exists().label("waits"),
)
"""What is looked at in the turn, at once: dead holds, as many visits to come as one may have, who has the time, and
whether the patient waits for such a visit."""


class DoctorNotBookable(Conflict):
    """409: the doctor takes no bookings now."""

    code, title, detail = "doctor-not-bookable", "Not bookable", "This doctor takes no bookings at the moment."


class LimitReached(Conflict):
    """409: as many appointments to come as one patient may have."""

    code, title = "limit-reached", "Too many appointments"
    detail = f"You have {MOST_TO_COME} appointments to come. Cancel one, or phone the clinic."


@dataclass(frozen=True)
class Patient:
    """Whom an appointment is for, as it is copied onto the row."""

    id: UUID
    name: str
    birth_date: date | None


@dataclass(frozen=True)
class Wish:
    """What somebody wants to book. `time` is naive for the clinic's wall time, or aware.

    A doctor of None is any one, a visit type of None the standard one. `overbook` is the reason to do so on purpose.
    """

    doctor_id: UUID | None
    time: datetime
    notes: str = ""
    visit_type_id: UUID | None = None
    overbook: str | None = None


def book(who: Principal, wish: Wish, zone: ZoneInfo) -> Appointment:
    """Book a time for the patient `who`. Raises what is named here and in `slot_test`; nothing is written then."""
    return _book(who, Patient(who.id, who.name, who.birth_date), wish, grid.asker(zone, staff=False, person=who))


def book_for(who: Principal, patient_id: UUID, wish: Wish, zone: ZoneInfo) -> Appointment:
    """Book a time of the doctor `who` for a patient of their own list, whatever notice and horizon say.

    Raises `PatientNotFound` for anybody else's patient, and the refusals of `book`.
    """
    patient = Patient(patient_id, *own_list.known_as(who, patient_id))
    return _book(who, patient, wish, grid.asker(zone, staff=True, person=who))


def _book(who: Principal, patient: Patient, wish: Wish, asker: Asker) -> Appointment:
    start = slot_test.instant(wish.time, asker.zone)
    terms = _offering(wish.doctor_id, wish.visit_type_id, asker)
    at_once = wish.doctor_id is not None and not wish.overbook
    if at_once and _somebody_has(terms[0], start):
        _look(patient, terms, start, asker)  # refuses; most who come too late need not wait for anybody's turn
    turn = turns.wait(patient.id, [one.doctor_id for one in terms])
    found = _in_turn(patient, list(turn), terms[0], start)
    terms = [one for one in terms if turn[one.doctor_id].bookable]
    if not terms:
        raise DoctorNotBookable
    if not asker.staff and found.to_come >= MOST_TO_COME:
        raise LimitReached
    if at_once and found.taken:
        db.session.rollback()  # the turn is over: nobody waits while other times are looked for
        raise slot_test.SlotTaken(alternatives=[_look(patient, terms, start, asker)])
    slot = _overbooked(terms[0], start, asker) if wish.overbook else _chosen(patient, terms, start, asker)
    chosen = next(one for one in terms if one.doctor_id == slot.doctor_id)
    made = _insert(patient, turn[slot.doctor_id], slot, chosen, wish)
    if made is None:
        _refuse_taken(patient, terms, slot, asker)
    appointments.note(made, who, "book", overbook=wish.overbook)
    if found.waits:
        holds.close_matching(patient.id, chosen.visit_type_id)
    outbox.announce(made, "booked")
    db.session.commit()
    return made


def _offering(doctor_id: UUID | None, visit_type_id: UUID | None, who: Asker) -> list[Terms]:
    """The terms of those among whom to choose. Raises `DoctorNotFound`, `DoctorNotBookable`, `VisitTypeUnavailable`."""
    found = visit_types.terms_of([doctor_id] if doctor_id else None, visit_type_id, staff=who.staff)
    if not found and doctor_id and not doctors.find(doctor_id).bookable:
        raise DoctorNotBookable
    if not found and visit_type_id is None:  # a clinic that has made no visit type has one from now on
        return _offering(doctor_id, visit_types.standard(), who)
    if not found:
        raise VisitTypeUnavailable
    return found


def _somebody_has(terms: Terms, start: datetime) -> bool:
    given = {"doctor_id": terms.doctor_id, "start": start, "longest": start - LONGEST_VISIT}
    return bool(rows(db, THEN, **given))


def _in_turn(patient: Patient, doctor_ids: list[UUID], terms: Terms, start: datetime) -> Row[Any]:
    """What `LOOKS` sees when dead holds have been given back. `taken` is of the doctor of these terms."""
    given = {
        "ids": doctor_ids,
        "patient_id": patient.id,
        "visit_type_id": terms.visit_type_id,
        "doctor_id": terms.doctor_id,
        "start": start,
        "longest": start - LONGEST_VISIT,
        "now": clock.now(),
    }
    found: Row[Any] = rows(db, LOOKS, **given)[0]
    if found.dead:
        holds.expire(doctor_ids, patient.id)
        found = rows(db, LOOKS, **given)[0]
    return found


def _look(patient: Patient, terms: list[Terms], start: datetime, who: Asker) -> Slot:
    """The slot at this time, where it is free after all. Raises what `_chosen` raises, with what else is free."""
    known = diaries.load(None, terms[0].visit_type_id, *slot_test.days_around(start, who), who, terms=terms)
    found = [slot for slot in _free(known, terms, start, who) if slot.reason is None]
    if not found:
        slot_test.refuse_taken(patient.id, known, Slot(start, start + terms[0].duration, terms[0].doctor_id), who)
    return found[0]


def _chosen(patient: Patient, terms: list[Terms], start: datetime, who: Asker) -> Slot:
    """The slot at this time; of several doctors that of who has given away least of that day, else the first by id."""
    day = start.astimezone(who.zone).date()
    known = diaries.load(None, terms[0].visit_type_id, day, day, who, terms=terms)
    found = _free(known, terms, start, who)
    free = [slot for slot in found if slot.reason is None]
    if not free:
        _refuse_taken(patient, terms, found[0], who)
    ids = [slot.doctor_id for slot in free]
    minutes = diaries.booked_minutes(ids, day, who.zone) if len(free) > 1 else {}
    return min(free, key=lambda slot: (minutes.get(slot.doctor_id, 0), slot.doctor_id))


def _refuse_taken(patient: Patient, terms: list[Terms], slot: Slot, who: Asker) -> NoReturn:
    slot_test.refuse_busy(patient.id, slot, who)
    known = diaries.load(None, terms[0].visit_type_id, *slot_test.days_around(slot.start, who), who, terms=terms)
    slot_test.refuse_taken(patient.id, known, slot, who)


def _free(known: list[Diary], terms: list[Terms], start: datetime, who: Asker) -> list[Slot]:
    """The slots of those who offer this time, taken or not. Raises the first refusal when nobody does."""
    found: list[Slot] = []
    refusals: list[Invalid] = []
    for diary in known:
        try:
            found.append(slot_test.offered(diary, start, who))
        except Invalid as refusal:
            refusals.append(refusal)
    if not found and isinstance(refusals[0], slot_test.OutsideHours):
        ids = [one.doctor_id for one in terms]
        raise slot_test.with_next(refusals[0], ids, terms[0].visit_type_id, start, who) from refusals[0]
    if not found:
        raise refusals[0]
    return found


def _overbooked(terms: Terms, start: datetime, who: Asker) -> Slot:
    slot = Slot(start, start + terms.duration, terms.doctor_id)
    if slot.end <= who.now:
        raise slot_test.InPast
    return slot


def refuse_over_limit(patient_id: UUID) -> None:
    """Raises `LimitReached` where a patient has appointments enough to come."""
    if has_enough(patient_id):
        raise LimitReached


def has_enough(patient_id: UUID) -> bool:
    """Whether a patient has as many appointments to come as one may have."""
    return len(rows(db, TO_COME, patient_id=patient_id, now=clock.now())) >= MOST_TO_COME


def hold(patient: Patient, doctor: Doctor, slot: Slot, terms: Terms, until: datetime) -> Appointment | None:
    """A time that is held for somebody, without commit; None when the doctor or the patient is taken then."""
    return _insert(patient, doctor, slot, terms, Wish(doctor.id, slot.start), until)


def _insert(
    patient: Patient, doctor: Doctor, slot: Slot, terms: Terms, wish: Wish, held_until: datetime | None = None
) -> Appointment | None:
    """The new row, or None when a constraint says that the doctor or the patient is taken then.

    ON CONFLICT lets the constraint answer at once: a plain INSERT that waits on two of them deadlocks under load.
    """
    values = {
        "id": uuid4(),
        "reference": new_reference(),
        "patient_id": patient.id,
        "patient_name": patient.name,
        "patient_birth_date": patient.birth_date,
        "status": PENDING if held_until else BOOKED,
        "held_until": held_until,
        "notes": wish.notes,
        "overbook": bool(wish.overbook),
        **place_of(doctor),
        **time_of(slot, terms),
        **kind_of(terms),
    }
    return next(iter(appointments.as_read(rows(db, MAKE, **values))), None)


def new_reference() -> str:
    """Eight characters by which people speak of an appointment; they tell nothing."""
    return "".join(secrets.choice(REFERENCE_LETTERS) for _ in range(8))


def place_of(doctor: Doctor) -> dict[str, Any]:
    """Whom and where, as it is copied onto the row."""
    return {
        "doctor_id": doctor.id,
        "doctor_name": doctor.name,
        "doctor_specialty": doctor.specialty,
        "room": doctor.room,
    }


def time_of(slot: Slot, terms: Terms) -> dict[str, datetime]:
    """The visit, and the block it takes of the doctor's time."""
    return {
        "starts_at": slot.start.astimezone(UTC),
        "ends_at": slot.end.astimezone(UTC),
        "block_start": slot.start.astimezone(UTC) - terms.buffer_before,
        "block_end": slot.end.astimezone(UTC) + terms.buffer_after,
    }


def kind_of(terms: Terms) -> dict[str, Any]:
    """The kind of visit and its terms, as they are copied onto the row."""
    return {
        "visit_type_id": terms.visit_type_id,
        "visit_type_name": terms.public_name,
        "sensitive": terms.sensitive,
        "move_cutoff_min": terms.move_cutoff_min,
        "cancel_cutoff_min": terms.cancel_cutoff_min,
        "late_cancel_min": terms.late_cancel_min,
    }
