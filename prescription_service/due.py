"""What a doctor has to think of: medicines that run out soon, and long-term treatment whose review has come.

The last day is worked out where the prescriptions lie, as `current_medicines.course` does for one of them.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import (
    Date,
    Integer,
    Row,
    Select,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    tuple_,
)
from sqlalchemy.orm import aliased

from chassis.identity import Principal
from prescription_service.models import Medicine, Prescription, db

AHEAD, PAST = timedelta(days=14), timedelta(days=30)
"""How long before its day a thing is listed; and how long after it a course that has run out still is."""
SHORTEST = 28
"""Days of a course that is not meant to end: what is taken for a week is not renewed."""

Place = tuple[date, UUID, int]
"""The day, the prescription and the position in it."""


def list_due(doctor: Principal, zone: ZoneInfo, today: date, limit: int, after: Place | None) -> Sequence[Row[Any]]:
    """Up to `limit` of what is due in one's own prescriptions, the earliest first; what was renewed is not."""
    found = _with_days(doctor, zone).subquery()
    last = found.c.review_on, found.c.ends_on
    kind = case((found.c.review_on.is_not(None), "review"), else_="runs-out")
    due_on = func.coalesce(*last).label("due_on")
    runs_out = and_(
        found.c.ends_on.between(today - PAST, today + AHEAD),
        or_(found.c.repeats > 0, found.c.days >= SHORTEST),
    )
    wanted = select(found, kind.label("kind"), due_on).where(or_(found.c.review_on <= today + AHEAD, runs_out))
    place = tuple_(due_on, found.c.prescription_id, found.c.position)
    if after:
        wanted = wanted.where(place > tuple_(*(literal(part) for part in after)))
    return db.session.execute(wanted.order_by(place).limit(limit)).all()


def _with_days(doctor: Principal, zone: ZoneInfo) -> Select[Any]:
    parts = Medicine.structure
    many = cast(parts["duration"]["count"].astext, Integer)
    unit = parts["duration"]["unit"].astext
    repeats = cast(parts["repeats"].astext, Integer)
    days = many * case((unit == "weeks", 7), (unit == "months", 30), else_=1)
    issued_on = cast(func.timezone(str(zone), Prescription.issued_at), Date)
    starts_on = func.coalesce(cast(parts["start_on"].astext, Date), issued_on)
    later = aliased(Prescription)
    renewed = exists().where(later.renews_id == Prescription.id, later.status.in_(("active", "on-hold", "completed")))
    columns: tuple[Any, ...] = (
        *(Prescription.id.label("prescription_id"), Prescription.number, Prescription.patient_id),
        *(Prescription.patient_name, Medicine.position, Medicine.name, Medicine.directions),
        *(repeats.label("repeats"), days.label("days"), (starts_on + days * (1 + repeats) - 1).label("ends_on")),
        cast(parts["duration"]["review_on"].astext, Date).label("review_on"),
    )
    mine = Prescription.doctor_id == doctor.id, Prescription.status == "active", parts.is_not(None), ~renewed
    return select(*columns).join(Medicine, Medicine.prescription_id == Prescription.id).where(*mine)
