"""What the typed parts of a medicine mean: numbers, how often, for how long; and the same as the service takes it."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from wtforms import Form as PlainForm

from portal import how_often, numbers
from portal.how_often import HowOften
from portal.numbers import NotUnderstood

_DAYS = {"days": 1, "weeks": 7, "months": 30}
_WHOLE = ("repeats", "interval", "max_doses", "hours_apart")
_TEXT = ("formulary_id", "strength", "route", "site", "dose_unit", "brand", "indication", "instructions")


class Reading:
    """The boxes of one medicine from the list, read. Everything here raises `NotUnderstood` for what cannot be."""

    def __init__(self, row: PlainForm) -> None:
        self.row = row

    @property
    def how(self) -> HowOften:
        """How often."""
        return how_often.understand(self.row.how_often.data or "")

    def is_kind(self, kind: str) -> bool:
        """Whether it is taken that way: `once`, `as-needed`. False as long as it is not understood."""
        try:
            return bool(self.how.sent["kind"] == kind)
        except NotUnderstood:
            return False

    def number(self, name: str) -> Decimal | None:
        """The number in this box, if there is one."""
        typed = self.row[name].data
        return numbers.understood(typed) if typed else None

    def whole(self, name: str) -> int | None:
        """The whole number in this box, if there is one."""
        typed = self.row[name].data
        return numbers.whole(typed) if typed else None

    def dose(self) -> Decimal | None:
        """Each dose; None where the parts of the day have amounts of their own."""
        dose = self.number("dose")
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

    def reason(self) -> None:
        """What is taken only when needed is needed for something."""
        if self.row.as_needed.data and len(self.row.needed_for.data) < 3:
            raise NotUnderstood("Say what it is needed for.")

    def duration(self) -> dict[str, Any] | None:
        """For how long; None for what is taken once."""
        count, unit = self.whole("count"), self.row.unit.data
        if unit == "long":
            if not self.row.review_on.data:
                raise NotUnderstood("Long-term treatment needs a day of review.")
            return {"review_on": self.row.review_on.data.isoformat()}
        if count and unit:
            return {"count": count, "unit": unit}
        if not count and not unit and self.is_kind("once"):
            return None
        raise NotUnderstood("Enter for how long: a number, and days, weeks or months.")

    @property
    def days(self) -> int | None:
        """How many days, where that is said."""
        count = self.whole("count")
        return count * _DAYS[self.row.unit.data] if count and self.row.unit.data in _DAYS else None

    def mistakes(self) -> Iterable[tuple[str, str]]:
        """Boxes that cannot be read, each with the sentence that says why."""
        checks: list[tuple[str, Callable[[], Any]]] = [
            ("how_often", lambda: self.how),
            ("dose", self.dose),
            ("needed_for", self.reason),
            ("count", self.duration),
            *((name, lambda name=name: self.number(name)) for name in ("quantity", "max_amount", "mg_per_kg")),
            *((name, lambda name=name: self.whole(name)) for name in _WHOLE),
        ]
        for name, read in checks:
            try:
                read()
            except NotUnderstood as refusal:
                yield name, str(refusal)

    def sent(self) -> dict[str, Any]:
        """As the prescription service takes it. Only for boxes without mistakes."""
        row = self.row
        body: dict[str, Any] = {name: row[name].data or "" for name in (*_TEXT, "note_to_pharmacist")}
        dose, quantity = self.dose(), self.number("quantity")
        body |= {"frequency": self.how.sent, "timing": row.timing.data, "duration": self.duration()}
        body |= {"dose": numbers.sent(dose) if dose else None, "quantity": numbers.sent(quantity) if quantity else 0}
        by_weight = self.number("mg_per_kg")
        body["mg_per_kg"] = numbers.sent(by_weight) if by_weight else None
        body |= {"repeats": self.whole("repeats"), "repeat_interval_days": self.whole("interval")}
        body |= {"substitution_allowed": not row.no_substitution.data, "as_needed": self._needed()}
        body["no_substitution_reason"] = row.no_substitution_reason.data if row.no_substitution.data else ""
        body["start_on"] = row.start_on.data.isoformat() if row.start_on.data else None
        return {name: value for name, value in body.items() if value is not None}

    def _needed(self) -> dict[str, Any] | None:
        if not (self.row.as_needed.data or self.how.only_when_needed):
            return None
        amount = self.number("max_amount")
        found = {
            "reason": self.row.needed_for.data,
            "max_doses": self.whole("max_doses"),
            "max_amount": numbers.sent(amount) if amount else None,
            "hours_apart": self.whole("hours_apart"),
        }
        return {name: value for name, value in found.items() if value is not None}
