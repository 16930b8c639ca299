"""Days on which the clinic is closed, as forms: what is said of them, and of the people who are booked then."""

from collections.abc import Sequence
from typing import Any

from wtforms import Form as PlainForm
from wtforms.validators import ValidationError

from portal.api.clinic_schedule import Country
from portal.dates import today
from portal.days import clock_time, day_of
from portal.forms import AtMost, Choice, Form, Line, Pick, plain_characters

CONFLICTS = [
    ("offer", "Ask them to choose another time", "Each gets a letter. Until they choose, the visit stays as it is."),
    ("cancel", "Cancel their visits", "Each gets a letter that says so."),
    ("keep", "Let them come all the same", "Their visits stay, marked in the doctor’s day."),
]
FATES = {
    "offer": "asked by letter to choose another time",
    "cancel": "told by letter that the visit is cancelled",
    "keep": "coming all the same",
}
YEARS_AHEAD = 3
EXAMPLE = "Enter a time of day, for example 9:00."


class FateForm(Form):
    """What is to become of people who are booked."""

    on_conflict = Choice("What is to become of them?")

    @property
    def chosen(self) -> dict[str, str]:
        """What was chosen, as the service takes it; nothing where nothing was."""
        return {"on_conflict": self.on_conflict.data} if self.on_conflict.data in FATES else {}


class ClosingForm(FateForm):
    """From which day to which, perhaps from when to when, and why."""

    from_date = Line("First day")
    to_date = Line("Last day")
    starts = Line("From")
    ends = Line("To")
    reason = Line("Why", [AtMost(200, "The reason"), plain_characters])

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
        """A time, where there is an end."""
        if (field.data or self.ends.data) and clock_time(field.data or "") is None:
            raise ValidationError(EXAMPLE)

    def validate_ends(self, field: Line) -> None:
        """A later time, where there is a start."""
        starts, ends = clock_time(self.starts.data or ""), clock_time(field.data or "")
        if (field.data or self.starts.data) and ends is None:
            raise ValidationError(EXAMPLE)
        if starts and ends and ends != "00:00" and ends <= starts:
            raise ValidationError("It ends after it starts. Write 24:00 for midnight.")

    @property
    def carried(self) -> list[tuple[str, str]]:
        """The answers as hidden fields of the page that asks what is to become of whom."""
        return [(name, self[name].data or "") for name in ("from_date", "to_date", "starts", "ends", "reason")]

    @property
    def wish(self) -> dict[str, Any]:
        """As the service takes it."""
        times = {name: clock_time(self[name].data) for name in ("starts", "ends") if self[name].data}
        days = {"from_date": self.from_date.data, "to_date": self.to_date.data or self.from_date.data}
        return {**days, **times, "reason": self.reason.data}


class HolidayChoice(PlainForm):  # type: ignore[misc]
    """Whose public holidays, from the address. Parts of the country are asked for once it is chosen."""

    country = Pick("Country", [])
    subdivision = Pick("Part of the country", [("", "The whole country")])
    year = Pick("Year", [])

    def offer(self, countries: Sequence[Country]) -> "HolidayChoice":
        """Let these countries be chosen, and this year and some more."""
        self.country.options = [("", "Choose"), *((one.code, one.name) for one in countries)]
        self.year.options = [(str(today().year + n), str(today().year + n)) for n in range(YEARS_AHEAD + 1)]
        parts = next((one.subdivisions for one in countries if one.code == self.country.data), [])
        self.subdivision.options = [*self.subdivision.options, *((one.code, one.name) for one in parts)]
        if self.subdivision.data not in {code for code, _ in self.subdivision.options}:
            self.subdivision.data = ""  # of a country that was chosen before
        return self

    def validate_country(self, field: Pick) -> None:
        """One has to be chosen."""
        if not field.data:
            raise ValidationError("Choose a country.")

    @property
    def asked(self) -> dict[str, str]:
        """As the address has it, and as the service is asked."""
        names = ("country", "subdivision", "year")
        return {name: self[name].data for name in names if self[name].data}

    @property
    def wish(self) -> dict[str, Any]:
        """As the service takes it."""
        return {**self.asked, "year": int(self.year.data)}
