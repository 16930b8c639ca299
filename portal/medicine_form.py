"""One medicine as a doctor writes it: found in the list and chosen in parts, or in the doctor's own words."""

import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from functools import cached_property
from typing import Any

from wtforms import Field, HiddenField, StringField
from wtforms import Form as PlainForm
from wtforms.validators import ValidationError

from chassis.errors import Unavailable
from portal import how_often, numbers
from portal.api import services
from portal.api.medicines import ListedMedicine
from portal.forms import AtMost, DateParts, Line, Pick, Required, Text, plain_characters
from portal.how_often import HowOften
from portal.numbers import NotUnderstood

WORDS = ("name", "dosage", "duration", "instructions")
UNITS = [("", "Choose"), ("days", "days"), ("weeks", "weeks"), ("months", "months"), ("long", "long-term")]
TIMINGS = ("before food", "with food", "after food", "on an empty stomach", "at bedtime")
EYES = ("left eye", "right eye", "both eyes")
ROUTES = {
    "oral": "by mouth",
    "sublingual": "under the tongue",
    "oromucosal": "in the mouth",
    "inhalation": "by inhalation",
    "topical": "on the skin",
    "ocular": "into the eye",
    "subcutaneous": "under the skin",
    "intramuscular": "into a muscle",
    "intravenous": "into a vein",
}
_DAYS = {"days": 1, "weeks": 7, "months": 30}
_SAME_FOR_MANY = {"mL", "mg", "g", "units", "micrograms"}
_KEY = re.compile(r"[0-9a-z]{6,40}", re.ASCII)


def new_key() -> str:
    """A name that no other row, and no other form, has."""
    return secrets.token_hex(8)


def own_key(value: str | None) -> str:
    """The key a page of ours gave out, or a new one for anything else."""
    return value if value and _KEY.fullmatch(value) else new_key()


def plural(unit: str) -> str:
    """More than one of a unit."""
    return unit if unit in _SAME_FOR_MANY else f"{unit}s"


class Tick(StringField):  # type: ignore[misc]
    """One box to tick: `yes`, or nothing."""


class Several(Field):  # type: ignore[misc]
    """Boxes to tick, any of `options`. `data` are those that were."""

    def __init__(self, label: str, options: Iterable[str], **kwargs: Any) -> None:
        super().__init__(label, **kwargs)
        self.options = list(options)
        self.data: list[str] = []

    def process_formdata(self, valuelist: list[str]) -> None:
        """Anything else than an option is dropped."""
        self.data = [value for value in self.options if value in valuelist]


@dataclass(frozen=True)
class Sum:
    """What a course takes, in units of supply, and how that was worked out. The service checks it again."""

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


def a_name(form: PlainForm, field: Field) -> None:
    """A medicine's name has letters in it; digits alone are a slip into the wrong box."""
    if not any(character.isalpha() for character in field.data):
        raise ValidationError("Enter the name of the medicine in letters.")


class MedicineRow(PlainForm):  # type: ignore[misc]
    """One medicine. The key says which row a button means, whatever happened on the page in between.

    It is `listed` once chosen from the list, in the doctor's own `words`, or still to `find`.
    """

    key = HiddenField(filters=[own_key])
    kind = HiddenField()
    formulary_id = HiddenField()
    name = Line(
        "Medicine, strength and form",
        [Required("Enter the name of the medicine."), AtMost(200, "The name"), plain_characters, a_name],
    )
    dosage = Line(
        "How much and how often",
        [Required("Enter how much to take and how often."), AtMost(200, "The dosage"), plain_characters],
    )
    duration = Line(
        "For how long",
        [Required("Enter for how long."), AtMost(100, "The duration"), plain_characters],
    )
    strength = Line("Strength", [Required("Choose the strength.")])
    route = Line("Route", [Required("Choose the route.")])
    site = Line("Where", [AtMost(80, "The place"), plain_characters])
    dose = Line("Dose")
    dose_unit = Line("Unit")
    how_often = Line("How often", [Required("Enter how often.")])
    count = Line("For")
    unit = Pick("Days, weeks or months", UNITS)
    review_on = DateParts("Day of review", past=False)
    as_needed = Tick("Only when needed")
    needed_for = Line("Needed for", [AtMost(80, "The reason"), plain_characters])
    max_doses = Line("At most, doses in 24 hours")
    max_amount = Line("At most, amount in 24 hours")
    hours_apart = Line("At least, hours apart")
    quantity = Line("Quantity to supply", [Required("Enter how much to supply.")])
    repeats = Line("Repeats", [Required("Enter how many repeats, 0 for none.")])
    indication = Line("What it is for", [AtMost(120, "The indication"), plain_characters])
    timing = Several("Food and bedtime", TIMINGS)
    start_on = DateParts("Start on", past=False)
    interval = Line("Days between repeats")
    brand = Line("Brand", [AtMost(60, "The brand"), plain_characters])
    no_substitution = Tick("The product may not be exchanged")
    no_substitution_reason = Line("Why not", [AtMost(120, "The reason"), plain_characters])
    instructions = Text("Instructions for the patient", [AtMost(500, "The instructions"), plain_characters])
    note_to_pharmacist = Text("Note to the pharmacist", [AtMost(240, "The note"), plain_characters])

    @property
    def state(self) -> str:
        """`listed`, `words` or `find`."""
        if self.formulary_id.data:
            return "listed"
        return "words" if self.kind.data == "words" or self.dosage.data or self.duration.data else "find"

    list_out = False

    @cached_property
    def listed(self) -> ListedMedicine | None:
        """The chosen medicine; None when the list does not have it, or cannot be asked (`list_out`)."""
        try:
            return services().medicines.one(self.formulary_id.data, self.name.data or "")
        except Unavailable:
            self.list_out = True
            return None

    @cached_property
    def matches(self) -> list[ListedMedicine]:
        """What the typed name may mean, for a page without scripts."""
        try:
            return services().medicines.find(self.name.data) if self.searched else []
        except Unavailable:
            self.list_out = True
            return []

    def settle(self) -> None:
        """Fill in what is no choice: the list's name, an only strength, an only route, an only unit."""
        if self.state == "listed" and not self.listed and not self.list_out:
            self.find_again()
        if self.state == "listed" and self.listed:
            self.name.data = self.listed.generic_name
            only = ((self.strength, "strengths"), (self.route, "routes"), (self.dose_unit, "dose_units"))
            for field, choices in only:
                found = getattr(self.listed, choices)
                if len(found) == 1:
                    field.data = found[0]
        if self.state == "listed" and self._is("as-needed"):
            self.as_needed.data = "yes"

    def choices(self, name: str) -> list[str]:
        """What may be chosen: as the list says, or what was chosen while the list cannot be asked."""
        found: list[str] = getattr(self.listed, name) if self.listed else []
        return found or [self[{"strengths": "strength", "routes": "route", "dose_units": "dose_unit"}[name]].data or ""]

    @property
    def searched(self) -> bool:
        """Whether somebody has asked for a medicine by this name."""
        return self.state == "find" and len(self.name.data or "") > 1 and not self.list_out

    def find_again(self) -> None:
        """Back to finding a medicine, with its name still in the box."""
        for field in self:
            if field.name.rpartition("-")[2] not in {"key", "name"}:
                field.data = [] if isinstance(field, Several) else None if isinstance(field, DateParts) else ""

    def validate(self, extra_validators: Any = None) -> bool:
        """All that this kind of row has. What hangs on the medicine itself is for the prescription service."""
        state = self.state
        if state == "listed":
            return self._validate_listed()
        names = WORDS if state == "words" else ("name",)
        right = [self[name].validate(self) for name in names]
        if state == "find" and all(right):
            self._refuse(self.name, "Choose the medicine from the list, or write it in your own words.")
            return False
        return all(right)

    def _validate_listed(self) -> bool:
        right = [field.validate(self) for name, field in self._fields.items() if name not in {"dosage", "duration"}]
        checks: list[tuple[Field, Callable[[], Any]]] = [
            (self.how_often, lambda: self.how),
            (self.dose, self._dose),
            (self.needed_for, self._reason),
            (self.count, self._duration),
            *((self[name], lambda name=name: self._number(name)) for name in ("quantity", "max_amount")),
            *((self[name], lambda name=name: self._whole(name)) for name in _WHOLE),
        ]
        for field, read in checks:
            if field.errors:
                continue
            try:
                read()
            except NotUnderstood as refusal:
                self._refuse(field, str(refusal))
                right.append(False)
        return all(right)

    def _refuse(self, field: Field, message: str) -> None:
        field.errors = [*field.errors, message]

    @property
    def how(self) -> HowOften:
        """How often, as understood. Raises `NotUnderstood`."""
        return how_often.understand(self.how_often.data or "")

    def _number(self, name: str) -> Decimal | None:
        typed = self[name].data
        return numbers.understood(typed) if typed else None

    def _whole(self, name: str) -> int | None:
        typed = self[name].data
        return numbers.whole(typed) if typed else None

    def _dose(self) -> Decimal | None:
        dose = self._number("dose")
        try:
            how: HowOften | None = self.how
        except NotUnderstood:  # said at its own box
            how = None
        if dose is None and (how is None or how.daily is None):
            raise NotUnderstood("Enter the dose.")
        if how is not None and how.daily is not None:
            amounts = {value for part, value in how.sent.items() if part != "kind" and value}
            if dose is not None and amounts != {numbers.sent(dose)}:
                raise NotUnderstood("How often has its own amounts. Leave the dose empty.")
            return None
        return dose

    def _reason(self) -> None:
        if self.as_needed.data and len(self.needed_for.data) < 3:
            raise NotUnderstood("Say what it is needed for.")

    def _duration(self) -> dict[str, Any] | None:
        count, unit = self._whole("count"), self.unit.data
        if unit == "long":
            if not self.review_on.data:
                raise NotUnderstood("Long-term treatment needs a day of review.")
            return {"review_on": self.review_on.data.isoformat()}
        if count and unit:
            return {"count": count, "unit": unit}
        if not count and not unit and self._is("once"):
            return None
        raise NotUnderstood("Enter for how long: a number, and days, weeks or months.")

    def _is(self, kind: str) -> bool:
        try:
            return bool(self.how.sent["kind"] == kind)
        except NotUnderstood:
            return False

    @property
    def days(self) -> int | None:
        """How many days, where that is said."""
        count = self._whole("count")
        return count * _DAYS[self.unit.data] if count and self.unit.data in _DAYS else None

    @property
    def sum(self) -> Sum | None:
        """What the course takes, as soon as it can be worked out."""
        if not self.listed or self.as_needed.data:
            return None
        try:
            units = self.dose_unit.data or "", self.listed.quantity_unit
            return reckon(self._number("dose"), self.how, self.days, units)
        except NotUnderstood:
            return None

    @property
    def understood(self) -> str:
        """How often as it was understood, where that is not what was typed."""
        try:
            words = self.how.words
        except NotUnderstood:
            return ""
        return "" if words == self.how_often.data else words

    @property
    def sent(self) -> dict[str, Any]:
        """As the prescription service takes it. Only for a row that was found right."""
        if self.state != "listed":
            return {name: self[name].data for name in WORDS}
        text = ("formulary_id", "strength", "route", "site", "dose_unit", "brand", "indication", "instructions")
        body: dict[str, Any] = {name: self[name].data or "" for name in (*text, "note_to_pharmacist")}
        dose, quantity = self._dose(), self._number("quantity")
        body |= {"frequency": self.how.sent, "timing": self.timing.data, "duration": self._duration()}
        body |= {"dose": numbers.sent(dose) if dose else None, "quantity": numbers.sent(quantity) if quantity else 0}
        body |= {"repeats": self._whole("repeats"), "repeat_interval_days": self._whole("interval")}
        body |= {"substitution_allowed": not self.no_substitution.data, "as_needed": self._needed()}
        body["no_substitution_reason"] = self.no_substitution_reason.data if self.no_substitution.data else ""
        body["start_on"] = self.start_on.data.isoformat() if self.start_on.data else None
        return {name: value for name, value in body.items() if value is not None}

    def _needed(self) -> dict[str, Any] | None:
        if not (self.as_needed.data or self.how.only_when_needed):
            return None
        amount = self._number("max_amount")
        found = {
            "reason": self.needed_for.data,
            "max_doses": self._whole("max_doses"),
            "max_amount": numbers.sent(amount) if amount else None,
            "hours_apart": self._whole("hours_apart"),
        }
        return {name: value for name, value in found.items() if value is not None}

    @property
    def more(self) -> bool:
        """Whether anything stands, or is wrong, in what is asked for less often."""
        return any(self[name].data or self[name].errors for name in LESS_OFTEN)

    def pairs(self) -> Iterable[tuple[str, str]]:
        """Everything typed, as hidden fields carry it."""
        for field in self:
            if isinstance(field, DateParts):
                yield from ((f"{field.name}-{part}", typed) for part, typed in field.parts.items() if typed)
            elif isinstance(field, Several):
                yield from ((field.name, value) for value in field.data)
            elif field.data or field.name.rpartition("-")[2] in {"key", *WORDS}:
                yield field.name, field.data or ""


_WHOLE = ("repeats", "interval", "max_doses", "hours_apart")
LESS_OFTEN = ("timing", "start_on", "interval", "brand", "no_substitution", "note_to_pharmacist")
POINTERS = {
    "frequency": "how_often",
    "duration": "count",
    "duration/review_on": "review_on",
    "as_needed": "needed_for",
    "as_needed/reason": "needed_for",
    "as_needed/max_doses": "max_doses",
    "as_needed/max_amount": "max_amount",
    "as_needed/hours_apart": "hours_apart",
    "repeat_interval_days": "interval",
    "substitution_allowed": "no_substitution",
    "formulary_id": "name",
    "dose_unit": "dose",
    "": "name",
}
"""Where the prescription service's names of fields are on our pages."""
