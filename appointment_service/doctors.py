"""The rules of doctors: the directory, and one's own entry in it."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.dialects.postgresql import insert

from appointment_service.models import Doctor, db
from chassis.errors import NotFound
from chassis.identity import Principal


class DoctorNotFound(NotFound):
    """404: no doctor of the clinic has this id."""

    code, title, detail = "doctor-not-found", "No such doctor", "There is no doctor with this id."


def directory(limit: int, after: tuple[str, str] | None) -> Sequence[Doctor]:
    """Doctors who can be booked, by name: `limit` of them behind the (name, id) of the last one seen."""
    query = select(Doctor).where(Doctor.bookable).order_by(Doctor.name, Doctor.id).limit(limit)
    if after:
        query = query.where(tuple_(Doctor.name, Doctor.id) > (after[0], UUID(after[1])))
    return db.session.scalars(query).all()


def find(doctor_id: UUID, *, lock: bool = False) -> Doctor:
    """One doctor, or `DoctorNotFound`. `lock` keeps the doctor's hours as they are until the transaction ends."""
    query = select(Doctor).where(Doctor.id == doctor_id)
    doctor = db.session.scalar(query.with_for_update(read=True) if lock else query)
    if doctor is None:
        raise DoctorNotFound
    return doctor


def describe_oneself(who: Principal, specialty: str, room: str, about: str) -> Doctor:
    """Make or change one's own entry. The name is the one in the token."""
    entry = {"name": who.name, "specialty": specialty, "room": room, "about": about}
    made = insert(Doctor).values(id=who.id, visit_minutes=20, bookable=True, **entry)
    db.session.execute(made.on_conflict_do_update(index_elements=["id"], set_=entry))
    db.session.commit()
    return find(who.id)
