"""The form a doctor writes a prescription on: notes, and one to ten rows of a medicine each."""

import re
import secrets
from collections.abc import Iterable, Iterator

from wtforms import Field, FieldList, FormField, HiddenField
from wtforms import Form as PlainForm
from wtforms.validators import ValidationError

from portal.forms import AtMost, Form, Line, Required, Text, plain_characters

MOST = 10
WORDS = ("name", "dosage", "duration", "instructions")
_KEY = re.compile(r"[0-9a-z]{6,40}", re.ASCII)


def new_key() -> str:
    """A name that no other row, and no other form, has."""
    return secrets.token_hex(8)


def _own_key(value: str | None) -> str:
    """The key a page of ours gave out, or a new one for anything else."""
    return value if value and _KEY.fullmatch(value) else new_key()


def a_name(form: PlainForm, field: Field) -> None:
    """A medicine's name has letters in it; digits alone are a slip into the wrong box."""
    if not any(character.isalpha() for character in field.data):
        raise ValidationError("Enter the name of the medicine in letters.")


class MedicineRow(PlainForm):  # type: ignore[misc]
    """One medicine. The key says which row a button means, whatever happened on the page in between."""

    key = HiddenField(filters=[_own_key])
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
    instructions = Text("Instructions for the patient", [AtMost(500, "The instructions"), plain_characters])


class Rows(FieldList):  # type: ignore[misc]
    """Rows by the numbers in their names; numbers that no page of ours wrote are no rows."""

    def _extract_indices(self, prefix: str, formdata: Iterable[str]) -> Iterator[int]:
        number = re.compile(rf"{re.escape(prefix)}-(\d{{1,4}})-", re.ASCII)
        return (int(found[1]) for found in map(number.match, formdata) if found)


class PrescriptionForm(Form):
    """What is written, and the key that makes signing it twice the same as once."""

    attempt = HiddenField(filters=[_own_key])
    medicines = Rows(FormField(MedicineRow), "Medicine", min_entries=1)
    notes = Text("Notes for the patient", [AtMost(2000, "The notes"), plain_characters])

    def validate_medicines(self, field: FieldList) -> None:
        """No more rows than a prescription takes."""
        if len(field.entries) > MOST:
            raise ValidationError(
                f"A prescription takes at most {MOST} medicines. Remove some, and write a second one for the rest."
            )

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
    def words(self) -> list[dict[str, str]]:
        """The medicines as the prescription service takes them."""
        return [{name: row.form[name].data for name in WORDS} for row in self.medicines.entries]

    @property
    def carried(self) -> list[tuple[str, str]]:
        """Everything typed, as the hidden fields of the page that checks it."""
        boxes = [box for row in self.medicines.entries for box in row.form]
        return [(box.name, box.data or "") for box in [self.attempt, self.notes, *boxes]]

    def begin_again(self) -> None:
        """A new attempt with the same words: what is signed next is another prescription."""
        self.attempt.data = new_key()


def blank_row() -> MedicineRow:
    """A row for the script to copy: ROW stands where its number goes, ROWKEY where its key goes."""
    row = MedicineRow(prefix="medicines-ROW-")
    row.key.data = "ROWKEY"
    return row
