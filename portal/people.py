"""Who a person is, as the auth service tells it and the session remembers it."""

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Role = Literal["patient", "doctor", "admin"]


class Licence(BaseModel):
    """A doctor's licence as the clinic knows it."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    state: Literal["unverified", "verified", "rejected", "suspended"]
    number: str | None = None
    register_name: str | None = Field(default=None, alias="register")
    checked_on: date | None = None
    reason: str | None = None


class Person(BaseModel):
    """A person with an account."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    email: str
    role: Role
    first_name: str
    last_name: str
    name: str
    birth_date: date | None = None
    sex: Literal["female", "male", "other", "unknown"] | None = None
    address: str = ""
    phone: str = ""
    language: str = "en"
    second_factor: Literal["off", "on", "required"] = "off"
    licence: Licence | None = None

    @property
    def initials(self) -> str:
        """Two letters for the disc beside the name."""
        return (self.first_name[:1] + self.last_name[:1]).upper()

    @property
    def verified(self) -> bool:
        """Whether this is a doctor whose licence the clinic has checked."""
        return self.licence is not None and self.licence.state == "verified"

    @property
    def standing(self) -> tuple[str, str | None]:
        """What decides which pages are theirs: the role, and the state of a doctor's licence."""
        return self.role, self.licence.state if self.licence else None


class Proved(BaseModel):
    """What proving oneself again gives: an access token that says so. The refresh token stays as it was."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    access_token: str
    expires_in: int


class SignedIn(BaseModel):
    """What signing in and refreshing give."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    access_token: str
    refresh_token: str
    expires_in: int
    user: Person
