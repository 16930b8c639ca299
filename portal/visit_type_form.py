"""Kinds of visit as forms, and their terms in words: all numbers with their units, each with what it does."""

from collections.abc import Mapping
from typing import Any

from wtforms import HiddenField
from wtforms.validators import ValidationError

from portal.amounts import LONG, Amount, amount_words, split
from portal.api.clinic_schedule import Override, VisitType
from portal.forms import AtMost, Choice, Form, Line, Required, Text, plain_characters

MONTH = 43_200
"""Minutes of thirty days."""
AMOUNTS: dict[str, tuple[str, int, int, tuple[str, ...], str]] = {
    "duration_min": ("Length", 5, 480, ("minutes",), "How long patient and doctor are together."),
    "step_min": (
        "A start every",
        5,
        480,
        ("minutes",),
        "Times are offered in this rhythm from when the doctor begins.",
    ),
    "buffer_before_min": ("Kept free before", 0, 240, ("minutes",), "To prepare. Nobody can book it."),
    "buffer_after_min": ("Kept free after", 0, 240, ("minutes",), "To tidy up and write notes."),
    "min_notice_min": ("Notice", 0, MONTH, LONG, "Patients book at least so long before. Staff may any time."),
    "horizon_days": ("Bookable ahead", 1, 730, ("days",), "The last day that patients can book, counted from today."),
    "patient_move_cutoff_min": (
        "Moving ends",
        0,
        MONTH,
        LONG,
        "So long before the visit; then patients have to phone.",
    ),
    "patient_cancel_cutoff_min": (
        *("Cancelling ends", 0, MONTH, LONG),
        "So long before the visit; 0 is until it begins. It is better to hear late than never.",
    ),
    "late_cancel_min": (
        *("Late from", 0, MONTH, LONG),
        "Who cancels with less warning than this is counted as late. It is still allowed.",
    ),
}
"""By the service's names: what each is called, its least and greatest value, its units, and what it does."""
BOOKABLE_BY = [
    ("patient", "Patients and staff", None),
    ("staff", "Staff only", "Patients are not offered it. Doctors book it for them."),
]


def explained(name: str) -> str:
    """What a number does."""
    return AMOUNTS[name][4]


def _amounts(*, optional: bool) -> dict[str, Amount]:
    return {
        name: Amount(label, least, most, units, optional=optional)
        for name, (label, least, most, units, _) in AMOUNTS.items()
    }


class VisitTypeForm(Form):
    """A kind of visit with everything that can be said of it. `version` is the one that was seen."""

    public_name = Line("Name for patients", [Required("Enter a name."), AtMost(100, "A name"), plain_characters])
    name = Line("Name for staff", [AtMost(100, "A name"), plain_characters])
    description = Text("What it is for", [AtMost(500, "This text"), plain_characters])
    bookable_by = Choice("Who books it?")
    sensitive = Choice("Is it private?")
    position = Amount("Place in the list", 0, 1000, ("",))
    version = HiddenField()

    def validate_bookable_by(self, field: Choice) -> None:
        """One of the two."""
        if field.data not in {value for value, _, _ in BOOKABLE_BY}:
            raise ValidationError("Choose who books it.")

    def validate_sensitive(self, field: Choice) -> None:
        """Yes or no."""
        if field.data not in {"yes", "no"}:
            raise ValidationError("Choose whether it is private.")

    @property
    def said(self) -> dict[str, Any]:
        """As the service takes it, but for whether it is in use."""
        texts = {"public_name": self.public_name.data, "description": self.description.data}
        texts["name"] = self.name.data or self.public_name.data
        numbers = {name: self[name].data for name in (*AMOUNTS, "position")}
        return {**texts, **numbers, "bookable_by": self.bookable_by.data, "sensitive": self.sensitive.data == "yes"}


class OverrideForm(Form):
    """What one doctor does otherwise for one kind of visit; an empty box is as everybody."""

    offered = Choice("Is it offered?")
    bookable_by = Choice("Who books it?")

    def validate_offered(self, field: Choice) -> None:
        """Yes or no."""
        if field.data not in {"yes", "no"}:
            raise ValidationError("Choose whether it is offered.")

    def validate_bookable_by(self, field: Choice) -> None:
        """As everybody, or one of the two."""
        if (field.data or "") not in {"", *(value for value, _, _ in BOOKABLE_BY)}:
            raise ValidationError("Choose who books it.")

    @property
    def said(self) -> dict[str, Any]:
        """As the service takes it."""
        numbers = {name: self[name].data for name in AMOUNTS}
        return {**numbers, "offered": self.offered.data == "yes", "bookable_by": self.bookable_by.data or None}

    def suggest_units(self, kind: VisitType) -> None:
        """Let empty boxes have the units in which everybody's numbers are told."""
        for name in AMOUNTS:
            if not self[name].number and len(self[name].units) > 1:
                self[name].unit = split(getattr(kind, name))[1]

    @property
    def differs(self) -> bool:
        """Whether anything is not as everybody does it."""
        return not self.said["offered"] or any(self.said[name] is not None for name in (*AMOUNTS, "bookable_by"))


for _name, _field in _amounts(optional=False).items():
    setattr(VisitTypeForm, _name, _field)
for _name, _field in _amounts(optional=True).items():
    setattr(OverrideForm, _name, _field)


def boxes(kind: VisitType) -> dict[str, Any]:
    """A kind of visit as its form shows it."""
    return {**kind.model_dump(), "sensitive": "yes" if kind.sensitive else "no", "version": str(kind.version)}


def told(kind: VisitType) -> dict[str, Any]:
    """A kind of visit as the service takes it, unchanged."""
    return kind.model_dump(exclude={"id", "version"})


def own_boxes(own: Override | None) -> dict[str, Any]:
    """What a doctor does otherwise, as its form shows it."""
    if own is None:
        return {"offered": "yes", "bookable_by": ""}
    return {**own.model_dump(), "offered": "yes" if own.offered else "no", "bookable_by": own.bookable_by or ""}


def words(name: str, value: int) -> str:
    """One number in words: `2 hours`, `none`."""
    if name == "patient_cancel_cutoff_min" and not value:
        return "when it begins"
    if not value:
        return "none"
    return amount_words(value, AMOUNTS[name][3][0] if len(AMOUNTS[name][3]) == 1 else "minutes")


def short(kind: VisitType) -> str:
    """A kind of visit in a line."""
    free = [
        f"{words(name, value)} {place}"
        for name, place in (("buffer_before_min", "before"), ("buffer_after_min", "after"))
        if (value := getattr(kind, name))
    ]
    parts = [amount_words(kind.duration_min), f"kept free: {' and '.join(free)}" if free else ""]
    return " · ".join(part for part in parts if part)


def differences(own: Override, kind: VisitType) -> list[str]:
    """What a doctor does otherwise, in words; empty when nothing."""
    if not own.offered:
        return ["Not offered"]
    said: Mapping[str, Any] = own.model_dump()
    found = [f"{AMOUNTS[name][0]}: {words(name, said[name])}" for name in AMOUNTS if said[name] is not None]
    if own.bookable_by and own.bookable_by != kind.bookable_by:
        found.append(next(label for value, label, _ in BOOKABLE_BY if value == own.bookable_by))
    return found
