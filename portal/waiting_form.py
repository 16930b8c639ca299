"""What a patient waits for: which days, which part of them, and how short the notice may be."""

import hashlib
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from wtforms import StringField
from wtforms.validators import ValidationError

from portal.api.waiting_list import Entry
from portal.dates import date_words, span_words, today
from portal.forms import Choice, Form, Line
from portal.medicine_fields import Several

LONGEST = timedelta(days=365)
USUAL = timedelta(weeks=4)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
PARTS = [
    ("", "Any time", None),
    ("morning", "Morning", "Before 12:00"),
    ("afternoon", "Afternoon", "12:00 to 17:00"),
    ("evening", "Evening", "From 17:00 on"),
]
NOTICE = [
    ("120", "2 hours", "You hear of the most times"),
    ("1440", "A day", None),
    ("4320", "3 days", None),
]


class Day(Line):
    """A date in one box; browsers show a calendar for it."""

    @property
    def day(self) -> date | None:
        """The date, if it is one."""
        try:
            return date.fromisoformat(self.data or "")
        except ValueError:
            return None


def _a_day(form: Form, field: Day) -> None:
    if field.day is None:
        raise ValidationError(f"Enter a real date, for example {today().isoformat()}.")


class WaitingForm(Form):
    """All of it, with the kind of visit that was chosen before."""

    from_date = Day("From", [_a_day])
    to_date = Day("To", [_a_day])
    weekdays = Several("Which days of the week?", [str(n) for n in range(1, 8)])
    day_part = Choice("Which part of the day?")
    notice = Choice("How long before do you need to know?")
    visit_type = StringField("Kind of visit")
    attempt = StringField("Attempt")

    def validate_to_date(self, field: Day) -> None:
        """A day that is not over, behind the first one, within a year."""
        first, last = self.from_date.day, field.day
        if last and last < today():
            raise ValidationError("Choose a day that is still to come.")
        if first and last and not timedelta() <= last - first <= LONGEST:
            raise ValidationError("The last day comes after the first one, within a year.")

    def hope(self, doctor_id: str) -> dict[str, Any]:
        """As the service takes it; what we did not offer counts as not answered."""
        part = self.day_part.data if self.day_part.data in {value for value, *_ in PARTS} else ""
        notice = self.notice.data if self.notice.data in {value for value, *_ in NOTICE} else "120"
        days = [int(day) for day in self.weekdays.data]
        asked = {"doctor_id": doctor_id, "from": self.from_date.data, "to": self.to_date.data}
        told: dict[str, Any] = asked | {"notice_min": int(notice)}
        given = (("visit_type_id", self.visit_type.data), ("weekdays", days), ("day_part", part))
        return told | {name: value for name, value in given if value}

    def key(self, doctor_id: str) -> str:
        """The same answers of the same attempt are one entry."""
        told = repr((self.attempt.data, sorted(self.hope(doctor_id).items(), key=str)))
        return hashlib.sha256(told.encode()).hexdigest()


def when(entry: Entry) -> str:
    """What an entry waits for, in words: `1 to 28 December 2026, Mondays and Fridays, in the morning`."""
    same = entry.from_date == entry.to_date
    words = [date_words(entry.from_date) if same else span_words(entry.from_date, entry.to_date)]
    if entry.weekdays and len(entry.weekdays) < 7:
        words.append(_listed([f"{WEEKDAYS[day - 1]}s" for day in entry.weekdays]))
    if entry.day_part:
        words.append(f"in the {entry.day_part}")
    return ", ".join(words)


def _listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
