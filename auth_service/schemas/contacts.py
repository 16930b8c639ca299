"""What our own programs are told of where somebody gets mail."""

from typing import Self
from uuid import UUID

from auth_service.models import Person
from chassis.schemas import Out


class ContactOut(Out):
    """Where somebody gets mail, and in which language. Nobody is written to who is not `active`."""

    id: UUID
    role: str
    email: str
    language: str
    active: bool

    @classmethod
    def of_person(cls, person: Person) -> Self:
        """The contact of one person."""
        told = {name: getattr(person, name) for name in ("id", "role", "email", "language")}
        return cls(**told, active=person.disabled_at is None)

    @property
    def patient_id(self) -> UUID | None:
        """Whose record of access a look at this contact belongs to."""
        return self.id if self.role == "patient" else None


class AccountOut(Out):
    """What somebody is now. `licence_state` is a doctor's; nothing is done in the name of who is not `active`."""

    id: UUID
    role: str
    active: bool
    licence_state: str | None

    @classmethod
    def of_person(cls, person: Person) -> Self:
        """The account of one person."""
        told = {name: getattr(person, name) for name in ("id", "role", "licence_state")}
        return cls(**told, active=person.disabled_at is None)
