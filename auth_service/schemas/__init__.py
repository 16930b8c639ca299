"""What the auth service takes in and gives out."""

import re
from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, Field, StringConstraints, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from auth_service import passwords
from auth_service.models import Person
from chassis import clock
from chassis.schemas import In, Line, Out, PlainDate

OLDEST = 130
_LICENCE_NUMBER = re.compile(r"[A-Z0-9][A-Z0-9./-]{0,29}", re.ASCII)


def _email(value: str) -> str:
    try:
        return validate_email(value, check_deliverability=False, test_environment=True, strict=True).normalized.lower()
    except EmailNotValidError as error:
        raise PydanticCustomError("email", "Enter an e-mail address, like name@example.com.") from error


def _readable(value: str) -> str:
    if any(ord(character) < 32 or 0xD800 <= ord(character) < 0xE000 for character in value):
        raise PydanticCustomError("characters", "A password cannot hold control characters.")
    return value


def _askable(value: str) -> str:
    if "\0" in value:  # PostgreSQL has no such character, and the driver falls over it
        raise PydanticCustomError("characters", "Remove the control characters.")
    return value


def _born(value: date) -> date:
    today = clock.now().date()
    if not today.replace(year=today.year - OLDEST, day=1) <= value <= today:
        raise PydanticCustomError("birth_date", "Enter a date of birth in the past.")
    return value


def _licence_number(value: str) -> str:
    number = value.replace(" ", "").upper()
    if not _LICENCE_NUMBER.fullmatch(number):
        raise PydanticCustomError("licence_number", "Write the number as it stands in the register.")
    return number


Email = Annotated[Line, StringConstraints(min_length=3, max_length=254), AfterValidator(_email)]
Password = Annotated[str, StringConstraints(min_length=8, max_length=128), AfterValidator(_readable)]
Name = Annotated[Line, StringConstraints(min_length=1, max_length=200)]
BirthDate = Annotated[PlainDate, AfterValidator(_born)]
LicenceNumber = Annotated[Line, StringConstraints(min_length=1, max_length=50), AfterValidator(_licence_number)]
"""Spaces and capitals do not count: one licence has one spelling."""
Register = Annotated[Line, StringConstraints(min_length=1, max_length=100)]
Token = Annotated[str, StringConstraints(min_length=1, max_length=8192, pattern=r"^[\x21-\x7e]+$")]


class RegisterIn(In):
    """A new account. Admins are never made here."""

    email: Email
    role: Literal["patient", "doctor"]
    first_name: Name
    last_name: Name
    birth_date: BirthDate | None = None
    licence_number: LicenceNumber | None = None
    licence_register: Register | None = None
    password: Password  # last, because it is compared with the fields above

    @field_validator("licence_number", "licence_register")
    @classmethod
    def _of_a_doctor(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and info.data.get("role") == "patient":
            raise PydanticCustomError("doctors_only", "Only doctors have a licence.")
        return value

    @field_validator("password")
    @classmethod
    def _not_guessable(cls, password: str, info: ValidationInfo) -> str:
        own = [str(info.data.get(name, "")) for name in ("email", "first_name", "last_name")]
        if passwords.guessable(password, own):
            raise PydanticCustomError("password_guessable", passwords.GUESSABLE)
        return password


class LoginIn(In):
    """An e-mail address and a password; what is wrong with either is not told."""

    email: Annotated[
        str,
        StringConstraints(strip_whitespace=True, to_lower=True, min_length=1, max_length=254),
        AfterValidator(_askable),
    ]
    password: Annotated[str, StringConstraints(min_length=1, max_length=128)]


class RefreshIn(In):
    """A refresh token."""

    refresh_token: Token


class LicenceOut(Out):
    """A doctor's licence to practise, as the clinic has checked it."""

    state: Literal["unverified", "verified", "rejected", "suspended"]
    number: str | None
    register_: str | None = Field(serialization_alias="register", validation_alias="register")
    checked_on: date | None
    reason: str | None


class PersonOut(Out):
    """A person, as they may see themselves."""

    id: UUID
    email: str
    role: Literal["patient", "doctor", "admin"]
    first_name: str
    last_name: str
    name: str
    birth_date: date | None
    sex: Literal["female", "male", "other", "unknown"] | None
    address: str
    phone: str
    language: str
    licence: LicenceOut | None
    second_factor: Literal["off", "on", "required"]
    created_at: datetime


class AccessOut(Out):
    """An access token (RFC 6749 5.1) and whose it is. `expires_in` counts seconds."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the kind of token, no secret
    expires_in: int
    user: PersonOut


class TokensOut(AccessOut):
    """Tokens after a sign-in or a refresh (RFC 6749 5.1). `expires_in` counts seconds."""

    refresh_token: str

    @classmethod
    def issued(cls, access_token: str, refresh_token: str, life: int, person: Person) -> "TokensOut":
        """The answer for a person who has just proved who they are."""
        return cls(access_token=access_token, refresh_token=refresh_token, expires_in=life, user=PersonOut.of(person))
