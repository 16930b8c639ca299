"""Whether one time can be booked, and if not, why: the refusals that booking and moving share."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, NoReturn
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, Uuid, bindparam, false, or_, select

from appointment_service import appointments, availability, grid, opening, wall_time
from appointment_service.grid import Asker, Diary, Slot
from appointment_service.models import PENDING, TAKES_TIME, Appointment, db
from chassis import clock
from chassis.database import rows, table
from chassis.errors import Conflict, Invalid

ALTERNATIVES = 5
VISIT = table(Appointment).c


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
    """422: the doctor does not work then. Carries `next_available`, if there is any."""

    code, title = "outside-hours", "Outside hours"
    detail = "The doctor does not see patients at this time."


class NotOffered(Invalid):
    """422: not one of the times that are offered, or a wall time that the clocks skip."""

    code, title = "not-offered", "Not offered"
    detail = "This is not one of the times offered. Choose a time from the list."


class SlotTaken(Conflict):
    """409: somebody was faster. Carries up to five `alternatives`."""

    code, title = "slot-taken", "Just taken"
    detail = "That time has just been taken. Choose another one."


class PatientBusy(Conflict):
    """409: the patient has another appointment then. Carries `appointment_id` and `reference` for whom they are."""

    code, title, detail = "patient-busy", "You are busy then", "You already have an appointment at this time."


def instant(wish: datetime, zone: ZoneInfo) -> datetime:
    """The instant that is meant, in UTC. A wall time that comes twice is the first of the two. Raises `NotOffered`."""
    if wish.tzinfo is not None:
        return wish.astimezone(UTC)
    if not wall_time.exists(wish, zone):
        raise NotOffered("The clocks change then, and this time does not exist. Choose another one.")
    return wish.replace(tzinfo=zone).astimezone(UTC)


def offered(diary: Diary, start: datetime, who: Asker) -> Slot:
    """The slot that begins at this instant. Raises the refusals above; of one that is gone, the reason says so."""
    terms = diary.terms
    if (start + terms.duration if who.staff else start) <= who.now:
        raise InPast
    day = start.astimezone(who.zone).date()
    if not who.staff:
        _refuse_too_far_or_soon(diary, start, who)
    found = next(grid.looked_at(diary, day, day, who, only=start), None)
    return _usable(found) if found else _refuse_outside(diary, start, who)


def _refuse_too_far_or_soon(diary: Diary, start: datetime, who: Asker) -> None:
    latest = who.last_day(diary.terms)
    if start.astimezone(who.zone).date() > latest:
        raise TooFar(latest=latest.isoformat())
    if start < who.now + diary.terms.notice:
        raise TooSoon(earliest=(who.now + diary.terms.notice).isoformat())


def _usable(slot: Slot) -> Slot:
    if slot.reason == "time-off":
        raise OutsideHours
    if slot.reason == "opens-later":
        raise NotOffered("This time opens for booking on shorter notice. Choose another one, or try again later.")
    return slot


def _refuse_outside(diary: Diary, start: datetime, who: Asker) -> NoReturn:
    end = start + diary.terms.duration
    day = start.astimezone(who.zone).date()
    for one in (day, day - timedelta(days=1)):
        found = opening.day_of(one, diary.week, diary.deviations, who.zone)
        windows = [w for w in found.windows if w.is_for(diary.terms.visit_type_id)]
        shut = grid.Taken(found.closed).meets(start, end)
        if not shut and any(w.opens <= start and end <= w.closes for w in windows):
            raise NotOffered
    raise OutsideHours


def with_next(
    refusal: OutsideHours,
    doctors: list[UUID] | None,
    visit_type_id: UUID,
    start: datetime,
    who: Asker,
    ignore: UUID | None = None,
) -> OutsideHours:
    """The refusal with the next free time behind the one that was wanted, if there is any."""
    free = availability.coming(doctors, visit_type_id, start.astimezone(who.zone).date(), who, ignore)
    found = next((slot.start for slot in free if slot.start > start), None)
    return OutsideHours(next_available=found.isoformat()) if found else refusal


def refuse_taken(
    patient_id: UUID, diaries: Sequence[Diary], slot: Slot, who: Asker, ignore: UUID | None = None
) -> NoReturn:
    """Say who is taken then: the patient, or the doctor, with what is free instead. `diaries` are of `days_around`."""
    refuse_busy(patient_id, slot, who, ignore)
    _, last = days_around(slot.start, who)
    free = availability.alternatives(diaries, last, slot.start, who, ALTERNATIVES, ignore)
    raise SlotTaken(alternatives=free)


def days_around(start: datetime, who: Asker) -> tuple[date, date]:
    """The local days that are read to look at one time: its own, and a week in which most alternatives lie."""
    day = start.astimezone(who.zone).date()
    return day, day + timedelta(days=7)


def refuse_busy(patient_id: UUID, slot: Slot, who: Asker, ignore: UUID | None = None) -> None:
    """Raises `PatientBusy` where the patient is elsewhere then; with what it is for who may see that appointment."""
    role, person = (who.person.role, who.person.id) if who.person else (None, None)
    given = {"patient_id": patient_id, "person": person, "ignore": ignore, "now": clock.now()}
    found = next(iter(rows(db, _elsewhere(role), **given, start=slot.start, end=slot.end)), None)
    if found and found.seen:
        reference = f"{found.reference[:4]}-{found.reference[4:]}"
        raise busy(who.staff, appointment_id=str(found.id), reference=reference)
    if found:
        raise busy(who.staff)


def busy(staff: bool, **told: Any) -> PatientBusy:
    """The refusal in the words for a patient, or for staff."""
    return PatientBusy("The patient has another appointment at this time." if staff else None, **told)


@cache
def _elsewhere(role: str | None) -> Select[Any]:
    """The visits of a patient at some time, and whether somebody of this role sees them."""
    seen = appointments.visible(role, bindparam("person", type_=Uuid)) if role else false()
    return select(VISIT.id, VISIT.reference, seen.label("seen")).where(
        VISIT.patient_id == bindparam("patient_id"),
        TAKES_TIME,
        or_(VISIT.status != PENDING, VISIT.held_until > bindparam("now")),
        VISIT.id.is_distinct_from(bindparam("ignore", type_=Uuid)),
        VISIT.starts_at < bindparam("end"),
        VISIT.ends_at > bindparam("start"),
    )
