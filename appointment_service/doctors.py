"""The rules of doctors: the directory, and one's own entry in it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Text, Uuid, any_, bindparam, cast, column, func, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import aliased

from appointment_service.models import Doctor, db
from chassis.database import rows, table
from chassis.errors import NotFound
from chassis.identity import Principal


class DoctorNotFound(NotFound):
    """404: no doctor of the clinic has this id."""

    code, title, detail = "doctor-not-found", "No such doctor", "There is no doctor with this id."


LOCK = (
    select(*table(Doctor).c)
    .where(table(Doctor).c.id == any_(bindparam("ids", type_=ARRAY(Uuid))))
    .order_by(table(Doctor).c.id)
    .with_for_update(key_share=True, of=table(Doctor))
)

KNOWN = select(table(Doctor).c.id).where(table(Doctor).c.id == any_(bindparam("ids", type_=ARRAY(Uuid))))


def directory(limit: int, after: UUID | None, among: Collection[UUID] | None = None) -> Sequence[Doctor]:
    """Doctors who can be booked, by name: `limit` of them behind the last one seen, all or those `among` these."""
    query = select(Doctor).where(Doctor.bookable).order_by(Doctor.name, Doctor.id).limit(limit)
    if among is not None:
        query = query.where(Doctor.id.in_(list(among)))
    if after:
        seen = aliased(Doctor)
        query = query.join(seen, seen.id == after).where(tuple_(Doctor.name, Doctor.id) > tuple_(seen.name, seen.id))
    return db.session.scalars(query).all()


def listed(doctor_id: UUID) -> Doctor:
    """One doctor of the directory, or `DoctorNotFound`; one who cannot be booked now is not in it."""
    doctor = find(doctor_id)
    if not doctor.bookable:
        raise DoctorNotFound
    return doctor


def find(doctor_id: UUID) -> Doctor:
    """One doctor, or `DoctorNotFound`."""
    doctor = db.session.get(Doctor, doctor_id)
    if doctor is None:
        raise DoctorNotFound
    return doctor


def refuse_unknown(ids: Collection[UUID]) -> None:
    """Raises `DoctorNotFound` where one of these is no doctor."""
    if ids and len(rows(db, KNOWN, ids=list(ids))) < len(set(ids)):
        raise DoctorNotFound


def lock(ids: Iterable[UUID]) -> dict[UUID, Doctor]:
    """These doctors, in whose time and hours nobody else changes anything until the transaction ends.

    Locked in the order of their ids, so that two who lock the same ones never wait for each other. They are rows, which
    read like doctors.
    """
    return {doctor.id: doctor for doctor in rows(db, LOCK, ids=list(ids))}


def describe_oneself(who: Principal, specialty: str, room: str, about: str) -> Doctor:
    """Make or change one's own entry. The name is the one in the token."""
    entry = {"name": who.name, "specialty": specialty, "room": room, "about": about}
    made = insert(Doctor).values(id=who.id, bookable=True, **entry)
    db.session.execute(made.on_conflict_do_update(index_elements=["id"], set_=entry))
    db.session.commit()
    return find(who.id)


def keep_in_step(verified: Mapping[UUID, str], asked_at: datetime) -> None:
    """Let just these doctors be bookable, under these names (by id), in one statement that touches what differs.

    An entry made since `asked_at` is newer than the list: whoever made it had a token that says verified.
    """
    ids, names = cast(list(verified), ARRAY(Uuid)), cast(list(verified.values()), ARRAY(Text))
    known = func.unnest(ids, names).table_valued(column("id", Uuid), column("name", Text)).render_derived("known")
    works = known.c.id.is_not(None)
    differs = or_(Doctor.bookable != works, Doctor.name != known.c.name)
    joined = select(Doctor.id, works.label("works"), func.coalesce(known.c.name, Doctor.name).label("name"))
    changed = joined.outerjoin(known, known.c.id == Doctor.id).where(Doctor.created_at < asked_at, differs).subquery()
    new = {"bookable": changed.c.works, "name": changed.c.name}
    db.session.execute(
        update(Doctor).where(Doctor.id == changed.c.id).values(new), execution_options={"synchronize_session": False}
    )
    db.session.commit()
