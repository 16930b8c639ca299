"""The arithmetic of a prescription: how much a course takes, shown as it is worked out."""

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from prescription_service import numerals
from prescription_service.structure import Frequency, Structure

_DAYS = {"every-days": 1, "every-weeks": 7, "every-months": 30}


@dataclass(frozen=True)
class Reckoning:
    """What a course takes in the unit of supply, and the sum in words; None when it cannot be worked out."""

    expected: Decimal | None
    shown: str


def reckon(medicine: Structure, unit: str) -> Reckoning:
    """The sum for one medicine, rounded up to whole doses' worth of units."""
    why_not = _why_not(medicine, unit)
    if why_not:
        return Reckoning(None, f"The quantity is not checked: {why_not}.")
    days = medicine.duration.days if medicine.duration else None
    how, doses = medicine.frequency, _doses(medicine.frequency, days or 1)
    if how.kind == "parts-of-day":
        each = sum(how.amounts.values(), Decimal(0))
        shown = f"{numerals.figures(each)} a day × {days} {'day' if days == 1 else 'days'}"
    else:
        each = medicine.dose or Decimal(0)
        shown = f"{numerals.figures(each)} × {_course(how, doses, days)}"
    expected = (each * doses).to_integral_value(ROUND_CEILING)
    return Reckoning(
        expected, f"{shown} = {numerals.figures(expected)} {unit if expected == 1 else numerals.plural(unit)}"
    )


def _course(how: Frequency, doses: int, days: int | None) -> str:
    """The doses of a course: `3 a day × 7 days`, or how many they are where a course is no multiple of a day."""
    if how.kind == "per-day" and days:
        return f"{how.times} a day × {days} {'day' if days == 1 else 'days'}"
    said = f"{doses} {'dose' if doses == 1 else 'doses'}"
    return f"{said} in {days} days" if days and how.kind != "once" else said


def _why_not(medicine: Structure, unit: str) -> str:
    counted = {medicine.dose_unit, {"spray": "actuation"}.get(medicine.dose_unit, "")}
    if unit not in counted:
        return f"a dose is not measured in {numerals.plural(unit)}"
    if medicine.as_needed:
        return "it is taken when needed"
    if medicine.frequency.kind != "once" and not (medicine.duration and medicine.duration.days):
        return "it is taken for long"
    return ""


def _doses(how: Frequency, days: int) -> int:
    """How many times it is taken in so many days, a part of a period counted whole."""
    if how.kind in {"once", "parts-of-day"}:
        return 1 if how.kind == "once" else days
    if how.kind == "per-day":
        return days * (how.times or 1)
    if how.kind == "per-week":
        return -(-days * (how.times or 1) // 7)
    if how.kind == "every-hours":
        return -(-days * 24 // (how.every or 1))
    return -(-days // (_DAYS[how.kind] * (how.every or 1)))
