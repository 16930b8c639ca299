"""The rules of accounts: registering, and one's own profile."""

from datetime import date
from typing import Literal
from uuid import UUID, uuid4

from sqlalchemy import func, select

from auth_service import passwords
from auth_service.licences import LicenceTaken
from auth_service.models import Person, audit, db
from chassis.database import violating
from chassis.errors import Conflict, NotFound
from chassis.identity import Principal


class EmailTaken(Conflict):
    """409: there is an account with this address."""

    code, title = "email-taken", "E-mail address taken"
    detail = "There is already an account with this e-mail address."


def register(
    email: str,
    password: str,
    role: Literal["patient", "doctor", "admin"],
    first_name: str,
    last_name: str,
    birth_date: date | None = None,
    licence_number: str | None = None,
    licence_register: str | None = None,
) -> Person:
    """Make an account. A doctor starts unverified, and the licence is a claim until the clinic has checked it.

    Raises `EmailTaken`, and `LicenceTaken` for a licence that the clinic has checked for somebody else.
    """
    _refuse_taken(licence_number, licence_register)
    person = Person(
        id=uuid4(),
        email=email,
        password_hash=passwords.hash_password(password),
        role=role,
        first_name=first_name,
        last_name=last_name,
        birth_date=birth_date,
        licence_state="unverified" if role == "doctor" else None,
        licence_number=licence_number,
        licence_register=licence_register,
    )
    db.session.add(person)
    note("person.register", person)
    with violating("uq_person_email", EmailTaken()):
        db.session.commit()
    return person


def profile(who: Principal) -> Person:
    """One's own account."""
    return _load(who.id)


def change_profile(who: Principal, changes: dict[str, object]) -> Person:
    """Set the given fields of one's own profile: names, birth_date, sex, address, phone, language."""
    person = locked(who.id)
    for field, value in changes.items():
        setattr(person, field, value)
    if changes:
        note("person.change", person)
    db.session.commit()
    return person


def locked(person_id: UUID) -> Person:
    """Somebody's row, to be changed in this transaction. Comes before any lock of a session or a link."""
    return _load(person_id, lock=True)


def by_email(email: str, *, lock: bool = False) -> Person | None:
    """The person with this address, or None."""
    query = select(Person).where(Person.email == email)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return db.session.scalar(query)


def note(action: str, person: Person) -> None:
    """Add what somebody did with their own account to the record of access. The caller commits."""
    audit.note(action, person, record_id=person.id, patient_id=person.id if person.role == "patient" else None)


def _refuse_taken(number: str | None, register_name: str | None) -> None:
    checked = select(Person.id).where(
        Person.licence_number == number,
        func.lower(Person.licence_register) == func.lower(register_name),
        Person.licence_state.in_(("verified", "suspended")),
    )
    if number and db.session.scalar(checked):
        raise LicenceTaken


def _load(person_id: UUID, *, lock: bool = False) -> Person:
    person = db.session.get(Person, person_id, with_for_update=lock, populate_existing=lock)
    if person is None:
        raise NotFound
    return person
