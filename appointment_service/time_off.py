"""Schedule exceptions: days on which a doctor, or the clinic, does otherwise, and what becomes of who is booked."""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from appointment_service import appointments, diaries, doctors, impact, outbox
from appointment_service.doctors import DoctorNotFound
from appointment_service.models import CANCELLED, Appointment, Doctor, db
from appointment_service.opening import Deviation
from appointment_service.schedule_tables import ScheduleException
from chassis import clock
from chassis.errors import Conflict, NotFound
from chassis.identity import Principal

OnConflict = Literal["keep", "cancel", "offer"]
"""What becomes of people who are booked: they come all the same, they are cancelled, or they are asked to move."""
Plans = dict[UUID, impact.Plan]
MOST_TO_COME = 400
WORDS = {"keep": "displace", "offer": "offer-move", "cancel": "cancel"}


class ExceptionNotFound(NotFound):
    """404: no such exception of this doctor, or of the clinic."""

    code, title = "exception-not-found", "No such exception"
    detail = "There is no such schedule exception."


class EnoughExceptions(Conflict):
    """409: as many exceptions as one doctor, or the clinic, may have: each is read for every free time."""

    code, title = "limit-reached", "Too many entries"
    detail = (
        f"There are {MOST_TO_COME} entries of this kind already. Take some back, or join those that follow each other."
    )


def listed(doctor_id: UUID | None, zone: ZoneInfo) -> Sequence[ScheduleException]:
    """The exceptions of a doctor, or with None of the clinic, that are not over, by their first day."""
    if doctor_id:
        doctors.find(doctor_id)
    query = select(ScheduleException).where(
        ScheduleException.doctor_id.is_not_distinct_from(doctor_id),
        ScheduleException.to_date >= clock.now().astimezone(zone).date(),
    )
    return db.session.scalars(query.order_by(ScheduleException.from_date, ScheduleException.id)).all()


def affected(deviations: Sequence[Deviation], zone: ZoneInfo) -> list[Appointment]:
    """Who is booked at times that these exceptions, all of one doctor or of the clinic, would take. Nothing is written.

    Raises `DoctorNotFound`.
    """
    return impact.stranded(*_plans(deviations, list(_locked(deviations[0].doctor_id)), zone), zone)


def add(
    who: Principal, deviations: Sequence[Deviation], on_conflict: OnConflict | None, zone: ZoneInfo
) -> tuple[list[ScheduleException], list[Appointment]]:
    """Add exceptions, all of one doctor or of the clinic; comes back with them and with the people who were booked.

    Raises `DoctorNotFound`, `EnoughExceptions`, and `HasBookings` when anybody is booked and nothing is said of them.
    """
    before, after = _plans(deviations, list(_locked(deviations[0].doctor_id)), zone)
    if len(listed(deviations[0].doctor_id, zone)) + len(deviations) > MOST_TO_COME:
        raise EnoughExceptions
    people = impact.stranded(before, after, zone)
    if on_conflict is None:
        impact.refuse(people)
    impact.release_held(before, after, zone)
    rows = [_row(who, one) for one in deviations]
    db.session.add_all(rows)
    for one in people:
        _settle(one, who, on_conflict or "keep")
    db.session.commit()
    return rows, people


def remove(who: Principal, exception_id: UUID, zone: ZoneInfo) -> ScheduleException:
    """Take an exception back. Visits that stand in hours again are no longer displaced.

    Raises `ExceptionNotFound`, and `HasBookings` when people are booked in hours it had added.
    """
    found = db.session.get(ScheduleException, exception_id)
    if found is None or (who.role == "doctor" and found.doctor_id != who.id):
        raise ExceptionNotFound
    ids = list(_locked(found.doctor_id))
    before = impact.plans_of(ids, clock.now().astimezone(zone).date())
    gone = diaries.deviation(found)
    after: Plans = {one: (week, _without(gone, others)) for one, (week, others) in before.items()}
    impact.refuse(impact.stranded(before, after, zone))
    impact.release_held(before, after, zone)
    for visit in _displaced(ids):
        if impact.stands(visit, after[visit.doctor_id], zone):
            visit.displaced = False
            visit.version += 1
    db.session.delete(found)
    db.session.commit()
    return found


def _locked(doctor_id: UUID | None) -> dict[UUID, Doctor]:
    """The doctors concerned, in whose hours nobody else changes anything now; the clinic's exceptions concern all."""
    ids = [doctor_id] if doctor_id else list(db.session.scalars(select(Doctor.id)))
    found = doctors.lock(ids)
    if doctor_id and not found:
        raise DoctorNotFound
    return found


def _plans(deviations: Sequence[Deviation], ids: list[UUID], zone: ZoneInfo) -> tuple[Plans, Plans]:
    """How these doctors work, and how they would with these exceptions."""
    before = impact.plans_of(ids, clock.now().astimezone(zone).date())
    return before, {one: (week, [*others, *deviations]) for one, (week, others) in before.items()}


def _without(gone: Deviation, others: Sequence[Deviation]) -> list[Deviation]:
    """The others: of two alike only one goes, and one that is over is not among them."""
    place = others.index(gone) if gone in others else len(others)
    return [*others[:place], *others[place + 1 :]]


def _displaced(ids: list[UUID]) -> Sequence[Appointment]:
    query = select(Appointment).where(Appointment.doctor_id.in_(ids), Appointment.displaced)
    return db.session.scalars(query.where(Appointment.starts_at > clock.now()).with_for_update()).all()


def _settle(visit: Appointment, who: Principal, on_conflict: OnConflict) -> None:
    before = visit.status, visit.starts_at
    visit.version += 1
    if on_conflict == "cancel":
        visit.status, visit.cancelled_at, visit.cancelled_by = CANCELLED, clock.now(), who.id
        visit.cancellation_code = "clinic"
        visit.ical_sequence += 1
    else:
        visit.displaced = True
    appointments.note(visit, who, WORDS[on_conflict], before, code=visit.cancellation_code)
    if on_conflict == "cancel":
        outbox.announce(visit, "cancelled")
    if on_conflict == "offer":
        outbox.announce(visit, "move-wanted")


def _row(who: Principal, one: Deviation) -> ScheduleException:
    row = ScheduleException(doctor_id=one.doctor_id, kind=one.kind, from_date=one.from_date, to_date=one.to_date)
    row.starts, row.ends, row.reason, row.holiday, row.created_by = (
        one.starts,
        one.ends,
        one.reason,
        one.holiday,
        who.id,
    )
    return row
