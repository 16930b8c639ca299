"""Doses by body weight: when a weight is needed, and whether a dose is what its mg per kg comes to."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from pydantic import TypeAdapter

from chassis.errors import FieldError
from prescription_service import numerals, words
from prescription_service.structure import Structure

NEEDED_UNDER = 12
"""Years. A child's weight is written down with the dose, an adult's may be."""
HOLDS_FOR = timedelta(days=90)
_MG = {"mg": Decimal(1), "g": Decimal(1000), "micrograms": Decimal("0.001")}


@dataclass(frozen=True)
class Weight:
    """What the patient weighed, and when."""

    kg: Decimal
    measured_on: date


WEIGHT = TypeAdapter(Weight)
"""Reads a weight from JSON and writes it."""


@dataclass(frozen=True)
class ByWeight:
    """One dose in mg as it is written, as it comes from the weight, and the sum in words."""

    written: Decimal
    expected: Decimal
    shown: str

    @property
    def off(self) -> bool:
        """More than a tenth more or less."""
        return abs(self.written - self.expected) * 10 > self.expected

    @property
    def far_off(self) -> bool:
        """Double or more, half or less."""
        return self.written >= 2 * self.expected or 2 * self.written <= self.expected


def problems(
    medicines: Sequence[object], weight: Weight | None, born: date | None, today: date
) -> Iterator[FieldError]:
    """What is wrong about a weight, or about there being none."""
    by_weight = any(isinstance(one, Structure) and one.mg_per_kg for one in medicines)
    if weight is None and by_weight and (born is None or age(born, today) < NEEDED_UNDER):
        message = f"A dose by weight needs the weight of a patient under {NEEDED_UNDER}."
        yield FieldError("/weight", "weight-required", message)
    if weight and not timedelta() <= today - weight.measured_on <= HOLDS_FOR:
        message = f"Weigh the patient again: the weight is from the last {HOLDS_FOR.days} days."
        yield FieldError("/weight/measured_on", "weight-required", message)


def age(born: date, on: date) -> int:
    """In whole years."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def reckon(medicine: Structure, weight: Weight | None) -> ByWeight | None:
    """The sum for one dose; None where there is nothing to compare."""
    dose = _in_mg(medicine)
    if not medicine.mg_per_kg or weight is None or dose is None:
        return None
    expected = medicine.mg_per_kg * weight.kg
    figures = numerals.figures
    shown = f"{figures(medicine.mg_per_kg)} mg/kg × {figures(weight.kg)} kg = {figures(expected)} mg"
    return ByWeight(dose, expected, f"{shown}, and one dose holds {figures(dose)} mg")


def _in_mg(medicine: Structure) -> Decimal | None:
    if medicine.dose is None:
        return None
    if medicine.dose_unit in _MG:
        return medicine.dose * _MG[medicine.dose_unit]
    held = words.contents(medicine.strength, medicine.dose, medicine.dose_unit)
    number, _, measure = (held or "").rpartition(" ")
    return Decimal(number.replace(",", "")) * _MG[measure] if measure in _MG else None
