"""Who a patient is, for papers that have to say it: for our own programs only, at the moment something is signed."""

from uuid import UUID

from sqlalchemy import select

from auth_service.models import Person, db
from chassis.errors import NotFound


def of(patient_id: UUID) -> Person:
    """A patient whose account is there, or `NotFound`. Of anybody else nobody prints an address."""
    wanted = select(Person).where(Person.id == patient_id, Person.role == "patient", Person.closed_at.is_(None))
    found = db.session.scalar(wanted)
    if found is None:
        raise NotFound
    return found
