"""The patient's own sheet: what to take at which part of the day, in fixed phrases of their language.

A grid where the day has parts; two, three and four times a day are put into it, everything else is said in a line
across. What the doctor typed is never translated: it stands in a box of its own.
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from portal import paper_patient
from portal.api.prescriptions import Medicine, Prescription, Structured
from portal.numbers import figures
from portal.phrases import Phrases

PARTS = ("morning", "noon", "evening", "night")
TIMES = {2: ("morning", "evening"), 3: ("morning", "noon", "evening"), 4: PARTS}
"""Where so many times a day fall."""


@dataclass(frozen=True)
class Line:
    """One medicine: amounts by part of the day, or a line across; how it is taken; what the doctor typed."""

    name: str
    amounts: list[str] = field(default_factory=list)
    across: str = ""
    how: list[str] = field(default_factory=list)
    wrote: list[tuple[str, str]] = field(default_factory=list)
    """What it is, where that has a phrase, and the words."""
    in_words: bool = False


def lines(prescription: Prescription, phrases: Phrases) -> list[Line]:
    """All medicines, in their order."""
    return [_line(medicine, Speaker(phrases)) for medicine in prescription.medicines]


def _line(medicine: Medicine, say: "Speaker") -> Line:
    """In phrases where the language has all of them, else as the doctor wrote it."""
    one = medicine.structured
    if one is not None and one.frequency:
        try:
            return _said(medicine.name, one, say)
        except KeyError:
            pass  # a phrase is missing, and nothing is guessed
    words = [one.directions] if one else [medicine.dosage, medicine.duration, medicine.instructions or ""]
    return Line(medicine.name, wrote=[("", text) for text in words if text], in_words=True)


def _said(name: str, one: Structured, say: "Speaker") -> Line:
    amounts = say.amounts(one)
    how = [say.route(one), *(say.phrases.timings[words] for words in one.timing), *say.needed(one), *say.course(one)]
    how += [say.word("by-weight", amount=say.amount(one.mg_per_kg, "mg"))] if one.mg_per_kg else []
    across = "" if amounts else say.across(one)
    what_for, where = say.word("what-for"), one.site if one.route == "topical" else ""
    free = [(what_for, one.indication), (what_for, (one.as_needed or {}).get("reason", "")), ("", where)]
    return Line(name, amounts, across, how, [(what, text) for what, text in (*free, ("", one.instructions)) if text])


@dataclass(frozen=True)
class Speaker:
    """One language, put together. Raises `KeyError` for what it has no phrase for."""

    phrases: Phrases

    def word(self, name: str, number: int | None = None, **given: Any) -> str:
        """A phrase; of a number, in the singular where there is one."""
        words = self.phrases.words
        found = words.get(f"{name}-1") if number == 1 else None
        return (found or words[name]).format(n=number, **given)

    def amount(self, value: float | Decimal, unit: str) -> str:
        """`1 tablet`, `2,5 mL`."""
        one, many = self.phrases.units[unit]
        return f"{self.number(value)} {one if Decimal(str(value)) == 1 else many}"

    def number(self, value: float | Decimal) -> str:
        """`2,5`"""
        shown = figures(Decimal(str(value)))
        return shown.replace(",", "\N{NARROW NO-BREAK SPACE}").replace(".", self.phrases.decimal)

    def day(self, iso: str | date) -> str:
        """A date in words."""
        day = date.fromisoformat(str(iso))
        return self.phrases.date.format(day=day.day, month=self.phrases.months[day.month - 1], year=day.year)

    def amounts(self, one: Structured) -> list[str]:
        """What to take in each part of the day, empty ones too; nothing where the day has no parts."""
        how, kind = one.frequency, one.frequency["kind"]
        if kind == "parts-of-day":
            each = {part: how[part] for part in PARTS if how.get(part)}
        elif kind == "per-day" and how["times"] in TIMES and not one.as_needed:
            each = dict.fromkeys(TIMES[how["times"]], one.dose)
        elif kind == "per-day" and how["times"] == 1 and how.get("when") and not one.as_needed:
            each = {{"morning": "morning", "bedtime": "night"}[how["when"]]: one.dose}
        else:
            return []
        return [self.amount(each[part], one.dose_unit) if part in each else "" for part in PARTS]

    def across(self, one: Structured) -> str:
        """`1 tablet: every 8 hours`."""
        how, kind = one.frequency, one.frequency["kind"]
        said = self.word(kind, how.get("times") or how.get("every"))
        if how.get("when"):
            said += f" {self.word(how['when'] + '-only')}"
        if how.get("weekdays"):
            days = [self.phrases.weekdays[day] for day in how["weekdays"]]
            joint = f" {self.word('and')} "
            said += f" {self.word('on')} {joint.join(days)}"
        if one.dose is None:
            raise KeyError("dose")
        return f"{self.amount(one.dose, one.dose_unit)}: {said[:1].lower()}{said[1:]}"

    def route(self, one: Structured) -> str:
        """Where it goes."""
        return self.phrases.sites[one.site] if one.route == "ocular" else self.phrases.routes[one.route]

    def whose(self, prescription: Prescription) -> list[str]:
        """Sex, weight and address, as far as they were known at signing."""
        who, weighed, found = prescription.patient_details, prescription.patient_weight, []
        if who and who.sex and who.sex != "unknown":
            found.append(f"{self.word('sex')}: {self.word(who.sex)}")
        if weighed:
            found.append(self.word("weight", kg=self.number(weighed.kg), day=self.day(weighed.measured_on)))
        if who and who.address:
            found.append(f"{self.word('address')}: {paper_patient.address(prescription)}")
        return found

    def needed(self, one: Structured) -> list[str]:
        """Only when needed, and how much at most."""
        if not one.as_needed:
            return []
        found = [] if one.frequency["kind"] == "as-needed" else [self.word("as-needed")]
        most, amount, apart = (one.as_needed.get(name) for name in ("max_doses", "max_amount", "hours_apart"))
        found += [self.word("max-doses", most)] if most else []
        found += [self.word("max-amount", amount=self.amount(amount, one.dose_unit))] if amount else []
        return found + ([self.word("hours-apart", apart)] if apart else [])

    def course(self, one: Structured) -> list[str]:
        """From when, and for how long."""
        lasts = one.duration or {}
        found = [self.word("from", day=self.day(one.start_on))] if one.start_on else []
        if lasts.get("review_on"):
            return [*found, self.word("long", day=self.day(lasts["review_on"]))]
        return found + ([self.word(lasts["unit"], lasts["count"])] if lasts.get("count") else [])
