"""The form a doctor writes a prescription on: notes, and one to ten rows of a medicine each."""

import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from flask import request
from werkzeug.datastructures import MultiDict
from wtforms import FieldList, FormField, HiddenField
from wtforms.validators import ValidationError

from chassis.errors import FieldError, Refusal
from portal import numbers
from portal.forms import AtMost, DateParts, Form, Line, Text, plain_characters
from portal.medicine_fields import POINTERS, new_key, own_key
from portal.medicine_form import MedicineRow
from portal.numbers import NotUnderstood

MOST = 10
_POINTER = re.compile(r"(/medicines/\d+)/?(.*)", re.ASCII)
_ANSWER = re.compile(r"(?:answer|considered)_[0-9a-f]{1,40}", re.ASCII)


class Rows(FieldList):  # type: ignore[misc]
    """Rows by the numbers in their names; numbers that no page of ours wrote are no rows."""

    def _extract_indices(self, prefix: str, formdata: Iterable[str]) -> Iterator[int]:
        number = re.compile(rf"{re.escape(prefix)}-(\d{{1,4}})-", re.ASCII)
        return (int(found[1]) for found in map(number.match, formdata) if found)


class PrescriptionForm(Form):
    """What is written, and the key that makes signing it twice the same as once."""

    attempt = HiddenField(filters=[own_key])
    version = HiddenField()
    medicines = Rows(FormField(MedicineRow), "Medicine", min_entries=1)
    weight_kg = Line("Weight of the patient")
    weighed_on = DateParts("Weighed on")
    notes = Text("Notes for the patient", [AtMost(2000, "The notes"), plain_characters])

    def validate_medicines(self, field: FieldList) -> None:
        """No more rows than a prescription takes."""
        if len(field.entries) > MOST:
            raise ValidationError(
                f"A prescription takes at most {MOST} medicines. Remove some, and write a second one for the rest."
            )

    def validate_weight_kg(self, field: Line) -> None:
        """A number."""
        try:
            _ = self._kg
        except NotUnderstood as refusal:
            raise ValidationError(str(refusal)) from refusal

    def validate_weighed_on(self, field: DateParts) -> None:
        """A weight without its day says nothing of a child who grows."""
        if self.weight_kg.data and not field.data:
            raise ValidationError("Enter the day on which the patient was weighed.")

    @property
    def _kg(self) -> Decimal | None:
        return numbers.understood(self.weight_kg.data) if self.weight_kg.data else None

    @property
    def seen(self) -> int:
        """The version of the draft that this form was made from; 0, which none has, where it names none."""
        typed = self.version.data or ""
        return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 9 else 0

    def add(self) -> str | None:
        """One more row. Gives the id of its first box, or None when there is no room."""
        if len(self.medicines.entries) >= MOST:
            return None
        return str(self.medicines.append_entry().form.name.id)

    def remove(self, key: str) -> str:
        """Take the row of this key away, and no other. Gives the id of the box to go on with."""
        keys = [row.form.key.data for row in self.medicines.entries]
        at = keys.index(key) if key in keys else len(keys) - 1
        self.medicines.entries[:] = [row for row in self.medicines.entries if row.form.key.data != key]
        if not self.medicines.entries:
            self.medicines.append_entry()
        return str(self.medicines.entries[max(at - 1, 0)].form.name.id)

    @property
    def rows(self) -> list[MedicineRow]:
        """The medicines, in their order."""
        return [entry.form for entry in self.medicines.entries]

    def row(self, key: str) -> MedicineRow | None:
        """The row of this key."""
        return next((row for row in self.rows if row.key.data == key), None)

    def settle(self) -> None:
        """Fill in what is no choice, in every row."""
        for row in self.rows:
            row.settle()

    @property
    def sent(self) -> list[dict[str, Any]]:
        """The medicines as the prescription service takes them."""
        return [row.sent for row in self.rows]

    @property
    def content(self) -> dict[str, Any]:
        """All of it as the prescription service takes it. Only for a form that was found right."""
        found: dict[str, Any] = {"notes": self.notes.data, "medicines": self.sent}
        if self._kg and self.weighed_on.data:
            measured_on = self.weighed_on.data.isoformat()
            found["weight"] = {"kg": numbers.sent(self._kg), "measured_on": measured_on}
        return found

    @property
    def listed_rows(self) -> list[MedicineRow]:
        """The medicines that are from the list."""
        return [row for row in self.rows if row.state == "listed"]

    def use(self, filled: Iterable[Sequence[tuple[str, str]]], notes: str) -> str | None:
        """Rows filled from a template, in place of those nobody has begun. Gives the id of the first box to look at."""
        begun = [row for row in self.medicines.entries if row.form.name.data or row.form.state == "words"]
        self.medicines.entries[:] = begun
        first = None
        for boxes in filled:
            entry = self.medicines.append_entry()
            prefix = f"{entry.name}-"
            entry.form = MedicineRow(MultiDict((prefix + name, value) for name, value in boxes), prefix=prefix)
            first = first or str(entry.form.name.id)
        self.notes.data = self.notes.data or notes
        return first

    @property
    def carried(self) -> list[tuple[str, str]]:
        """Everything typed, as the hidden fields of the page that checks it."""
        own = [(box.name, box.data or "") for box in (self.attempt, self.version, self.weight_kg, self.notes)]
        own += [(f"{self.weighed_on.name}-{part}", typed) for part, typed in self.weighed_on.parts.items() if typed]
        return [*own, *(pair for row in self.rows for pair in row.pairs())]

    def begin_again(self) -> None:
        """A new attempt with the same words: what is signed next is another prescription."""
        self.attempt.data = new_key()


def blank_row() -> MedicineRow:
    """A row for the script to copy: ROW stands where its number goes, ROWKEY where its key goes."""
    row = MedicineRow(prefix="medicines-ROW-")
    row.key.data = "ROWKEY"
    return row


def answers() -> list[tuple[str, str]]:
    """What was said to alerts before: kept while something is changed, and asked for again where it no longer fits."""
    return [(name, value) for name, value in request.form.items() if _ANSWER.fullmatch(name) and value]


def aimed(refusal: Refusal) -> Refusal:
    """The same refusal, its messages pointing at the boxes of our pages."""
    refusal.errors = [FieldError(_aim(error.pointer), error.code, error.message) for error in refusal.errors]
    return refusal


def _aim(pointer: str) -> str:
    if pointer.startswith("/weight"):
        return "/weighed_on" if pointer.endswith("measured_on") else "/weight_kg"
    found = _POINTER.fullmatch(pointer)
    if not found:
        return pointer
    field = found[2] if found[2] in POINTERS else found[2].partition("/")[0]
    return f"{found[1]}/{POINTERS.get(field, field)}"
