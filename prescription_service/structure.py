"""A medicine in parts, as FHIR's *Dosage* and *dispenseRequest* cut it: words, checks and exports are made from it."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from pydantic import TypeAdapter

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
TIMINGS = ("before food", "with food", "after food", "on an empty stomach", "at bedtime")
EYES = ("left eye", "right eye", "both eyes")
PARTS_OF_DAY = ("morning", "noon", "evening", "night")

Weekday = Literal["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
Timing = Literal["before food", "with food", "after food", "on an empty stomach", "at bedtime"]
Kind = Literal[
    "once",
    "per-day",
    "every-hours",
    "per-week",
    "every-days",
    "every-weeks",
    "every-months",
    "parts-of-day",
    "as-needed",
]


@dataclass(frozen=True)
class Frequency:
    """How often. `times` goes with per-day and per-week, `every` with the others; amounts only with parts-of-day.

    Three times a day and every 8 hours are different things and stay different.
    """

    kind: Kind
    times: int | None = None
    every: int | None = None
    when: Literal["morning", "bedtime"] | None = None
    weekdays: tuple[Weekday, ...] = ()
    morning: Decimal | None = None
    noon: Decimal | None = None
    evening: Decimal | None = None
    night: Decimal | None = None

    @property
    def amounts(self) -> dict[str, Decimal]:
        """The amounts of a day that are not zero, by part of the day."""
        found = {part: getattr(self, part) for part in PARTS_OF_DAY}
        return {part: amount for part, amount in found.items() if amount}


@dataclass(frozen=True)
class AsNeeded:
    """Taken only when there is a reason, and never more than so much in any 24 hours."""

    reason: str
    max_doses: int | None = None
    max_amount: Decimal | None = None
    hours_apart: int | None = None


@dataclass(frozen=True)
class Duration:
    """So many days, weeks or months; or for long, until a review."""

    count: int | None = None
    unit: Literal["days", "weeks", "months"] | None = None
    review_on: date | None = None

    @property
    def days(self) -> int | None:
        """In days, of which a month has 30 here; None for long-term treatment."""
        lengths = {"days": 1, "weeks": 7, "months": 30}
        return self.count * lengths[self.unit] if self.count and self.unit else None


SPARE_DAYS = 7
LONGEST_INTERVAL = 180


@dataclass(frozen=True)
class Structure:
    """One medicine from the list, as it is to be taken and supplied. Amounts are exact decimals, never floats."""

    formulary_id: str
    strength: str
    route: str
    dose_unit: str
    frequency: Frequency
    quantity: Decimal
    repeats: int
    dose: Decimal | None = None
    site: str = ""
    timing: tuple[Timing, ...] = ()
    as_needed: AsNeeded | None = None
    duration: Duration | None = None
    start_on: date | None = None
    repeat_interval_days: int | None = None
    substitution_allowed: bool = True
    no_substitution_reason: str = ""
    brand: str = ""
    indication: str = ""
    instructions: str = ""
    note_to_pharmacist: str = ""
    mg_per_kg: Decimal | None = None
    """What one dose was reckoned from, where it goes by the weight of the patient."""

    @property
    def days_between_repeats(self) -> int | None:
        """As given, else a week less than a supply lasts: nobody runs out, and nobody gathers a second supply.

        None where there are no repeats, and where nobody knows how long a supply lasts.
        """
        if self.repeat_interval_days or not self.repeats:
            return self.repeat_interval_days
        days = self.duration.days if self.duration and not self.as_needed else None
        return min(max(1, days - SPARE_DAYS), LONGEST_INTERVAL) if days else None


STRUCTURE = TypeAdapter(Structure)
"""Reads a structure from JSON and writes it."""
