"""What admins send and see of people and licences."""

from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from auth_service import lookalikes
from auth_service.lookalikes import EmailWarning
from auth_service.people import Filter, Found
from auth_service.schemas import LicenceNumber, PersonOut, Register
from chassis import clock
from chassis.schemas import Id, In, Line, Out, Page, Paging, PlainDate, Prose

MOST_IDS = 100
FURTHEST_AHEAD = timedelta(hours=14)
"""Of UTC is the earliest zone: where it is tomorrow already, that date is no future."""


def _split(value: Any) -> Any:
    return value.split(",") if isinstance(value, str) else value


def _checked(value: date) -> date:
    if not date(2000, 1, 1) <= value <= (clock.now() + FURTHEST_AHEAD).date():
        raise PydanticCustomError("checked_on", "Enter the date of the check, which is not in the future.")
    return value


Ids = Annotated[
    list[Id],
    BeforeValidator(_split),
    Field(max_length=MOST_IDS),
    WithJsonSchema({"type": "string", "description": f"Up to {MOST_IDS} ids with commas between."}),
]
Reason = Annotated[Prose, StringConstraints(min_length=1, max_length=500)]


class PeopleIn(Paging):
    """Which people to list. `search` is taken literally, in names and e-mail addresses."""

    search: Annotated[Line, StringConstraints(max_length=254)] = ""
    role: Literal["patient", "doctor", "admin"] | None = None
    state: Literal["active", "disabled", "closed", "waiting"] | None = None
    ids: Ids | None = None

    @property
    def filter(self) -> Filter:
        """As the rule takes it."""
        return Filter(self.search, self.role, self.state, frozenset(self.ids) if self.ids is not None else None)


class RoleIn(In):
    """A role to give."""

    role: Literal["patient", "doctor", "admin"]


class LicenceIn(In):
    """A licence as an admin has read it in its register, and on which day. Spaces in the number do not count."""

    number: LicenceNumber
    register_: Register = Field(alias="register")
    checked_on: Annotated[PlainDate, AfterValidator(_checked)]


class ReasonIn(In):
    """Why a licence is not accepted, or no longer. The doctor reads it."""

    reason: Reason


class AccountOut(PersonOut):
    """A person, as admins see them."""

    disabled_at: datetime | None
    closed_at: datetime | None
    last_sign_in_at: datetime | None
    locked: bool
    email_warning: EmailWarning | None = Field(
        description="The address has letters of several alphabets, or of another one that read as Latin letters."
    )

    @classmethod
    def of_found(cls, found: Found) -> "AccountOut":
        """The person with what is known of their sign-ins."""
        told: dict[str, Any] = dict(PersonOut.of(found.person))
        told |= {name: getattr(found.person, name) for name in ("disabled_at", "closed_at")}
        told["email_warning"] = lookalikes.warning(found.person.email)
        return cls.model_construct(**told, last_sign_in_at=found.last_sign_in_at, locked=found.locked)

    @property
    def patient_id(self) -> UUID | None:
        """Whose record of access a look at this account belongs to."""
        return self.id if self.role == "patient" else None


class AccountsPage(Page[AccountOut]):
    """Part of the people, by name."""


class VerifiedDoctorOut(Out):
    """A doctor who may work."""

    id: UUID
    name: str


class VerifiedDoctorsOut(Out):
    """All doctors who may work."""

    doctors: list[VerifiedDoctorOut]
