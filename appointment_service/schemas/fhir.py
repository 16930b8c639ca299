"""What FHIR searches of appointments, schedules and slots are asked by."""

import re
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from appointment_service.fhir_appointment import VISIT_TYPE
from appointment_service.schemas.appointments import Status
from chassis.errors import Invalid
from chassis.fhir_search import DatesParameter, PatientParameter, PractitionerParameter, Search, to
from chassis.schemas import UUID_PATTERN, Id

_ACTOR_PATTERN = f"(Patient|Practitioner)/({UUID_PATTERN})"
_ACTOR = re.compile(_ACTOR_PATTERN, re.ASCII)


def _actor(value: Any) -> Any:
    found = _ACTOR.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise PydanticCustomError("reference", "Write Patient/<id> or Practitioner/<id>.")
    return found[1], UUID(found[2])


def _code(value: Any) -> Any:
    return value.removeprefix(f"{VISIT_TYPE}|") if isinstance(value, str) else value


Actor = Annotated[
    tuple[str, UUID],
    BeforeValidator(_actor),
    WithJsonSchema({"type": "string", "pattern": f"^{_ACTOR_PATTERN}$"}),
]
ServiceType = Annotated[
    Id, BeforeValidator(_code), WithJsonSchema({"type": "string", "pattern": rf"^({VISIT_TYPE}\|)?{UUID_PATTERN}$"})
]
"""A kind of visit, `urn:visit-type|<id>` or the bare id."""


class SchedulesIn(Search):
    """Whose schedules."""

    actor: PractitionerParameter | None = None


class SlotsIn(Search):
    """Which times of one doctor, whom `schedule` or `actor` names, for which kind of visit (else the standard one).

    At most 31 days, from today on unless `start` says otherwise.
    """

    schedule: Annotated[Id, *to("Schedule")] | None = None
    actor: PractitionerParameter | None = None
    start: DatesParameter = ()
    status: Literal["free", "busy", "busy-tentative", "busy-unavailable"] | None = None
    service_type: ServiceType | None = Field(default=None, alias="service-type")

    @property
    def doctor_id(self) -> UUID:
        """Whose times. Raises `Invalid` where that is not clear."""
        return one_of("schedule", self.schedule, self.actor) or _missing("schedule")


class AppointmentsIn(Search):
    """Which of one's appointments, by start. Times that are only held (`pending`) are found when asked for."""

    patient: PatientParameter | None = None
    practitioner: PractitionerParameter | None = None
    actor: Actor | None = None
    date: DatesParameter = ()
    status: Status | None = None

    @property
    def patient_id(self) -> UUID | None:
        """The patient. Raises `Invalid` where two are named."""
        return one_of("patient", self.patient, self._actor_as("Patient"))

    @property
    def doctor_id(self) -> UUID | None:
        """The doctor. Raises `Invalid` where two are named."""
        return one_of("practitioner", self.practitioner, self._actor_as("Practitioner"))

    def _actor_as(self, kind: str) -> UUID | None:
        return self.actor[1] if self.actor and self.actor[0] == kind else None


def one_of(name: str, first: UUID | None, second: UUID | None) -> UUID | None:
    """Whom one parameter or the other names. Raises `Invalid` where they disagree."""
    if first and second and first != second:
        raise Invalid.field(f"/{name}", "contradiction", "Name one person only.")
    return first or second


def _missing(name: str) -> UUID:
    raise Invalid.field(f"/{name}", "required", "This is required.")
