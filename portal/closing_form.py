"""Days on which the clinic is closed, as forms: what is said of them, and of the people who are booked then."""

from collections.abc import Sequence
from typing import Any

from wtforms import Form as PlainForm
from wtforms.validators import ValidationError

from portal.api.clinic_schedule import Country
from portal.dates import today
from portal.forms import Choice, Form, Pick
from portal.time_off_form import TimeOffForm

FATES = {
    "offer": "asked by letter to choose another time",
    "cancel": "told by letter that the visit is cancelled",
    "keep": "coming all the same",
}
YEARS_AHEAD = 3


def chosen(form: PlainForm) -> dict[str, str]:
    """What was chosen, as the service takes it; nothing where nothing was."""
    return {"on_conflict": form.on_conflict.data} if form.on_conflict.data in FATES else {}


class FateForm(Form):
    """What is to become of people who are booked."""

    on_conflict = Choice("What is to become of them?")


class ClosingForm(TimeOffForm):
    """From which day to which, perhaps from when to when, and why the clinic is closed."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        del self.kind  # the clinic only closes


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
