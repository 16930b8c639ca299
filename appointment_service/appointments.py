"""Reading appointments: whose they are, which ones to list, and what has happened to them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, or_, select, true, tuple_
from sqlalchemy.orm import defer

from appointment_service import wall_time
from appointment_service.models import (
    ARRIVED,
    BOOKED,
    CANCELLED,
    CHECKED_IN,
    FULFILLED,
    IN_ERROR,
    NO_SHOW,
    PENDING,
    UNSEEN,
    Appointment,
    AppointmentEvent,
    db,
)
from chassis import clock
from chassis.errors import NotFound
from chassis.identity import Principal

TO_COME = (BOOKED, ARRIVED, CHECKED_IN)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Filter:
    """Which appointments to list. Days are local, both included; times that are only held are listed when asked for.

    `show` is `upcoming` (ahead or going on), `past` (over, or as good as) or `cancelled`. `since` is the first instant,
    `until` the one behind the last.
    """

    first: date | None = None
    last: date | None = None
    status: str | None = None
    doctor_id: UUID | None = None
    patient_id: UUID | None = None
    newest_first: bool = False
    show: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def visible_to(who: Principal) -> ColumnElement[bool]:
    """The appointments this person may see: one's own, as patient or as doctor; admins see all.

    What was entered in error is hidden from the patient, and what was held and given back from everybody.
    """
    seen = or_(Appointment.cancellation_code.is_(None), Appointment.cancellation_code.not_in(UNSEEN))
    if who.role == "admin":
        return and_(true(), seen)
    if who.role == "doctor":
        return and_(Appointment.doctor_id == who.id, seen)
    return and_(Appointment.patient_id == who.id, Appointment.status != IN_ERROR, seen)


def find(who: Principal, appointment_id: UUID, *, lock: bool = False) -> Appointment:
    """An appointment this person may see, or `NotFound`. For admins why somebody comes stays in the database.

    `lock` reads it anew and keeps it as it is until the transaction ends.
    """
    query = _for(who, select(Appointment).where(Appointment.id == appointment_id, visible_to(who)))
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    appointment: Appointment | None = db.session.scalar(query)
    if appointment is None:
        raise NotFound
    return appointment


def list_visible(
    who: Principal, wanted: Filter, limit: int, after: tuple[datetime, UUID] | None, zone: ZoneInfo
) -> Sequence[Appointment]:
    """Up to `limit` appointments this person may see, by time, behind the (start, id) of the last one seen."""
    key = tuple_(Appointment.starts_at, Appointment.id)
    query = _for(who, select(Appointment).where(visible_to(who), *_conditions(wanted, zone)).limit(limit))
    if after:
        query = query.where(key < after if wanted.newest_first else key > after)
    order = [Appointment.starts_at, Appointment.id]
    return db.session.scalars(query.order_by(*[c.desc() if wanted.newest_first else c for c in order])).all()


def history(who: Principal, appointment_id: UUID) -> tuple[Appointment, Sequence[AppointmentEvent]]:
    """What has happened to an appointment this person may see, the first thing first. Raises `NotFound`."""
    found = find(who, appointment_id)
    query = select(AppointmentEvent).where(AppointmentEvent.appointment_id == found.id)
    return found, db.session.scalars(query.order_by(AppointmentEvent.sequence)).all()


def note(
    appointment: Appointment,
    who: Principal | None,
    action: str,
    before: tuple[str | None, datetime | None] = (None, None),
    **detail: Any,
) -> None:
    """Add a line to an appointment's history; `before` is its status and start until now. Who of None is a program."""
    event = AppointmentEvent(appointment_id=appointment.id, at=clock.now(), action=action)
    event.actor_id = who.id if who else None
    event.actor_role, event.actor_name = (who.role, who.name) if who else ("program", "")
    event.from_status, event.from_start = before
    event.to_status, event.to_start = appointment.status, appointment.starts_at
    event.detail = {name: value for name, value in detail.items() if value not in (None, "")}
    db.session.add(event)


def _for(who: Principal, query: Any) -> Any:
    return query.options(defer(Appointment.notes, raiseload=True)) if who.role == "admin" else query


def _conditions(wanted: Filter, zone: ZoneInfo) -> list[ColumnElement[bool]]:
    found = [Appointment.status == wanted.status if wanted.status else Appointment.status != PENDING]
    if wanted.show:
        found.append(_standing(wanted.show))
    found += _starting(wanted, zone)
    if wanted.doctor_id:
        found.append(Appointment.doctor_id == wanted.doctor_id)
    if wanted.patient_id:
        found.append(Appointment.patient_id == wanted.patient_id)
    return found


def _starting(wanted: Filter, zone: ZoneInfo) -> list[ColumnElement[bool]]:
    """Between the days, and between the instants."""
    since = [wall_time.day_bounds(wanted.first, wanted.first, zone)[0]] if wanted.first else []
    until = [wall_time.day_bounds(wanted.last, wanted.last, zone)[1]] if wanted.last else []
    since += [wanted.since] if wanted.since else []
    until += [wanted.until] if wanted.until else []
    return [Appointment.starts_at >= one for one in since] + [Appointment.starts_at < one for one in until]


def _standing(show: str) -> ColumnElement[bool]:
    """Where appointments stand now. The bounds on the start are wide; they let an index find where to begin."""
    if show == "cancelled":
        return Appointment.status == CANCELLED
    now, to_come = clock.now(), Appointment.status.in_(TO_COME)
    if show == "upcoming":
        return and_(to_come, Appointment.ends_at > now, Appointment.starts_at > now - DAY)
    over = or_(Appointment.status.in_((FULFILLED, NO_SHOW)), and_(to_come, Appointment.ends_at <= now))
    return and_(over, Appointment.starts_at < now + DAY)
