"""What the form of a medicine is made of besides `portal.forms`: keys of rows, boxes to tick, and its fixed words."""

import re
import secrets
from collections.abc import Iterable
from typing import Any

from wtforms import Field, StringField
from wtforms import Form as PlainForm
from wtforms.validators import ValidationError

WORDS = ("name", "dosage", "duration", "instructions")
UNITS = [("", "Choose"), ("days", "days"), ("weeks", "weeks"), ("months", "months"), ("long", "long-term")]
TIMINGS = ("before food", "with food", "after food", "on an empty stomach", "at bedtime")
ROUTES = {
    "oral": "by mouth",
    "sublingual": "under the tongue",
    "oromucosal": "in the mouth",
    "inhalation": "by inhalation",
    "topical": "on the skin",
    "ocular": "into the eye",
    "subcutaneous": "under the skin",
    "intramuscular": "into a muscle",
    "intravenous": "into a vein",
}
POINTERS = {
    "frequency": "how_often",
    "duration": "count",
    "duration/review_on": "review_on",
    "as_needed": "needed_for",
    "as_needed/reason": "needed_for",
    "as_needed/max_doses": "max_doses",
    "as_needed/max_amount": "max_amount",
    "as_needed/hours_apart": "hours_apart",
    "repeat_interval_days": "interval",
    "substitution_allowed": "no_substitution",
    "formulary_id": "name",
    "dose_unit": "dose",
    "": "name",
}
"""Where the prescription service's names of fields are on our pages."""
_KEY = re.compile(r"[0-9a-z]{6,40}", re.ASCII)


def new_key() -> str:
    """A name that no other row, and no other form, has."""
    return secrets.token_hex(8)


def own_key(value: str | None) -> str:
    """The key a page of ours gave out, or a new one for anything else."""
    return value if value and _KEY.fullmatch(value) else new_key()


class Tick(StringField):  # type: ignore[misc]
    """One box to tick: `yes`, or nothing."""


class Several(Field):  # type: ignore[misc]
    """Boxes to tick, any of `options`. `data` are those that were."""

    def __init__(self, label: str, options: Iterable[str], **kwargs: Any) -> None:
        super().__init__(label, **kwargs)
        self.options = list(options)
        self.data: list[str] = []

    def process_formdata(self, valuelist: list[str]) -> None:
        """Anything else than an option is dropped."""
        self.data = [value for value in self.options if value in valuelist]


def a_name(form: PlainForm, field: Field) -> None:
    """A medicine's name has letters in it; digits alone are a slip into the wrong box."""
    if not any(character.isalpha() for character in field.data):
        raise ValidationError("Enter the name of the medicine in letters.")
