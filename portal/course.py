"""How much a course of a medicine takes, worked out as soon as it can be. The service checks it again."""

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from portal import numbers
from portal.how_often import HowOften

_SAME_FOR_MANY = {"mL", "mg", "g", "units", "micrograms"}


def plural(unit: str) -> str:
    """More than one of a unit."""
    return unit if unit in _SAME_FOR_MANY else f"{unit}s"


@dataclass(frozen=True)
class Sum:
    """What a course takes, in units of supply, and how that was worked out."""

    expected: Decimal
    shown: str

    @property
    def figure(self) -> str:
        """As it is typed into the box."""
        return f"{self.expected:f}"


def reckon(each: Decimal | None, how: HowOften, days: int | None, units: tuple[str, str]) -> Sum | None:
    """The sum for a dose, how often, for how many days; `units` of dose and supply. None where there is none."""
    dose_unit, unit = units
    counted = unit == dose_unit or (dose_unit, unit) == ("spray", "actuation")
    once = how.sent["kind"] == "once"
    if not counted or how.only_when_needed or not (days or once):
        return None
    doses, each = how.doses(days or 1), how.daily or each
    if each is None:
        return None
    expected = (each * doses).to_integral_value(ROUND_CEILING)
    shown = f"{numbers.figures(each)} {_course(how, doses, days)}"
    return Sum(expected, f"{shown} = {numbers.figures(expected)} {unit if expected == 1 else plural(unit)}")


def _course(how: HowOften, doses: int, days: int | None) -> str:
    """`× 3 a day × 7 days`, or how many doses they are where a course is no multiple of a day."""
    of_days = f"a day × {days} {'day' if days == 1 else 'days'}"
    if how.daily is not None:
        return of_days
    if how.sent["kind"] == "per-day" and days:
        return f"× {how.sent['times']} {of_days}"
    said = f"× {doses} {'dose' if doses == 1 else 'doses'}"
    return f"{said} in {days} days" if days and how.sent["kind"] != "once" else said
