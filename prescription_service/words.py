"""The words of a prescription, rendered from its structure and never typed: every part of it is said.

Order: verb, amount, route, frequency, timing, duration, as needed. What cannot be said is refused, not guessed.
"""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from prescription_service import numerals
from prescription_service.facts import ListedMedicine
from prescription_service.forms import FORMS, ROUTES
from prescription_service.structure import AsNeeded, Duration, Frequency, Structure

_STRENGTH = re.compile(r"([\d,.]+) (mg|g|micrograms|units)(?:/(\d*) ?(mL|actuation))?", re.ASCII)
_WHEN = {"morning": "in the morning", "bedtime": "at bedtime"}
_PARTS = {"morning": "in the morning", "noon": "at noon", "evening": "in the evening", "night": "at night"}


class CannotBeSaidError(ValueError):
    """This structure has no words, so nothing is signed with it."""


@dataclass(frozen=True)
class Words:
    """The four texts of a medicine, and the one sentence for the label."""

    name: str
    dosage: str
    duration: str
    instructions: str
    directions: str


def render(medicine: Structure, listed: ListedMedicine) -> Words:
    """All that is prescribed, in words."""
    dosage = _dosage(medicine, listed)
    course = _course(medicine)
    needed = _needed(medicine.as_needed, medicine.dose_unit) if medicine.as_needed else ""
    sentence = " ".join(part for part in (dosage, course) if part) + (f", {needed}" if needed else "")
    return Words(
        name=name(medicine, listed),
        dosage=f"{dosage}, {needed}" if needed else dosage,
        duration=_capital(course or "one dose only"),
        instructions=" ".join(_rest(medicine, listed.quantity_unit)),
        directions=f"{sentence}." + (f" {medicine.instructions}" if medicine.instructions else ""),
    )


def name(medicine: Structure, listed: ListedMedicine) -> str:
    """`amoxicillin 500 mg capsule`, with the capitals that keep lookalikes apart, and the brand where it is named."""
    generic = listed.tall_man_name + listed.generic_name[len(listed.tall_man_name) :]
    brand = f" (brand: {medicine.brand})" if medicine.brand else ""
    return f"{generic} {medicine.strength} {listed.dose_form}{brand}"


def _dosage(medicine: Structure, listed: ListedMedicine) -> str:
    verb = FORMS[listed.dose_form].verb
    amounts = medicine.frequency.amounts
    route = _route(medicine)
    timing = " ".join(medicine.timing[:1]) + "".join(f" and {other}" for other in medicine.timing[1:])
    if medicine.frequency.kind == "parts-of-day":
        if not amounts or medicine.dose is not None:
            raise CannotBeSaidError("the parts of the day have amounts of their own, and one at least")
        times = [f"{_amount(medicine, amount)} {_PARTS[part]}" for part, amount in amounts.items()]
        said = [verb, _listed(times), route, "every day", timing]
    else:
        if medicine.dose is None or amounts:
            raise CannotBeSaidError("there is one dose")
        said = [verb, _amount(medicine, medicine.dose), route, frequency(medicine.frequency), timing]
    return " ".join(part for part in said if part)


def _amount(medicine: Structure, dose: Decimal) -> str:
    """The amount in units that can be counted, and what it holds of the medicine where one number says it."""
    said = numerals.amount(dose, medicine.dose_unit)
    held = contents(medicine.strength, dose, medicine.dose_unit)
    return f"{said} ({held})" if held else said


def contents(strength: str, dose: Decimal, unit: str) -> str | None:
    """What a dose holds, in the strength's own unit: no unit is ever converted. None for combinations and per cent."""
    found = _STRENGTH.fullmatch(strength)
    if not found:
        return None
    number, measure, per, volume = found.groups()
    countable = unit in {"tablet", "capsule", "auto-injector"} if volume is None else unit == _counted(volume)
    if not countable:
        return None
    return f"{numerals.figures(dose * Decimal(number.replace(',', '')) / Decimal(per or 1))} {measure}"


def _counted(volume: str) -> str:
    return {"mL": "mL", "actuation": "spray"}[volume]


def _route(medicine: Structure) -> str:
    words = ROUTES.get(medicine.route)
    if words is None:
        raise CannotBeSaidError(f"there are no words for the route {medicine.route!r}")
    if medicine.route == "ocular":
        if not medicine.site:
            raise CannotBeSaidError("which eye is not said")
        return f"{words} {medicine.site if medicine.site.startswith('both') else 'the ' + medicine.site}"
    return f"{words} ({medicine.site})" if medicine.site else words


def frequency(how: Frequency) -> str:
    """`3 times a day`, `every 8 hours`, `once a week on Monday`."""
    said = _how_often(how)
    on = f" on {_listed(list(how.weekdays))}" if how.weekdays else ""
    when = f" {_WHEN[how.when]}" if how.when else ""
    return f"{said}{on}{when}"


def _how_often(how: Frequency) -> str:
    match how.kind, how.times, how.every:
        case "once", None, None:
            return "once, now"
        case "as-needed", None, None:
            return ""
        case "per-day", int(times), None:
            return f"{_times(times)} a day"
        case "per-week", int(times), None:
            return f"{_times(times)} a week"
        case "every-days", None, 2:
            return "every 2 days (every other day)"
        case "every-hours" | "every-days" | "every-weeks" | "every-months", None, int(every):
            unit = how.kind.removeprefix("every-")
            return f"every {every} {unit}" if every > 1 else f"every {unit[:-1]}"
    raise CannotBeSaidError(f"there are no words for {how}")


def _times(times: int) -> str:
    return "once" if times == 1 else f"{times} times"


def _course(medicine: Structure) -> str:
    if medicine.duration is None and medicine.frequency.kind != "once":
        raise CannotBeSaidError("how long is not said")
    start = f"from {day(medicine.start_on)}" if medicine.start_on else ""
    length = _length(medicine.duration) if medicine.duration else ""
    return " ".join(part for part in (start, length) if part)


def _length(duration: Duration) -> str:
    if duration.review_on:
        return f"long-term, to be reviewed by {day(duration.review_on)}"
    if not (duration.count and duration.unit):
        raise CannotBeSaidError("how long is not said")
    unit = duration.unit if duration.count > 1 else duration.unit[:-1]
    return f"for {duration.count} {unit}"


def _needed(needed: AsNeeded, unit: str) -> str:
    said = [f"when needed for {needed.reason}"]
    if needed.max_doses:
        said.append(f"at most {needed.max_doses} {'dose' if needed.max_doses == 1 else 'doses'} in 24 hours")
    if needed.max_amount:
        said.append(f"at most {numerals.amount(needed.max_amount, unit)} in 24 hours")
    if needed.hours_apart:
        hours = "hour" if needed.hours_apart == 1 else "hours"
        said.append(f"at least {needed.hours_apart} {hours} apart")
    return ", ".join(said)


def _rest(medicine: Structure, unit: str) -> list[str]:
    """What is not about taking: figures and words, as a figure alone is altered with one stroke."""
    said = [medicine.instructions] if medicine.instructions else []
    said += [f"One dose is reckoned from {numerals.figures(medicine.mg_per_kg)} mg/kg."] if medicine.mg_per_kg else []
    said += [f"For: {medicine.indication}."] if medicine.indication else []
    said += [f"Supply: {supply(medicine, unit)}.", f"Repeats: {repeats(medicine)}."]
    reason = medicine.no_substitution_reason
    if medicine.substitution_allowed == bool(reason):
        raise CannotBeSaidError("a refused substitution has a reason, an allowed one has none")
    said.append("Substitution: allowed." if medicine.substitution_allowed else f"No substitution: {reason}.")
    said += [f"To the pharmacist: {medicine.note_to_pharmacist}"] if medicine.note_to_pharmacist else []
    return said


def supply(medicine: Structure, unit: str) -> str:
    """`21 (twenty-one) capsules`"""
    said = unit if medicine.quantity == 1 else numerals.plural(unit)
    return f"{numerals.figures(medicine.quantity)} ({numerals.words(medicine.quantity)}) {said}"


def repeats(medicine: Structure) -> str:
    """`0 (none)`, `2 (two), at least 21 days apart`"""
    said = f"{medicine.repeats} ({numerals.words(medicine.repeats) if medicine.repeats else 'none'})"
    interval = medicine.repeat_interval_days
    return f"{said}, at least {_days(interval)} apart" if interval else said


def _days(number: int) -> str:
    return f"{number} {'day' if number == 1 else 'days'}"


def day(date_: date) -> str:
    """`5 March 2027`: the month in letters, as 5/3 is read both ways."""
    return f"{date_.day} {date_:%B} {date_.year}"


def _listed(parts: list[str]) -> str:
    return " and ".join(parts) if len(parts) < 3 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
