"""One medicine as a doctor writes it: found in the list and chosen in parts, or in the doctor's own words."""

from collections.abc import Iterable
from functools import cached_property
from typing import Any

from wtforms import Field, HiddenField
from wtforms import Form as PlainForm

from chassis.errors import Unavailable
from portal.api import services
from portal.api.medicines import ListedMedicine
from portal.course import Sum, reckon
from portal.forms import AtMost, DateParts, Line, Pick, Required, Text, plain_characters
from portal.medicine_fields import TIMINGS, UNITS, WORDS, Several, Tick, a_name, own_key
from portal.medicine_reading import Reading
from portal.numbers import NotUnderstood

LESS_OFTEN = ("mg_per_kg", "timing", "start_on", "interval", "brand", "no_substitution", "note_to_pharmacist")


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
    mg_per_kg = Line("Dose by weight, each")
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
        if self.state == "listed" and self.reading.is_kind("as-needed"):
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
        for name, message in self.reading.mistakes():
            if not self[name].errors:
                self._refuse(self[name], message)
                right.append(False)
        return all(right)

    def _refuse(self, field: Field, message: str) -> None:
        field.errors = [*field.errors, message]

    @property
    def reading(self) -> Reading:
        """What the typed parts mean."""
        return Reading(self)

    @property
    def sum(self) -> Sum | None:
        """What the course takes, as soon as it can be worked out."""
        if not self.listed or self.as_needed.data:
            return None
        read, units = self.reading, (self.dose_unit.data or "", self.listed.quantity_unit)
        try:
            return reckon(read.number("dose"), read.how, read.days, units)
        except NotUnderstood:
            return None

    @property
    def understood(self) -> str:
        """How often as it was understood, where that is not what was typed."""
        try:
            words = self.reading.how.words
        except NotUnderstood:
            return ""
        return "" if words == self.how_often.data else words

    @property
    def sent(self) -> dict[str, Any]:
        """As the prescription service takes it. Only for a row that was found right."""
        return self.reading.sent() if self.state == "listed" else {name: self[name].data for name in WORDS}

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
