"""The rules of doctors' licences: what the clinic has checked, and who may therefore work. Effect within seconds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select

from auth_service import people, revocations
from auth_service.models import Person, db
from chassis.database import violating
from chassis.errors import Conflict, NotFound


class NotADoctor(Conflict):
    """409: only doctors have a licence."""

    code, title, detail = "not-a-doctor", "Not a doctor", "This person is not a doctor."


class AlreadyVerified(Conflict):
    """409: this doctor's licence is verified. Suspend it first to record another one."""

    code, title, detail = "already-verified", "Already verified", "This doctor's licence is already verified."


class LicenceTaken(Conflict):
    """409: the clinic has checked this licence for somebody else."""

    code, title = "licence-taken", "Licence taken"
    detail = "Another doctor of the clinic is recorded with this licence."


class LicenceState(Conflict):
    """409: the licence is in a state from which this does not follow."""

    detail = "The licence is not in a state in which this is possible."


@dataclass(frozen=True)
class Licence:
    """What an admin has read in a register, and when."""

    number: str
    register: str
    checked_on: date


def verify(person_id: UUID, licence: Licence) -> Person:
    """Record a licence as checked: the doctor may work. Of one suspended or rejected this is the way back.

    Raises `NotFound`, `NotADoctor`, `AlreadyVerified`, `LicenceTaken`.
    """
    doctor = _lock(person_id)
    if doctor.licence_state == "verified":
        raise AlreadyVerified
    doctor.licence_number, doctor.licence_register = licence.number, licence.register
    doctor.licence_checked_on = licence.checked_on
    with violating("uq_person_licence", LicenceTaken()):
        return _change(doctor, "verified", None)


def reject(person_id: UUID, reason: str) -> Person:
    """Say why a licence that waits is not accepted. Raises `NotFound`, `NotADoctor`, `LicenceState`."""
    doctor = _lock(person_id)
    if doctor.licence_state != "unverified":
        raise LicenceState("Only a licence that waits to be checked can be rejected.")
    return _change(doctor, "rejected", reason)


def suspend(person_id: UUID, reason: str) -> Person:
    """Take the right to work away for now. Raises `NotFound`, `NotADoctor`, `LicenceState`."""
    doctor = _lock(person_id)
    if doctor.licence_state != "verified":
        raise LicenceState("Only a verified licence can be suspended.")
    return _change(doctor, "suspended", reason)


def verified_doctors() -> Sequence[Person]:
    """All doctors who may work, by name."""
    may_work = select(Person).where(Person.licence_state == "verified", Person.disabled_at.is_(None))
    return db.session.scalars(may_work.order_by(Person.last_name, Person.first_name, Person.id)).all()


def doctor_with(email: str) -> UUID:
    """The id of the person with this e-mail address, or `NotFound`."""
    person_id = db.session.scalar(select(Person.id).where(Person.email == email.lower()))
    if person_id is None:
        raise NotFound("There is no doctor with this e-mail address.")
    return person_id


def _lock(person_id: UUID) -> Person:
    person = people.lock(person_id)
    if person.role != "doctor":
        raise NotADoctor
    return person


def _change(doctor: Person, state: str, reason: str | None) -> Person:
    """The doctor's tokens say the old state, so they hold no longer."""
    doctor.licence_state, doctor.licence_reason = state, reason
    revocations.outdate_tokens(doctor)
    db.session.commit()
    return doctor
