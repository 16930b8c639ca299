"""The rules of visit types: what kinds of visit there are, and on which terms each doctor offers them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import ARRAY, ColumnElement, Row, Uuid, and_, any_, bindparam, delete, func, select, true
from sqlalchemy.dialects.postgresql import insert

from appointment_service import doctors
from appointment_service.models import Doctor, db
from appointment_service.schedule_tables import LIMITS, VisitType, VisitTypeOverride
from chassis.database import rows, table, violating
from chassis.errors import Conflict, Invalid, NotFound
from chassis.identity import Principal
from chassis.versions import CheckVersion

STANDARD = uuid5(NAMESPACE_URL, "urn:visit-type:consultation")
"""The visit type a clinic has before anybody has thought of visit types."""


class VisitTypeNotFound(NotFound):
    """404: no visit type has this id."""

    code, title, detail = "visit-type-not-found", "No such visit type", "There is no visit type with this id."


class VisitTypeUnavailable(Invalid):
    """422: this doctor does not offer this kind of visit, or only the clinic books it."""

    code, title = "visit-type-unavailable", "Not this kind of visit"
    detail = "This kind of visit cannot be booked with this doctor here. Choose another one, or phone the clinic."


class NameTaken(Conflict):
    """409: another visit type has this name."""

    code, title, detail = "name-taken", "Name in use", "Another visit type has this name. Choose another one."


@dataclass(frozen=True)
class Terms:
    """On which terms one doctor offers one kind of visit."""

    doctor_id: UUID
    visit_type_id: UUID
    public_name: str
    sensitive: bool
    bookable_by: str
    duration: timedelta
    buffer_before: timedelta
    buffer_after: timedelta
    step: timedelta
    notice: timedelta
    horizon: timedelta
    move_cutoff_min: int
    cancel_cutoff_min: int
    late_cancel_min: int


def _for_patients() -> ColumnElement[bool]:
    return and_(VisitType.active, VisitType.bookable_by == "patient")


KIND, OWN, WHO = table(VisitType), table(VisitTypeOverride), table(Doctor)
OVERRIDDEN = (*LIMITS, "bookable_by")
"""What a doctor's override replaces, field by field."""
FIRST = (
    select(KIND.c.id)
    .where(KIND.c.active, KIND.c.bookable_by == "patient")
    .order_by(KIND.c.position, KIND.c.name)
    .limit(1)
)
OF_ALL = (
    select(
        WHO.c.id.label("doctor_id"),
        KIND.c.id.label("visit_type_id"),
        KIND.c.public_name,
        KIND.c.sensitive,
        *[func.coalesce(OWN.c[name], KIND.c[name]).label(name) for name in OVERRIDDEN],
    )
    .join_from(WHO, KIND, KIND.c.id == func.coalesce(bindparam("visit_type_id", type_=Uuid), FIRST.scalar_subquery()))
    .outerjoin(OWN, and_(OWN.c.doctor_id == WHO.c.id, OWN.c.visit_type_id == KIND.c.id))
    .where(WHO.c.bookable, KIND.c.active, func.coalesce(OWN.c.offered, true()))
    .order_by(WHO.c.id)
)
OF_THESE = OF_ALL.where(WHO.c.id == any_(bindparam("ids", type_=ARRAY(Uuid))))


def listed(who: Principal | None) -> Sequence[VisitType]:
    """All visit types for staff, in their order; for anybody else those that patients book."""
    standard()
    query = select(VisitType).order_by(VisitType.position, VisitType.name, VisitType.id)
    if who is None or who.role == "patient":
        query = query.where(_for_patients())
    return db.session.scalars(query).all()


def find(visit_type_id: UUID, *, lock: bool = False) -> VisitType:
    """One visit type, or `VisitTypeNotFound`."""
    query = select(VisitType).where(VisitType.id == visit_type_id)
    found = db.session.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise VisitTypeNotFound
    return found


def create(values: Mapping[str, Any]) -> VisitType:
    """A new visit type. Raises `NameTaken`."""
    made = VisitType(**values)
    db.session.add(made)
    with violating("uq_visit_type_name", NameTaken()):
        db.session.flush()
    db.session.commit()
    return made


def change(visit_type_id: UUID, values: Mapping[str, Any], check: CheckVersion) -> VisitType:
    """Change a visit type; what is booked keeps the terms it was booked on. `check` looks at the version it had.

    Raises `VisitTypeNotFound`, `NameTaken`.
    """
    found = find(visit_type_id, lock=True)
    check(found.version)
    for name, value in values.items():
        setattr(found, name, value)
    found.version += 1
    with violating("uq_visit_type_name", NameTaken()):
        db.session.flush()
    db.session.commit()
    return found


def override(doctor_id: UUID, said: Mapping[UUID, Mapping[str, Any]]) -> Sequence[VisitTypeOverride]:
    """Let one doctor do otherwise, by visit type and field; None is as everybody does it. Replaces what was said.

    Raises `DoctorNotFound` and `VisitTypeNotFound`.
    """
    if not doctors.lock([doctor_id]):
        raise doctors.DoctorNotFound
    for visit_type_id in said:
        find(visit_type_id)
    db.session.execute(delete(VisitTypeOverride).where(VisitTypeOverride.doctor_id == doctor_id))
    db.session.add_all(VisitTypeOverride(doctor_id=doctor_id, visit_type_id=one, **said[one]) for one in said)
    db.session.commit()
    return overrides_of(doctor_id)


def overrides_of(doctor_id: UUID) -> Sequence[VisitTypeOverride]:
    """What one doctor does otherwise. Raises `DoctorNotFound`."""
    doctors.find(doctor_id)
    query = select(VisitTypeOverride).where(VisitTypeOverride.doctor_id == doctor_id)
    return db.session.scalars(query.order_by(VisitTypeOverride.visit_type_id)).all()


def offers_of(doctor_id: UUID) -> list[tuple[Terms, str]]:
    """What one doctor offers to patients, each with its description, in the order of the visit types."""
    return [(terms, kind.description) for kind in listed(None) for terms in terms_of([doctor_id], kind.id, staff=False)]


def offered_by(ids: Iterable[UUID]) -> dict[UUID, list[Terms]]:
    """What each of these doctors offers to patients, in the order of the visit types."""
    found: dict[UUID, list[Terms]] = {one: [] for one in ids}
    for kind in listed(None):
        for terms in terms_of(found, kind.id, staff=False):
            found[terms.doctor_id].append(terms)
    return found


def offering(visit_type_id: UUID) -> list[UUID]:
    """The doctors who offer a kind of visit to patients, by id; nobody does, where there is no such kind."""
    return [terms.doctor_id for terms in terms_of(None, visit_type_id, staff=False)]


def standard() -> UUID:
    """The visit type that is meant where none is named: the first one patients book.

    A clinic that has none gets one, committed at once: call this before anything else of a transaction.
    """
    found = rows(db, FIRST)
    if not found:
        made = {"id": STANDARD, "name": "Consultation", "public_name": "Consultation"}
        db.session.execute(insert(VisitType).values(made).on_conflict_do_nothing())
        db.session.commit()
        return STANDARD
    standard: UUID = found[0].id
    return standard


def terms_of(ids: Iterable[UUID] | None, visit_type_id: UUID | None, *, staff: bool) -> list[Terms]:
    """The terms on which each of these doctors (None: every bookable one) offers a visit type, by doctor's id.

    A visit type of None is the standard one, where there is one. Doctors who do not offer it to these people are left
    out. One statement.
    """
    given: dict[str, Any] = {} if ids is None else {"ids": list(ids)}
    found = [_terms(row) for row in rows(db, OF_ALL if ids is None else OF_THESE, visit_type_id=visit_type_id, **given)]
    return [terms for terms in found if staff or terms.bookable_by == "patient"]


def _terms(row: Row[Any]) -> Terms:
    def minutes(name: str) -> timedelta:
        return timedelta(minutes=getattr(row, name))

    return Terms(
        doctor_id=row.doctor_id,
        visit_type_id=row.visit_type_id,
        public_name=row.public_name,
        sensitive=row.sensitive,
        bookable_by=row.bookable_by,
        duration=minutes("duration_min"),
        buffer_before=minutes("buffer_before_min"),
        buffer_after=minutes("buffer_after_min"),
        step=minutes("step_min"),
        notice=minutes("min_notice_min"),
        horizon=timedelta(days=row.horizon_days),
        move_cutoff_min=row.patient_move_cutoff_min,
        cancel_cutoff_min=row.patient_cancel_cutoff_min,
        late_cancel_min=row.late_cancel_min,
    )
