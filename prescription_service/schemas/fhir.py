"""FHIR requests: what is searched by, and the *MedicationRequest* that is taken as a draft.

What is not read is either refused or of no weight for whoever signs: the texts are what a doctor looks at.
"""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from chassis.errors import FieldError, Invalid
from chassis.fhir_search import DatesParameter, PatientParameter, Search
from chassis.schemas import UUID_PATTERN, In, Line, Prose
from prescription_service.schemas.prescriptions import Status

Name = Annotated[Line, StringConstraints(min_length=1, max_length=200)]
MODIFIERS = ("modifierExtension", "implicitRules")


class MedicationRequestsIn(Search):
    """Which lines to find, of one's own prescriptions."""

    patient: PatientParameter | None = None
    status: Status | None = None
    authoredon: DatesParameter = ()


class AllergiesIn(Search):
    """Whose allergies."""

    patient: PatientParameter


class Part(BaseModel):
    """A part of a resource, of which only the named elements are read."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Reference(Part):
    """Who or what is meant."""

    reference: Annotated[str, StringConstraints(pattern=rf"^[A-Za-z]+/{UUID_PATTERN}$")]

    @property
    def id(self) -> UUID:
        """The id in it."""
        return UUID(self.reference.split("/")[1])


class Concept(Part):
    """A concept by its text. Codes are not translated into medicines of the list: the doctor chooses one."""

    text: Name


class Quantity(Part):
    """An amount with its unit in words."""

    value: Annotated[float, Field(gt=0, le=10_000)]
    unit: Annotated[Line, StringConstraints(min_length=1, max_length=40)]

    @property
    def said(self) -> str:
        """`7 days`"""
        return f"{self.value:.15g} {self.unit}"


class Repeat(Part):
    """How long."""

    boundsDuration: Quantity | None = None  # noqa: N815 - FHIR's own name


class Timing(Part):
    """When."""

    repeat: Repeat = Repeat()


class DosageIn(Part):
    """How to take it. The text says it; the codes beside it are not read."""

    sequence: Annotated[int, Field(strict=True, ge=1, le=100)] | None = None
    text: Name
    patientInstruction: Annotated[Prose, StringConstraints(max_length=500)] = ""  # noqa: N815
    timing: Timing = Timing()


class Supply(Part):
    """How much."""

    quantity: Quantity | None = None
    numberOfRepeatsAllowed: Annotated[int, Field(strict=True, ge=0, le=99)] | None = None  # noqa: N815
    expectedSupplyDuration: Quantity | None = None  # noqa: N815


class Substitution(Part):
    """Whether the product may be exchanged."""

    allowedBoolean: Annotated[bool, Field(strict=True)] | None = None  # noqa: N815


class Note(Part):
    """What else is said."""

    text: Annotated[Prose, StringConstraints(max_length=500)]


def _in_order(dosages: list[DosageIn]) -> list[DosageIn]:
    if len(dosages) > 1 and any(one.sequence is None for one in dosages):
        raise PydanticCustomError("sequence", "Of several dosages each needs its sequence.")
    return sorted(dosages, key=lambda one: one.sequence or 0)


class MedicationRequestIn(In):
    """A *MedicationRequest* from elsewhere, for the appointment that `supportingInformation` names."""

    resourceType: Literal["MedicationRequest"]  # noqa: N815
    status: Literal["active", "on-hold", "cancelled", "completed", "stopped", "draft", "unknown"]
    intent: Literal["proposal", "plan", "order", "original-order", "reflex-order", "instance-order"]
    medicationCodeableConcept: Concept  # noqa: N815
    subject: Reference
    supportingInformation: Annotated[list[Reference], Field(min_length=1, max_length=1)]  # noqa: N815
    dosageInstruction: Annotated[list[DosageIn], Field(min_length=1, max_length=10), AfterValidator(_in_order)]  # noqa: N815
    dispenseRequest: Supply = Supply()  # noqa: N815
    substitution: Substitution = Substitution()
    reasonCode: Annotated[list[Concept], Field(max_length=5)] = []  # noqa: N815
    note: Annotated[list[Note], Field(max_length=10)] = []
    doNotPerform: Literal[False] = False  # noqa: N815
    # administrative: of no weight for what is taken, and made anew here
    id: Any = None
    meta: Any = None
    text: Any = None
    language: Any = None
    identifier: Any = None
    groupIdentifier: Any = None  # noqa: N815
    authoredOn: Any = None  # noqa: N815
    requester: Any = None
    recorder: Any = None
    statusReason: Any = None  # noqa: N815
    category: Any = None
    priority: Any = None
    encounter: Any = None
    insurance: Any = None
    priorPrescription: Any = None  # noqa: N815
    courseOfTherapyType: Any = None  # noqa: N815

    @model_validator(mode="before")
    @classmethod
    def _nothing_that_changes_the_meaning(cls, parts: Any) -> Any:
        message = "This changes the meaning of the rest, and is not known here."
        found = [FieldError(where, "unknown-field", message) for where in _modifiers(parts)]
        if found:
            raise Invalid(errors=found)
        return parts

    @model_validator(mode="after")
    def _of_an_appointment(self) -> Self:
        if not self.subject.reference.startswith("Patient/"):
            raise PydanticCustomError("subject", "The subject is a patient.")
        if not self.supportingInformation[0].reference.startswith("Appointment/"):
            raise PydanticCustomError("appointment", "supportingInformation names the appointment.")
        return self


def _modifiers(node: Any, pointer: str = "") -> Iterator[str]:
    """Where something stands that would change the meaning of the rest."""
    if isinstance(node, dict):
        yield from (f"{pointer}/{name}" for name in MODIFIERS if name in node)
    inside = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for name, value in inside:
        yield from _modifiers(value, f"{pointer}/{name}")
