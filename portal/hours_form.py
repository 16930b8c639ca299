"""A doctor's week as a form: for each weekday stretches of work from a time to another, and from when on it counts."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from wtforms import FieldList, FormField, HiddenField
from wtforms import Form as PlainForm
from wtforms.validators import ValidationError

from chassis.errors import FieldError, Refusal
from portal.api.schedules import Stretch
from portal.dates import today
from portal.days import clock_time, day_of
from portal.forms import Form, Line
from portal.prescription_form import Rows

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MIDNIGHT = "00:00"
EXAMPLE = "Enter a time of day, for example 9:00."


class StretchForm(PlainForm):  # type: ignore[misc]
    """From when to when. What the page does not change of a stretch travels along: its kinds of visit, its notice."""

    starts = Line("From")
    ends = Line("To")
    kinds = HiddenField()
    before = HiddenField()

    @property
    def empty(self) -> bool:
        """Whether nothing is written, which means no work."""
        return not (self.starts.data or self.ends.data)

    def validate_starts(self, field: Line) -> None:
        """A time of day, where there is an end."""
        if not self.empty and clock_time(field.data) is None:
            raise ValidationError(EXAMPLE)

    def validate_ends(self, field: Line) -> None:
        """A time of day after the start; midnight is the end of the day."""
        if self.empty:
            return
        ends, starts = clock_time(field.data), clock_time(self.starts.data)
        if ends is None:
            raise ValidationError(EXAMPLE)
        if starts and ends != MIDNIGHT and ends <= starts:
            raise ValidationError("Work ends after it starts. Write 24:00 for midnight.")

    @property
    def span(self) -> tuple[str, str]:
        """Start and end, midnight as the end of the day."""
        ends = clock_time(self.ends.data) or ""
        return clock_time(self.starts.data) or "", "24:00" if ends == MIDNIGHT else ends

    def told(self, weekday: int) -> dict[str, Any]:
        """As the service takes it."""
        found = {"weekday": weekday, "starts": clock_time(self.starts.data), "ends": clock_time(self.ends.data)}
        if self.kinds.data:
            found["visit_type_ids"] = self.kinds.data.split(",")
        if (self.before.data or "").isdigit():
            found["opens_hours_before"] = int(self.before.data)
        return found


class HoursForm(Form):
    """A whole week of work."""

    valid_from = Line("First day")

    def validate_valid_from(self, field: Line) -> None:
        """A day from today on, or nothing."""
        day = day_of(field.data)
        if field.data and (day is None or day < today()):
            raise ValidationError("Enter today or a later day, or leave it empty.")

    @property
    def days(self) -> list[tuple[int, str, FieldList]]:
        """The weekdays with their stretches."""
        return [(number, name, self[f"d{number}"]) for number, name in enumerate(WEEKDAYS, 1)]

    def validate(self, extra_validators: Any = None) -> bool:
        """All of it, and that no stretches of a day overlap."""
        sound = bool(super().validate(extra_validators))
        apart = [_apart(group) for _, _, group in self.days]  # each says so at its own boxes
        return all(apart) and sound

    @property
    def _stretches(self) -> list[tuple[str, dict[str, Any]]]:
        """Where each stretch stands in the form, and how the service takes it."""
        rows = [(n, place, row.form) for n, _, group in self.days for place, row in enumerate(group)]
        return [(f"/d{n}/{place}", stretch.told(n)) for n, place, stretch in rows if not stretch.empty]

    def week(self, *, first: bool) -> dict[str, Any]:
        """As the service takes it. It counts from today on, unless it is the first week of all or another day is said.

        What has been stays as it was.
        """
        since = self.valid_from.data or (None if first else today().isoformat())
        return {"hours": [told for _, told in self._stretches], "valid_from": since}

    def placed(self, refusal: Refusal) -> Refusal:
        """The refusal with its messages at the boxes of this form."""
        refusal.errors = [FieldError(self._pointer(e.pointer), e.code, e.message) for e in refusal.errors]
        return refusal

    def _pointer(self, pointer: str) -> str:
        parts = pointer.strip("/").split("/")
        if parts[0] != "hours" or len(parts) < 2 or not parts[1].isdigit():
            return pointer
        box = "ends" if parts[2:] == ["ends"] else "starts"
        return f"{self._stretches[int(parts[1])][0]}/{box}"

    def add(self, weekday: str) -> None:
        """One more stretch on a weekday."""
        if f"d{weekday}" in self:
            self[f"d{weekday}"].append_entry()

    def copy_monday(self) -> None:
        """Let Tuesday to Friday be as Monday is."""
        for number in range(2, 6):
            _fill(self[f"d{number}"], [row.data for row in self["d1"]])


for _number, _name in enumerate(WEEKDAYS, 1):
    setattr(HoursForm, f"d{_number}", Rows(FormField(StretchForm), _name, min_entries=1))


def boxes(week: Sequence[Stretch]) -> dict[str, Any]:
    """The boxes for a week as it is."""
    by_day: dict[str, list[dict[str, str]]] = {f"d{n}": [] for n in range(1, 8)}
    for one in week:
        kinds, before = ",".join(one.visit_type_ids or []), str(one.opens_hours_before or "")
        ends = "24:00" if one.ends == MIDNIGHT else one.ends
        by_day[f"d{one.weekday}"].append({"starts": one.starts, "ends": ends, "kinds": kinds, "before": before})
    return by_day


def _fill(group: FieldList, rows: list[dict[str, str]]) -> None:
    while len(group):
        group.pop_entry()
    for row in rows:
        group.append_entry(row)


def _apart(group: FieldList) -> bool:
    """Whether no two stretches of a day overlap; the later one says so."""
    rows = sorted((row.form for row in group if not row.form.empty and not row.form.errors), key=lambda one: one.span)
    apart = True
    for before, after in pairwise(rows):
        if after.span[0] < before.span[1]:
            after.starts.errors = [*after.starts.errors, f"This overlaps with {' to '.join(before.span)}."]
            apart = False
    return apart
