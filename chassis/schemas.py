"""What comes in and what goes out: base classes and the field types that every service shares."""

import re
import unicodedata
from datetime import UTC, date, datetime
from typing import Annotated, Any, Generic, Self, TypeVar
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

T = TypeVar("T")

UUID_PATTERN = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
"""The canonical spelling of a UUID (RFC 9562), the only one taken anywhere."""

_UUID = re.compile(UUID_PATTERN, re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_INSTANT = re.compile(r"2[01]\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)
_SMALL_INTEGER = re.compile(r"\d{1,9}", re.ASCII)


class In(BaseModel):
    """Something sent to us. Unknown names are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Out(BaseModel):
    """Something we answer with."""

    model_config = ConfigDict(from_attributes=True)

    @classmethod
    def of(cls, source: object) -> Self:
        """Read the fields off any object that has them."""
        return cls.model_validate(source)


class Page(Out, Generic[T]):
    """Part of a list, and the cursor of the part that follows (null at the end)."""

    items: list[T]
    next_cursor: str | None


def _canonical_uuid(value: Any) -> Any:
    if isinstance(value, UUID):
        return value
    if not isinstance(value, str) or not _UUID.fullmatch(value):
        raise PydanticCustomError("uuid", "Write the id in its canonical form, lower case with hyphens.")
    return value


def _plain_date(value: Any) -> Any:
    if isinstance(value, date):
        return value
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise PydanticCustomError("date", "Write the date as YYYY-MM-DD.")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise PydanticCustomError("date", "There is no such date.") from None


def _instant(value: Any) -> Any:
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        raise PydanticCustomError("instant", "Write the instant as YYYY-MM-DDTHH:MM:SSZ.")
    try:
        found = datetime.fromisoformat(value)
        found.astimezone(UTC)
    except ValueError:
        raise PydanticCustomError("instant", "There is no such instant.") from None
    return found


def _plain_integer(value: Any) -> Any:
    if isinstance(value, str) and not _SMALL_INTEGER.fullmatch(value):
        raise PydanticCustomError("integer", "Write a whole number in digits.")
    return value


Id = Annotated[UUID, BeforeValidator(_canonical_uuid)]
"""A UUID in canonical form only: PostgreSQL and Python accept more spellings than we mean."""
PlainDate = Annotated[date, BeforeValidator(_plain_date)]
"""A calendar date, YYYY-MM-DD."""
Instant = Annotated[
    datetime,
    BeforeValidator(_instant),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2027-03-10T09:00:00Z"]}),
]
"""A moment, with `Z` or an offset (RFC 3339)."""
PlainInteger = Annotated[int, BeforeValidator(_plain_integer)]
"""A small whole number from a query string, in ASCII digits."""


def _harmful(character: str) -> bool:
    """Control, surrogate, bidirectional override or isolate: nothing that belongs in a name or a sentence."""
    category = unicodedata.category(character)
    return category in {"Cc", "Cs", "Co", "Cn"} or character in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def _visible(text: str) -> bool:
    return any(unicodedata.category(character)[0] in "LNPS" for character in text)


def _clean(text: str, allowed: str = "") -> str:
    text = unicodedata.normalize("NFC", text)
    if any(_harmful(character) and character not in allowed for character in text):
        raise PydanticCustomError("characters", "Remove the control characters.")
    text = text.strip()
    if text and not _visible(text):
        raise PydanticCustomError("characters", "Write something that can be read.")
    return text


def _clean_prose(text: str) -> str:
    return _clean(text.replace("\r\n", "\n").replace("\r", "\n"), allowed="\n\t")


Line = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_clean)]
"""One line of readable text: trimmed, NFC, no control characters."""
Prose = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_clean_prose)]
"""Readable text of several lines, with LF between them."""


class Paging(In):
    """The query of a list: `limit` items from where `cursor` points."""

    limit: PlainInteger = Field(default=20, ge=1, le=100)
    cursor: str | None = Field(default=None, max_length=500)
