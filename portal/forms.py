"""Forms: fields that clean what was typed, dates in three boxes, and errors tied to the boxes they belong to."""

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from flask import request
from flask_wtf import FlaskForm
from wtforms import Field, FieldList, FormField, PasswordField, StringField, TextAreaField
from wtforms import Form as PlainForm
from wtforms.validators import StopValidation, ValidationError

from chassis.errors import Refusal

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

ErrorLink = tuple[str, str]


class Form(FlaskForm):  # type: ignore[misc]
    """Base of all forms; carries the form token."""

    def validate_on_submit(self, extra_validators: Any = None) -> bool:
        """Whether this form was sent, and all of it is right. One that is only taken up again was not sent yet."""
        return "resumed" not in request.form and bool(super().validate_on_submit(extra_validators))


def clean_line(value: str | None) -> str:
    """One line as people mean it: composed characters, single spaces, none at the ends."""
    return " ".join(unicodedata.normalize("NFC", value or "").split())


def clean_text(value: str | None) -> str:
    """Several lines as people mean them: composed characters, LF line ends, no space at the ends."""
    text = unicodedata.normalize("NFC", value or "").replace("\r\n", "\n").replace("\r", "\n")
    return text.strip()


class Line(StringField):  # type: ignore[misc]
    """One line of text."""

    def __init__(self, label: str, validators: Iterable[Any] = (), **kwargs: Any) -> None:
        super().__init__(label, list(validators), filters=[clean_line], **kwargs)


class Text(TextAreaField):  # type: ignore[misc]
    """Several lines of text."""

    def __init__(self, label: str, validators: Iterable[Any] = (), **kwargs: Any) -> None:
        super().__init__(label, list(validators), filters=[clean_text], **kwargs)


class Choice(StringField):  # type: ignore[misc]
    """One of several radio buttons, whose ids end in their numbers."""


class Pick(StringField):  # type: ignore[misc]
    """One of a list that opens. `options` are values and their words; nothing else is taken."""

    def __init__(self, label: str, options: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(label, [_one_of_them], **kwargs)
        self.options = list(options)


def _one_of_them(form: PlainForm, field: Pick) -> None:
    if (field.data or "") not in {value for value, _ in field.options}:
        raise ValidationError("Choose one of the list.")


class Password(PasswordField):  # type: ignore[misc]
    """A password that is asked for. It is never shown again, whatever happens to the form."""

    def __init__(self, label: str, message: str = "Enter your password.", **kwargs: Any) -> None:
        super().__init__(label, [Required(message)], **kwargs)


class NewPassword(Password):
    """A password that is chosen. Length is all the pages ask for; the auth service also knows the common ones."""

    def __init__(self, label: str = "New password", **kwargs: Any) -> None:
        super().__init__(label, "Choose a password.", **kwargs)

    def post_validate(self, form: PlainForm, validation_stopped: bool) -> None:
        """Between 8 and 128 characters."""
        if validation_stopped:
            return
        if len(self.data) < 8:
            raise ValidationError("The password needs at least 8 characters.")
        if len(self.data) > 128:
            raise ValidationError("The password can have at most 128 characters.")


class Required:
    """Something must be there; the sentence says what to do."""

    field_flags = {"required": True}

    def __init__(self, message: str) -> None:
        self.message = message

    def __call__(self, form: PlainForm, field: Field) -> None:
        """Stop at the first thing wrong, so that an empty box has one message only."""
        if not field.data:
            field.errors[:] = []
            raise StopValidation(self.message)


class AtMost:
    """No more than `limit` characters, counted as the services count them."""

    def __init__(self, limit: int, what: str) -> None:
        self.limit, self.what = limit, what
        self.field_flags = {"maxlength": limit}

    def __call__(self, form: PlainForm, field: Field) -> None:
        """Say how many there are and how many there may be."""
        if len(field.data or "") > self.limit:
            raise ValidationError(f"{self.what} can have {self.limit:,} characters. This has {len(field.data):,}.")


def an_email(form: PlainForm, field: Field) -> None:
    """What looks like an e-mail address; the auth service has the last word."""
    name, at, host = field.data.partition("@")
    if not (name and at and "." in host.strip(".")) or "@" in host or " " in field.data:
        raise ValidationError("Enter an e-mail address like name@example.com.")


def plain_characters(form: PlainForm, field: Field) -> None:
    """Refuse what no keyboard types: control characters and marks that reverse the reading direction."""
    odd = {"Cc", "Cf", "Cs", "Co"}
    if any(unicodedata.category(c) in odd and c not in "\n\t\u200c\u200d" for c in field.data or ""):
        raise ValidationError("Use letters, numbers and ordinary punctuation only.")


class DateParts(Field):  # type: ignore[misc]
    """A date in three boxes: day, month (a number or its name) and year. `data` is a `date` or None."""

    def __init__(self, label: str, validators: Iterable[Any] = (), *, past: bool = True, **kwargs: Any) -> None:
        super().__init__(label, list(validators), **kwargs)
        self.past = past
        self.parts = {"day": "", "month": "", "year": ""}
        self.wrong: set[str] = set()

    def process(self, formdata: Any, data: Any = None, extra_filters: Any = None) -> None:
        """Read the boxes of a sent form, or show a date."""
        self.process_errors: list[str] = []
        self.data: date | None = data if isinstance(data, date) else None
        if formdata is not None and any(f"{self.name}-{part}" in formdata for part in self.parts):
            self.parts = {part: clean_line(formdata.get(f"{self.name}-{part}"))[:20] for part in self.parts}
            self.data = None
        elif self.data is not None:
            self.parts = {"day": str(self.data.day), "month": str(self.data.month), "year": str(self.data.year)}

    def pre_validate(self, form: PlainForm) -> None:
        """Make a date of the boxes, or say which one needs attention."""
        missing = [part for part, typed in self.parts.items() if not typed]
        if len(missing) == 3:
            return
        if missing:
            self._refuse(missing, f"{self.label.text} needs a {' and a '.join(missing)}.")
        try:
            self.data = date(self._year(), self._month(), int(self.parts["day"]) if self._digits("day") else 0)
        except ValueError:
            self._refuse([], "Enter a real date, for example 14 3 1988.")
        self._check_range()

    def _check_range(self) -> None:
        from portal.dates import today

        if self.past and self.data is not None and self.data > today():
            self._refuse(["year"], f"{self.label.text} must be in the past.")
        if self.data is not None and self.data.year < 1900:
            self._refuse(["year"], "Enter the year with four digits, from 1900 on.")

    def _digits(self, part: str) -> bool:
        return self.parts[part].isascii() and self.parts[part].isdigit() and len(self.parts[part]) <= 4

    def _year(self) -> int:
        if not self._digits("year") or len(self.parts["year"]) != 4:
            self._refuse(["year"], "Enter the year with four digits, for example 1988.")
        return int(self.parts["year"])

    def _month(self) -> int:
        typed = self.parts["month"].lower()
        if self._digits("month"):
            return int(typed)
        return MONTHS.index(typed[:3]) + 1 if typed[:3] in MONTHS else 0

    def _refuse(self, wrong: list[str], message: str) -> None:
        self.wrong = set(wrong) or set(self.parts)
        self.data = None
        raise StopValidation(message)


def anchor(field: Field) -> str:
    """The id an error links to: the box itself, or the first box or choice of a group."""
    if isinstance(field, DateParts):
        wrong = [part for part in field.parts if part in field.wrong] or ["day"]
        return f"{field.id}-{wrong[0]}"
    if isinstance(field, Choice):
        return f"{field.id}-0"
    return str(field.id)


def summary(form: PlainForm) -> list[ErrorLink]:
    """All errors of a form in the order of its fields, each with the id of its box."""
    own = [("", str(message)) for message in getattr(form, "form_errors", [])]
    return own + [link for field in form for link in _of(field)]


def _of(field: Field) -> list[ErrorLink]:
    if isinstance(field, FieldList):
        own = [(anchor(field), str(e)) for e in field.errors if isinstance(e, str)]
        return own + [link for number, entry in enumerate(field.entries, 1) for link in _of_row(field, number, entry)]
    if isinstance(field, FormField):
        return [link for inner in field.form for link in _of(inner)]
    if field.name == "csrf_token":
        return []
    return [(anchor(field), str(message)) for message in field.errors]


def _of_row(group: FieldList, number: int, entry: Field) -> list[ErrorLink]:
    """A row of several boxes says which row it is: `Medicine 3: enter the name of the medicine.`"""
    if not isinstance(entry, FormField):
        return _of(entry)
    return [(box, f"{group.label.text} {number}: {words[:1].lower()}{words[1:]}") for box, words in _of(entry)]


def place(refusal: Refusal, form: PlainForm) -> bool:
    """Put a refusal's messages at the fields they are about. True when at least one found its field."""
    placed = False
    for error in refusal.errors:
        field = _at(form, error.pointer.strip("/").split("/"))
        if field is not None and error.message not in field.errors:
            field.errors = [*field.errors, error.message]
            placed = True
    return placed


def _at(form: PlainForm, path: list[str]) -> Field | None:
    """The field that a JSON pointer means: `/medicines/2/name` is the third row's name."""
    field = form._fields.get(path[0])
    for step in path[1:]:
        if isinstance(field, FieldList) and step.isdigit() and int(step) < len(field.entries):
            field = field.entries[int(step)]
        elif isinstance(field, FormField) and step in field.form:
            field = field.form[step]
        else:
            return field
    return field
