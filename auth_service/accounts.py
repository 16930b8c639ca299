"""The rules of accounts: registering, one's own profile, and what the clinic records of a doctor's licence."""

from datetime import date
from typing import Literal
from uuid import UUID

from sqlalchemy import select

from auth_service import passwords, revocations
from auth_service.models import Person, db
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
) -> Person:
    """Make an account. A doctor starts unverified. Raises `EmailTaken`."""
    person = Person(
        email=email,
        password_hash=passwords.hash_password(password),
        role=role,
        first_name=first_name,
        last_name=last_name,
        birth_date=birth_date,
        licence_state="unverified" if role == "doctor" else None,
    )
    db.session.add(person)
    with violating("uq_person_email", EmailTaken()):
        db.session.commit()
    return person


def profile(who: Principal) -> Person:
    """One's own account."""
    return _load(who.id)


def change_profile(who: Principal, changes: dict[str, object]) -> Person:
    """Set the given fields of one's own profile: first_name, last_name, birth_date."""
    person = _load(who.id, lock=True)
    for field, value in changes.items():
        setattr(person, field, value)
    db.session.commit()
    return person


def verify_doctor(email: str, number: str, register_name: str) -> Person:
    """Record the licence the clinic has checked; older tokens no longer hold. `NotFound` for no such doctor."""
    person = db.session.scalar(
        select(Person).where(Person.email == email.lower(), Person.role == "doctor").with_for_update()
    )
    if person is None:
        raise NotFound("There is no doctor with this e-mail address.")
    person.licence_state, person.licence_number, person.licence_register = "verified", number, register_name
    revocations.outdate_tokens(person)
    db.session.commit()
    return person


def _load(person_id: UUID, *, lock: bool = False) -> Person:
    person = db.session.get(Person, person_id, with_for_update=lock, populate_existing=lock)
    if person is None:
        raise NotFound
    return person
