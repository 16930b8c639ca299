"""The clinic's settings, as admins send them and as everybody sees them."""

import base64
import binascii
import re
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Literal, Self
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from auth_service import clinic
from auth_service.models import Clinic
from auth_service.schemas import Email
from chassis.schemas import In, Line, Out, Prose

LARGEST_LOGO = 40 * 1024
BEGINNINGS: Mapping[str, re.Pattern[bytes]] = {
    "image/png": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "image/jpeg": re.compile(rb"\xff\xd8\xff"),
    "image/webp": re.compile(rb"RIFF....WEBP", re.DOTALL),
}
"""How a file of each kind begins. No SVG: it may carry scripts."""


@cache
def _zones() -> frozenset[str]:
    return frozenset(zone for zone in available_timezones() if "/" in zone or zone == "UTC")


def _existing_zone(value: str) -> str:
    if value not in _zones():
        raise PydanticCustomError("time_zone", "Enter the name of a time zone, like Europe/London.")
    return value


def _decoded(value: str) -> bytes:
    try:
        data = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise PydanticCustomError("base64", "Send the picture in base64.") from None
    if not 0 < len(data) <= LARGEST_LOGO:
        raise PydanticCustomError("too_large", f"A logo has at most {LARGEST_LOGO // 1024} kB.")
    return data


def _phone(value: str) -> str:
    if not any(character.isdigit() for character in value):
        raise PydanticCustomError("phone", "Enter a telephone number.")
    return value


Text = Annotated[Line, StringConstraints(min_length=1, max_length=200)]
Phone = Annotated[Line, StringConstraints(min_length=1, max_length=40), AfterValidator(_phone)]
TimeZone = Annotated[Line, StringConstraints(max_length=60), AfterValidator(_existing_zone)]


class ClinicIn(In):
    """Changes to the clinic's settings. What is left out stays; null gives it back to the programs' own setting."""

    name: Annotated[Line, StringConstraints(min_length=1, max_length=100)] | None = None
    address: Text | None = None
    phone: Phone | None = None
    email: Email | None = None
    time_zone: TimeZone | None = None
    emergency_number: Phone | None = None
    emergency_text: Annotated[Prose, StringConstraints(min_length=1, max_length=500)] | None = None

    @property
    def changes(self) -> dict[str, str | None]:
        """What was sent."""
        return {field: getattr(self, field) for field in self.model_fields_set}


class LogoIn(In):
    """A picture in base64, of at most 40 kB, that is what its media type says."""

    media_type: Literal["image/png", "image/jpeg", "image/webp"]
    data: Annotated[str, StringConstraints(max_length=60_000)]

    @model_validator(mode="after")
    def _is_what_it_says(self) -> Self:
        if not BEGINNINGS[self.media_type].match(_decoded(self.data)):
            raise PydanticCustomError("media_type", "The picture is not what its media type says.")
        return self

    @property
    def logo(self) -> clinic.Logo:
        """As the rule takes it."""
        return clinic.Logo(_decoded(self.data), self.media_type)


class LogoVersionIn(In):
    """The version from `logo` of the settings. Under it the picture never changes."""

    v: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")] | None = None


class ClinicOut(Out):
    """What admins have said about the clinic. Where null, each program's own setting counts."""

    name: str | None
    address: str | None
    phone: str | None
    email: str | None
    time_zone: str | None
    emergency_number: str | None
    emergency_text: str | None
    logo: str | None = Field(examples=["/clinic/logo?v=0123456789abcdef"])

    @classmethod
    def of_clinic(cls, found: Clinic) -> Self:
        """The settings, with where the logo is."""
        texts = {name: getattr(found, name) for name in cls.model_fields if name != "logo"}
        picture = clinic.logo(found)
        return cls(**texts, logo=f"/clinic/logo?v={picture.version}" if picture else None)
