"""What is known of a patient, as it comes in and goes out."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from chassis.schemas import In, Line, Out
from prescription_service.current_medicines import Prescribed, Taken
from prescription_service.schemas.structured import Plain

Reaction = Literal[
    "anaphylaxis",
    "angioedema",
    "severe-skin",
    "bronchospasm",
    "urticaria",
    "rash",
    "cough",
    "intolerance",
    "other",
    "unknown",
]


class AllergyIn(In):
    """An allergy: to a class or an ingredient of the medicine list, or in free text, which nothing is compared with."""

    kind: Literal["class", "ingredient", "text"]
    key: Annotated[Plain, StringConstraints(min_length=2, max_length=120)]
    reaction: Reaction = "unknown"
    note: Annotated[Plain, StringConstraints(max_length=200)] = ""


class ReasonIn(In):
    """Why an entry is decided so."""

    reason: Annotated[Line, StringConstraints(min_length=5, max_length=200)]


class ReportedIn(In):
    """A medicine from elsewhere: from the list, or its name in free text, which is not checked."""

    formulary_id: Annotated[Line, StringConstraints(min_length=1, max_length=20)] | None = None
    name: Annotated[Plain, StringConstraints(max_length=120)] = ""
    dosage: Annotated[Line, StringConstraints(max_length=200)] = ""

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.formulary_id is None) == (not any(character.isalpha() for character in self.name)):
            raise PydanticCustomError("medicine_required", "Choose a medicine from the list, or write its name.")
        return self


class SaidOut(Out):
    """Who said it, and what a doctor decided."""

    id: UUID
    patient_id: UUID
    certainty: Literal["reported", "confirmed"]
    recorded_by_role: str
    recorded_by_name: str
    recorded_at: datetime
    decided_by_name: str | None
    decided_at: datetime | None
    decision_reason: str | None


class AllergyOut(SaidOut):
    """An allergy or intolerance."""

    kind: Literal["class", "ingredient", "text"]
    key: str
    label: str
    reaction: Reaction
    note: str
    status: Literal["active", "refuted", "entered-in-error"]


class AllergiesOut(Out):
    """All that is on record about allergies, refuted ones too. `not-asked` and `none-known` are different answers."""

    patient_id: UUID
    state: Literal["not-asked", "none-known", "has"]
    asked_at: datetime | None
    asked_by_role: str | None
    asked_by_name: str | None
    allergies: list[AllergyOut]


class ReportedOut(SaidOut):
    """A medicine from elsewhere."""

    formulary_id: str | None
    name: str
    dosage: str
    status: Literal["active", "ended", "entered-in-error"]


class PrescribedOut(Out):
    """A medicine prescribed here. `checked` is false for words that nothing was compared with."""

    prescription_id: UUID
    position: int
    number: str
    status: str
    doctor_name: str
    issued_at: datetime
    starts_on: date
    ends_on: date | None
    name: str
    dosage: str
    duration: str
    checked: bool

    @classmethod
    def of_line(cls, line: Prescribed) -> Self:
        """A line with its texts."""
        shown = ("position", "name", "dosage", "duration")
        texts: dict[str, Any] = {name: getattr(line.medicine, name) for name in shown}
        return cls(**{**vars(line), **texts, "checked": line.medicine.structure is not None})


class TakenOut(Out):
    """What a patient takes now."""

    patient_id: UUID
    prescribed: list[PrescribedOut]
    reported: list[ReportedOut]

    @classmethod
    def of_taken(cls, taken: Taken) -> Self:
        """The answer for one patient."""
        return cls(
            patient_id=taken.patient_id,
            prescribed=[PrescribedOut.of_line(line) for line in taken.prescribed],
            reported=[ReportedOut.of(one) for one in taken.reported],
        )


class CareRelationOut(Out):
    """Until when a doctor sees what is known of a patient."""

    patient_id: UUID
    appointment_id: UUID
    valid_until: datetime
