"""What people send about their own account, and what they are told about it."""

import re
from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

import langcodes
import phonenumbers
from flask import current_app
from pydantic import AfterValidator, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from auth_service.schemas import BirthDate, Email, Name, Password, PersonOut, Token
from chassis.schemas import In, Line, Out, Prose

LINES = 5
_TYPED_NUMBER = re.compile(r"\+?[0-9 ()./-]{3,40}", re.ASCII)
_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", re.ASCII)


def _few_lines(value: str) -> str:
    if value.count("\n") >= LINES:
        raise PydanticCustomError("too_many_lines", f"Write at most {LINES} lines.")
    return value


def _phone(value: str) -> str:
    """In E.164. A number without country is one of the clinic's country."""
    if not value:
        return value
    try:
        number = phonenumbers.parse(value, current_app.config["CLINIC_COUNTRY"])
    except phonenumbers.NumberParseException:
        number = None
    # by length and country only: lists of the ranges in use are always behind
    if number is None or not _TYPED_NUMBER.fullmatch(value) or not phonenumbers.is_possible_number(number):
        raise PydanticCustomError("phone", "Enter a phone number, like 020 7946 0958 or +44 20 7946 0958.")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _language(value: str) -> str:
    if not _TAG.fullmatch(value) or not langcodes.tag_is_valid(value):
        raise PydanticCustomError("language", "Enter the code of a language, like en, cy or pt-BR.")
    return langcodes.standardize_tag(value)


Address = Annotated[Prose, StringConstraints(max_length=300), AfterValidator(_few_lines)]
Phone = Annotated[Line, StringConstraints(max_length=40), AfterValidator(_phone)]
Language = Annotated[Line, StringConstraints(min_length=2, max_length=35), AfterValidator(_language)]
GivenPassword = Annotated[str, StringConstraints(min_length=1, max_length=128)]
"""A password somebody shows; what is wrong with it is not told."""


class ProfileIn(In):
    """Changes to one's own profile. What is left out stays; an empty address or phone number takes it away."""

    first_name: Name = Field(default_factory=str)  # no default in the description: an empty name is none
    last_name: Name = Field(default_factory=str)
    birth_date: BirthDate | None = None
    sex: Literal["female", "male", "other", "unknown"] | None = None
    address: Address = ""
    phone: Phone = ""
    language: Language = Field(default_factory=str)


class NewPasswordIn(In):
    """A new password, with the one until now."""

    current_password: GivenPassword
    new_password: Password


class NewEmailIn(In):
    """A new e-mail address, with one's password."""

    email: Email
    password: GivenPassword


class PasswordIn(In):
    """One's password, before something that cannot be taken back."""

    password: GivenPassword


class ForgottenIn(In):
    """Whose password is forgotten."""

    email: Email


class ResetIn(In):
    """A new password, with the token of a mailed link."""

    token: Token
    password: Password


class LinkIn(In):
    """The token of a mailed link."""

    token: Token


class NothingOut(Out):
    """Nothing: the request has been taken, and the answer is the same whatever comes of it."""


class EmailOut(Out):
    """The address that is the account's now."""

    email: str


class SessionRecord(Out):
    """One sign-in."""

    id: UUID
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    address: str
    user_agent: str
    second_factor: bool
    proved_at: datetime


class SecondFactorRecord(Out):
    """An authenticator, without what it knows."""

    created_at: datetime
    confirmed_at: datetime | None


class LinkRecord(Out):
    """A link that was mailed, without what opens it."""

    purpose: str
    email: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None


class EventRecord(Out):
    """Something that was done with this account. The address is told of one's own acts only."""

    recorded_at: datetime
    actor_id: UUID | None
    actor_role: str | None
    actor_name: str | None
    action: str
    record_id: UUID | None
    outcome: str
    address: str | None


class ExportOut(Out):
    """Everything the auth service keeps about a person, without hashes and secrets."""

    exported_at: datetime
    account: PersonOut
    sessions: list[SessionRecord]
    second_factor: SecondFactorRecord | None
    recovery_codes_left: int
    links: list[LinkRecord]
    events: list[EventRecord]

    @model_validator(mode="after")
    def _keep_others_addresses(self) -> Self:
        for event in self.events:
            if event.actor_id != self.account.id:
                event.address = None
        return self
