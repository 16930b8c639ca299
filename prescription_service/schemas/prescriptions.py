"""Prescriptions, as they come in and go out."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, WithJsonSchema, WrapValidator
from pydantic_core import PydanticCustomError

from chassis.schemas import Id, In, Line, Out, Page, Paging, PlainDate, Prose
from prescription_service.prescribing import MedicineWords, Wanted, Wish
from prescription_service.schemas.structured import StructuredMedicineIn, StructuredMedicineOut, WeightIn, WeightOut
from prescription_service.schemas.verification import PrintedOut


def _with_a_letter(name: str) -> str:
    if not any(character.isalpha() for character in name):
        raise PydanticCustomError("medicine_name", "Write the name of the medicine.")
    return name


class MedicineIn(In):
    """One medicine in the doctor's words."""

    name: Annotated[Line, StringConstraints(min_length=1, max_length=200), AfterValidator(_with_a_letter)]
    dosage: Annotated[Line, StringConstraints(min_length=1, max_length=200)]
    duration: Annotated[Line, StringConstraints(min_length=1, max_length=100)]
    instructions: Annotated[Prose, StringConstraints(max_length=500)] = ""

    @property
    def words(self) -> MedicineWords:
        """As the rules take it."""
        return MedicineWords(self.name, self.dosage, self.duration, self.instructions)


def _by_kind(value: Any, _: Any) -> MedicineIn | StructuredMedicineIn:
    """With a `formulary_id` it is a structured one; told apart before it is read, so that errors name its fields."""
    if isinstance(value, MedicineIn | StructuredMedicineIn):
        return value
    structured = isinstance(value, dict) and "formulary_id" in value
    return (StructuredMedicineIn if structured else MedicineIn).model_validate(value)


AnyMedicineIn = Annotated[MedicineIn | StructuredMedicineIn, WrapValidator(_by_kind)]


class OverrideIn(In):
    """Going on in spite of an alert: its key, and why. An alert that stops needs a reason of 10 characters."""

    key: Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=r"^[0-9a-f]+$")]
    reason: Annotated[Line, StringConstraints(max_length=200)] = ""


Overrides = Annotated[list[OverrideIn], Field(max_length=200)]


def reasons(overrides: Sequence[OverrideIn]) -> dict[str, str]:
    """The reasons by the keys of their alerts."""
    return {one.key: one.reason for one in overrides}


def _draft_or_nothing(value: Any) -> Any:
    if value not in (None, "draft"):
        raise PydanticCustomError("unknown_field", "Only a draft is asked for; any other state comes of itself.")
    return value


Draft = Annotated[
    Literal["draft"] | None,
    BeforeValidator(_draft_or_nothing),
    WithJsonSchema({"anyOf": [{"const": "draft"}, {"type": "null"}]}),
]


class PrescriptionIn(In):
    """A prescription to sign, for an appointment of the doctor who asks.

    A medicine comes in four texts, which nothing checks, or structured from the medicine list. With `"status": "draft"`
    it is kept for later instead.
    """

    appointment_id: Id
    notes: Annotated[Prose, StringConstraints(max_length=2000)] = ""
    medicines: Annotated[list[AnyMedicineIn], Field(min_length=1, max_length=10)]
    valid_until: PlainDate | None = None
    overrides: Overrides = []
    status: Draft = None
    weight: WeightIn | None = None

    @property
    def as_wish(self) -> Wish:
        """As the rules take it."""
        medicines = [medicine.words for medicine in self.medicines]
        weight = self.weight.weight if self.weight else None
        return Wish(medicines, self.notes, self.valid_until, reasons(self.overrides), weight)


Status = Literal["active", "on-hold", "completed", "cancelled", "stopped", "entered-in-error"]


def _of_our_time(day: date) -> date:
    if not 2000 <= day.year < 2200:
        raise PydanticCustomError("out_of_range", "Choose a day from 2000 on.")
    return day


Day = Annotated[PlainDate, AfterValidator(_of_our_time)]


class PrescriptionsIn(Paging):
    """Which of one's prescriptions to list. `from` and `to` are days of the clinic's calendar, both included.

    `q` is part of the name of a medicine or of the patient, or of the number, taken literally.
    """

    appointment_id: Id | None = None
    status: Status | None = None
    from_: Day | None = Field(default=None, alias="from")
    to: Day | None = None
    q: Annotated[Line, StringConstraints(min_length=1, max_length=100)] | None = None

    def in_zone(self, zone: ZoneInfo) -> Wanted:
        """As the rules take it: days as moments."""
        since = datetime.combine(self.from_, time(), zone) if self.from_ else None
        until = datetime.combine(self.to + timedelta(days=1), time(), zone) if self.to else None
        return Wanted(self.appointment_id, None, self.status, since, until, self.q)


class PurposeIn(In):
    """What a prescription is read for."""

    purpose: Literal["read", "print"] = "read"


class MedicineOut(Out):
    """One medicine, as it was signed. Without `structured` it is not from the medicine list and was not checked."""

    position: int
    name: str
    dosage: str
    duration: str
    instructions: str
    structured: StructuredMedicineOut | None = None


class NotCheckedOut(Out):
    """Something that was compared with nothing, and why."""

    name: str
    why: str


class SumOut(Out):
    """The arithmetic of one medicine."""

    position: int
    shown: str


class CoverageOut(Out):
    """How far the checks went. What stands under `not_checked` was compared with nothing, so silence says nothing."""

    facts_version: str
    interaction_rules: int
    checked: list[str]
    compared_with: list[str]
    not_checked: list[NotCheckedOut]
    allergy_state: Literal["not-asked", "none-known", "has"]
    allergies_asked_at: datetime | None
    allergies: list[str] = []
    arithmetic: list[SumOut]


class AlertOut(Out):
    """Something to think of. `stop` needs a reason to go on, `ask` an answer, `info` nothing."""

    key: str
    rule: str
    tier: Literal["stop", "ask", "info"]
    message: str
    positions: list[int]
    overridable: bool


class AnsweredAlertOut(Out):
    """An alert that was there at signing, and what the prescriber decided."""

    position: int | None
    rule: str
    tier: Literal["stop", "ask", "info"]
    message: str
    decision: Literal["overridden", "acknowledged", "shown"]
    reason: str


class CheckOut(Out):
    """What signing would find now, and the words it would print."""

    patient_id: UUID
    medicines: list[MedicineOut]
    alerts: list[AlertOut]
    coverage: CoverageOut


class StatusEventOut(Out):
    """A step in the life of a prescription; the first is its signature."""

    from_status: Status | None
    to_status: Status
    actor_name: str
    actor_role: str
    reason_code: str
    reason: str
    at: datetime


class DemographicsOut(Out):
    """Who the patient is, as their account said at signing. Paper puts the surname first, in capitals."""

    family_name: str
    given_names: str
    sex: Literal["female", "male", "other", "unknown"] | None
    address: str


class PrescriptionOut(Out):
    """A signed prescription, for its prescriber and its patient.

    It has expired when `valid_until` is past and it is still active. `content_mark` is the beginning of its seal.
    """

    id: UUID
    number: str
    status: Status
    appointment_id: UUID
    appointment_time: str
    doctor_id: UUID
    doctor_name: str
    doctor_specialty: str
    doctor_licence_number: str
    doctor_licence_register: str
    patient_id: UUID
    patient_name: str
    patient_birth_date: date | None
    patient_details: DemographicsOut | None = None
    patient_weight: WeightOut | None = None
    notes: str
    medicines: list[MedicineOut]
    issued_at: datetime
    valid_until: date | None = None
    alerts: list[AnsweredAlertOut] = []
    coverage: CoverageOut | None = None
    copy_number: int | None = None
    """Which copy on paper this will be, when it is read to be printed."""
    verification: PrintedOut | None = None
    """What to print so that the paper can be checked, when it is read to be printed."""
    history: list[StatusEventOut] = []
    replaces_id: UUID | None = None
    replaced_by_id: UUID | None = None
    renews_id: UUID | None = None
    content_mark: str | None = None


class PrescriptionsPage(Page[PrescriptionOut]):
    """Part of one's prescriptions."""
