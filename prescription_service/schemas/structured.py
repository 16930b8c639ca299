"""A structured medicine, as it comes in and goes out. What depends on the medicine itself is for the limits."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from chassis.schemas import In, Line, Out, PlainDate, Prose
from prescription_service import error_prone, shortcuts, words
from prescription_service.structure import STRUCTURE, Kind, Structure, Timing, Weekday
from prescription_service.weights import Weight


def _decimal(low: str, high: str, code: str) -> BeforeValidator:
    """A JSON number as the decimal that was written; text is refused, as `0,5` and `1.000` mean two things each."""

    def read(value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            raise PydanticCustomError("number", "Write a number, like 0.5.")
        exact = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
        if not Decimal(low) <= exact <= Decimal(high):
            raise PydanticCustomError(code, f"Write a number from {low} to {high}.")
        if exact != round(exact, 3):
            raise PydanticCustomError(code, "Write at most 3 digits after the point.")
        return exact

    return BeforeValidator(read)


def _whole(low: int, high: int, code: str) -> BeforeValidator:
    def read(value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise PydanticCustomError(code, f"Write a whole number from {low} to {high}.")
        return value

    return BeforeValidator(read)


def _range(low: float, high: float, kind: str = "number") -> WithJsonSchema:
    return WithJsonSchema({"type": kind, "minimum": low, "maximum": high})


def _unmistakable(text: str) -> str:
    for found, safe in error_prone.found_in(text):
        message = f"“{found}” has been misread before. Write {safe}."
        raise PydanticCustomError("error_prone_abbreviation", "{message}", {"message": message})
    return text


def _spelt_out(value: Any) -> Any:
    """A shortcut as what it means."""
    if not isinstance(value, str):
        return value
    found = shortcuts.expand(value)
    if found is None:
        raise PydanticCustomError("frequency_invalid", "This shortcut is not known.")
    return {name: part for name, part in vars(found).items() if part not in (None, ())}


Dose = Annotated[Decimal, _decimal("0.001", "9999.999", "dose_range"), _range(0.001, 9999.999)]
MaxAmount = Annotated[Decimal, _decimal("0.001", "9999.999", "prn_max"), _range(0.001, 9999.999)]
MgPerKg = Annotated[Decimal, _decimal("0.001", "1000", "dose_range"), _range(0.001, 1000)]
PartOfDay = Annotated[Decimal, _decimal("0", "10", "frequency_invalid"), _range(0, 10)]
Quantity = Annotated[Decimal, _decimal("0.001", "10000", "quantity_range"), _range(0.001, 10000)]
Times = Annotated[int, _whole(1, 12, "frequency_invalid"), _range(1, 12, "integer")]
Every = Annotated[int, _whole(1, 72, "frequency_invalid"), _range(1, 72, "integer")]
InADay = Annotated[int, _whole(1, 24, "prn_max"), _range(1, 24, "integer")]
Count = Annotated[int, _whole(1, 365, "duration_required"), _range(1, 365, "integer")]
Repeats = Annotated[int, _whole(0, 11, "repeats_limit"), _range(0, 11, "integer")]
Interval = Annotated[int, _whole(1, 180, "repeats_limit"), _range(1, 180, "integer")]
Kilograms = Annotated[Decimal, _decimal("0.3", "400", "weight_range"), _range(0.3, 400)]
Plain = Annotated[Line, AfterValidator(_unmistakable)]


class FrequencyIn(In):
    """How often: `kind` and what belongs to it. A shortcut (`"TDS"`, `"1-0-1"`) is taken too, and never kept."""

    kind: Kind
    times: Times | None = None
    every: Every | None = None
    when: Literal["morning", "bedtime"] | None = None
    weekdays: Annotated[list[Weekday], Field(max_length=6)] = []
    morning: PartOfDay | None = None
    noon: PartOfDay | None = None
    evening: PartOfDay | None = None
    night: PartOfDay | None = None


class AsNeededIn(In):
    """Only when needed: for what, and at most how much in 24 hours."""

    reason: Annotated[Plain, StringConstraints(min_length=3, max_length=80)]
    max_doses: InADay | None = None
    max_amount: MaxAmount | None = None
    hours_apart: InADay | None = None


class DurationIn(In):
    """`count` and `unit`, or `review_on` for long-term treatment."""

    count: Count | None = None
    unit: Literal["days", "weeks", "months"] | None = None
    review_on: PlainDate | None = None


Note = Annotated[Prose, StringConstraints(max_length=240), AfterValidator(_unmistakable)]


class StructuredMedicineIn(In):
    """One medicine from the list. Dose, quantity and repeats have no default: a number nobody chose is dangerous."""

    formulary_id: Annotated[Line, StringConstraints(min_length=1, max_length=20)]
    strength: Annotated[Line, StringConstraints(min_length=1, max_length=60)]
    route: Annotated[Line, StringConstraints(min_length=1, max_length=40)]
    site: Annotated[Plain, StringConstraints(max_length=80)] = ""
    dose: Dose | None = None
    dose_unit: Annotated[Line, StringConstraints(min_length=1, max_length=40)]
    frequency: Annotated[FrequencyIn, BeforeValidator(_spelt_out)]
    timing: Annotated[list[Timing], Field(max_length=2)] = []
    as_needed: AsNeededIn | None = None
    duration: DurationIn | None = None
    start_on: PlainDate | None = None
    quantity: Quantity
    repeats: Repeats
    repeat_interval_days: Interval | None = None
    substitution_allowed: Annotated[bool, Field(strict=True)] = True
    no_substitution_reason: Annotated[Plain, StringConstraints(max_length=120)] = ""
    brand: Annotated[Plain, StringConstraints(max_length=60)] = ""
    indication: Annotated[Plain, StringConstraints(max_length=120)] = ""
    instructions: Note = ""
    note_to_pharmacist: Note = ""
    mg_per_kg: MgPerKg | None = None

    @property
    def words(self) -> Structure:
        """As the rules take it."""
        return STRUCTURE.validate_python(self.model_dump())


def _plain(value: Decimal) -> int | float:
    """A JSON number without a zero behind the point."""
    return int(value) if value == value.to_integral_value() else float(value)


AmountOut = Annotated[Decimal, PlainSerializer(_plain), WithJsonSchema({"type": "number"})]


class WeightIn(In):
    """What the patient weighs, and when that was measured: within the last 90 days."""

    kg: Kilograms
    measured_on: PlainDate

    @property
    def weight(self) -> Weight:
        """As the rules take it."""
        return Weight(self.kg, self.measured_on)


class WeightOut(Out):
    """What the patient weighed, and when."""

    kg: AmountOut
    measured_on: date


class FrequencyOut(Out):
    """How often."""

    kind: Kind
    times: int | None
    every: int | None
    when: Literal["morning", "bedtime"] | None
    weekdays: list[Weekday]
    morning: AmountOut | None
    noon: AmountOut | None
    evening: AmountOut | None
    night: AmountOut | None


class AsNeededOut(Out):
    """For what, and at most how much in 24 hours."""

    reason: str
    max_doses: int | None
    max_amount: AmountOut | None
    hours_apart: int | None


class DurationOut(Out):
    """`count` and `unit`, or `review_on` for long-term treatment."""

    count: int | None
    unit: Literal["days", "weeks", "months"] | None
    review_on: date | None


class StructureOut(Out):
    """What the doctor chose."""

    formulary_id: str
    strength: str
    route: str
    site: str
    dose: AmountOut | None
    dose_unit: str
    frequency: FrequencyOut
    timing: list[Timing]
    as_needed: AsNeededOut | None
    duration: DurationOut | None
    start_on: date | None
    quantity: AmountOut
    repeats: int
    repeat_interval_days: int | None
    substitution_allowed: bool
    no_substitution_reason: str
    brand: str
    indication: str
    instructions: str
    note_to_pharmacist: str
    mg_per_kg: AmountOut | None = None


class StructuredMedicineOut(StructureOut):
    """What the doctor chose, what the list said of the medicine then, and the sentence made of both."""

    generic_name: str
    tall_man_name: str
    atc_code: str
    dose_form: str
    quantity_unit: str
    quantity_words: str
    repeats_words: str
    ingredients: list[str]
    duplicate_classes: list[str]
    allergy_classes: list[str]
    high_alert: bool
    controlled: bool
    confidence: str
    facts_version: str
    directions: str

    @model_validator(mode="before")
    @classmethod
    def _in_words(cls, parts: Any) -> Any:
        """Figures and words beside each other, as paper needs them."""
        if not isinstance(parts, dict) or "quantity_words" in parts:
            return parts
        structure = STRUCTURE.validate_python(parts)
        quantity = words.supply(structure, parts["quantity_unit"])
        return {**parts, "quantity_words": quantity, "repeats_words": words.repeats(structure)}
