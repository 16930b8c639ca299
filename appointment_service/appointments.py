"""Reading appointments: whose they are, which ones to list, and what has happened to them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, Text, Uuid, and_, bindparam, insert, or_, select, true, tuple_
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
from chassis.database import rows, table
from chassis.errors import NotFound
from chassis.identity import Principal

TO_COME = (BOOKED, ARRIVED, CHECKED_IN)
DAY = timedelta(days=1)
ROW = table(Appointment).c
NOTE = insert(table(AppointmentEvent)).inline()
LEFT_OUT = {"sensitive", "cancelled_by", "block_start", "block_end", "held_until"}
LISTED = [
    one.cast(Text).label(one.name) if isinstance(one.type, Uuid) else one for one in ROW if one.name not in LEFT_OUT
]
"""What is read for a list: columns and no objects, which cost as much again, and ids as they are written."""
CONDITIONS = {
    "status": ROW.status == bindparam("status"),
    "doctor_id": ROW.doctor_id == bindparam("doctor_id"),
    "patient_id": ROW.patient_id == bindparam("patient_id"),
    "first": ROW.starts_at >= bindparam("first"),
    "last": ROW.starts_at < bindparam("last"),
    "since": ROW.starts_at >= bindparam("since"),
    "until": ROW.starts_at < bindparam("until"),
}
"""What each of a filter's values asks for."""


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
    return visible(who.role, who.id)


def visible(role: str, person: Any) -> ColumnElement[bool]:
    """The same for a role and an id, which may be a parameter."""
    seen = [ROW.cancellation_code.is_distinct_from(one) for one in UNSEEN]  # a list of values is written out each time
    if role == "admin":
        return and_(true(), *seen)
    if role == "doctor":
        return and_(ROW.doctor_id == person, *seen)
    return and_(ROW.patient_id == person, ROW.status != IN_ERROR, *seen)


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
    """Up to `limit` appointments this person may see, by time, behind the (start, id) of the last one seen.

    They are `as_read`, with ids as text, and for admins without `notes`.
    """
    given = {name: value for name in CONDITIONS if (value := getattr(wanted, name)) is not None}
    for name, edge in (("first", 0), ("last", 1)):
        if name in given:
            given[name] = wall_time.day_bounds(given[name], given[name], zone)[edge]
    if after:
        given["after"], given["after_id"] = after
    query = _listing(who.role, frozenset(given), wanted.show, wanted.newest_first)
    return as_read(rows(db, query, person=who.id, most=limit, now=clock.now(), **given))


def as_read(found: Sequence[Any]) -> list[Appointment]:
    """Rows that were read by columns: they read like appointments, and nothing becomes of changing them."""
    names = found[0]._fields if found else ()
    return [cast(Appointment, SimpleNamespace(**dict(zip(names, row, strict=True)))) for row in found]


@lru_cache(maxsize=500)
def _listing(role: str, given: frozenset[str], show: str | None, newest_first: bool) -> Select[Any]:
    """The query for a filter in which these values are given. Kept: to put it together costs more than to run it."""
    conditions = [visible(role, bindparam("person")), *[CONDITIONS[name] for name in CONDITIONS if name in given]]
    if "status" not in given:
        conditions.append(ROW.status != PENDING)
    if show:
        conditions.append(_standing(show))
    order = tuple_(ROW.starts_at, ROW.id)
    if "after" in given:
        seen = tuple_(bindparam("after"), bindparam("after_id"))
        conditions.append(order < seen if newest_first else order > seen)
    columns = [column for column in LISTED if role != "admin" or column is not ROW.notes]
    by_time = [one.desc() if newest_first else one for one in (ROW.starts_at, ROW.id)]
    return select(*columns).where(*conditions).order_by(*by_time).limit(bindparam("most"))


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
    rows(
        db,
        NOTE,
        appointment_id=appointment.id,
        at=clock.now(),
        action=action,
        actor_id=who.id if who else None,
        actor_role=who.role if who else "program",
        actor_name=who.name if who else "",
        from_status=before[0],
        from_start=before[1],
        to_status=appointment.status,
        to_start=appointment.starts_at,
        detail={name: value for name, value in detail.items() if value not in (None, "")},
    )


def _for(who: Principal, query: Any) -> Any:
    return query.options(defer(Appointment.notes, raiseload=True)) if who.role == "admin" else query


def _standing(show: str) -> ColumnElement[bool]:
    """Where appointments stand now. The bounds on the start are wide; they let an index find where to begin."""
    if show == "cancelled":
        return ROW.status == CANCELLED
    now, to_come = bindparam("now", type_=ROW.starts_at.type), ROW.status.in_(TO_COME)
    if show == "upcoming":
        return and_(to_come, ROW.ends_at > now, ROW.starts_at > now - DAY)
    over = or_(ROW.status.in_((FULFILLED, NO_SHOW)), and_(to_come, ROW.ends_at <= now))
    return and_(over, ROW.starts_at < now + DAY)
