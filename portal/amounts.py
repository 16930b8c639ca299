"""Lengths of time as people say them: a number and a unit in forms, `2 hours` in words, minutes for the services."""

from collections.abc import Iterable, Sequence
from typing import Any

from wtforms import Field
from wtforms import Form as PlainForm
from wtforms.validators import StopValidation

from portal.forms import clean_line

MINUTES = {"minutes": 1, "hours": 60, "days": 1440}
LONG = ("minutes", "hours", "days")


def amount_words(value: int, unit: str = "minutes") -> str:
    """`20 minutes`, `2 hours`, `1 day`: in the largest unit of which it is a whole number."""
    number, name = split(value) if unit == "minutes" else (value, unit)
    return f"{number} {name if number != 1 else name[:-1]}".strip()


def split(minutes: int) -> tuple[int, str]:
    """The number and the unit for so many minutes. Two days are days, 36 hours are hours."""
    name = next(name for name in reversed(LONG) if minutes % MINUTES[name] == 0 and (minutes or name == "minutes"))
    return minutes // MINUTES[name], name


class Amount(Field):  # type: ignore[misc]
    """A whole number of a unit; with several units to choose from, `data` is minutes, else it is of the one unit.

    An empty box is refused unless it is `optional`; then `data` is None.
    """

    def __init__(
        self,
        label: str,
        least: int,
        most: int,
        units: Sequence[str] = ("minutes",),
        *,
        optional: bool = False,
        validators: Iterable[Any] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(label, list(validators), **kwargs)
        self.least, self.most, self.units, self.optional = least, most, units, optional
        self.number, self.unit = "", units[0]

    def process(self, formdata: Any, data: Any = None, extra_filters: Any = None) -> None:
        """Read the boxes of a sent form, or show an amount."""
        self.process_errors: list[str] = []
        self.data: int | None = data if isinstance(data, int) else None
        if formdata is not None and self.name in formdata:
            self.number, self.data = clean_line(formdata.get(self.name))[:20], None
            unit = formdata.get(f"{self.name}-unit")
            self.unit = unit if unit in self.units else self.units[0]
        elif self.data is not None:
            number, self.unit = split(self.data) if len(self.units) > 1 else (self.data, self.units[0])
            self.number = str(number)

    def pre_validate(self, form: PlainForm) -> None:
        """Make minutes of the number and its unit, or say what is wrong."""
        if not self.number and self.optional:
            return
        if not (self.number.isascii() and self.number.isdigit()) or len(self.number) > 6:
            raise StopValidation(f"{self.label.text}: enter a whole number.")
        value = int(self.number) * (MINUTES[self.unit] if len(self.units) > 1 else 1)
        if not self.least <= value <= self.most:
            unit = "minutes" if len(self.units) > 1 else self.units[0]
            least, most = amount_words(self.least, unit), amount_words(self.most, unit)
            raise StopValidation(f"{self.label.text}: enter between {least} and {most}.")
        self.data = value
