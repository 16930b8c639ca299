"""Days on which a doctor does otherwise, as a form."""

import hashlib
from typing import Any

from wtforms import HiddenField
from wtforms.validators import ValidationError

from portal.dates import today
from portal.days import clock_time, day_of
from portal.forms import AtMost, Choice, Form, Line, plain_characters
from portal.hours_form import EXAMPLE
from portal.medicine_fields import own_key

KINDS = [
    ("closed", "Time off", "Nobody can book you then. Without times it is whole days."),
    ("extra", "Extra hours", "Beside your weekly hours"),
    ("replace", "Other hours on these days", "Instead of your weekly hours"),
]
KIND_WORDS = {kind: words for kind, words, _ in KINDS}
CONFLICTS = [
    ("offer", "Ask them to choose another time", "Each gets a letter. Until they choose, the visit stays as it is."),
    ("cancel", "Cancel their visits", "Each gets a letter that says so."),
    ("keep", "See them all the same", "Their visits stay, marked as standing in time off."),
]


class TimeOffForm(Form):
    """What, from which day to which, perhaps from when to when, and why. `attempt` makes pressing twice adding once."""

    kind = Choice("What is it?")
    from_date = Line("First day")
    to_date = Line("Last day")
    starts = Line("From")
    ends = Line("To")
    reason = Line("Reason", [AtMost(200, "The reason"), plain_characters])
    on_conflict = Choice("What is to become of them?")
    attempt = HiddenField(filters=[own_key])

    @property
    def _needs_times(self) -> bool:
        """Whether hours have to be said: other and extra ones."""
        return "kind" in self and self.kind.data in ("extra", "replace")

    def validate_kind(self, field: Choice) -> None:
        """One of the kinds there are."""
        if field.data not in KIND_WORDS:
            raise ValidationError("Choose what it is.")

    def validate_from_date(self, field: Line) -> None:
        """A day from today on."""
        day = day_of(field.data)
        if day is None or day < today():
            raise ValidationError("Enter today or a later day.")

    def validate_to_date(self, field: Line) -> None:
        """The first day or a later one; nothing means just the one day."""
        first, last = day_of(self.from_date.data), day_of(field.data)
        if field.data and (last is None or (first and last < first)):
            raise ValidationError("Enter the first day or a later one, or leave it empty for one day.")

    def validate_starts(self, field: Line) -> None:
        """A time, where hours are said at all; other and extra hours need them."""
        needed = self._needs_times or self.ends.data
        if (field.data or needed) and clock_time(field.data) is None:
            raise ValidationError(EXAMPLE)

    def validate_ends(self, field: Line) -> None:
        """A later time, where hours are said at all."""
        needed = self._needs_times or self.starts.data
        starts, ends = clock_time(self.starts.data), clock_time(field.data)
        if (field.data or needed) and ends is None:
            raise ValidationError(EXAMPLE)
        if starts and ends and ends != "00:00" and ends <= starts:
            raise ValidationError("It ends after it starts. Write 24:00 for midnight.")

    @property
    def carried(self) -> list[tuple[str, str]]:
        """The answers as hidden fields of the page that asks what is to become of whom."""
        names = ("kind", "from_date", "to_date", "starts", "ends", "reason", "attempt")
        return [(name, self[name].data or "") for name in names if name in self]

    def key(self, on_conflict: str) -> str:
        """The same answers of the same attempt are added once."""
        answers = [value for _, value in self.carried]
        return hashlib.sha256("\n".join([*answers, on_conflict]).encode()).hexdigest()

    @property
    def wish(self) -> dict[str, Any]:
        """As the service takes it."""
        times = {name: clock_time(self[name].data) for name in ("starts", "ends") if self[name].data}
        kind = {"kind": self.kind.data} if "kind" in self else {}
        days = {"from_date": self.from_date.data, "to_date": self.to_date.data or self.from_date.data}
        return {**kind, **days, "reason": self.reason.data, **times}
