"""The auth service's settings, read as `AUTH_…`, and those of its mail."""

from typing import Annotated

from flask import current_app
from phonenumbers import SUPPORTED_REGIONS
from pydantic import AfterValidator, Field
from pydantic_settings import SettingsConfigDict

from chassis.mail import MailSettings
from chassis.service import DatabaseUrl, ServiceSettings
from chassis.settings import Secret, SecretOrNone


def _of_a_country(code: str) -> str:
    if code not in SUPPORTED_REGIONS:
        raise ValueError("is not a country, like GB (ISO 3166)")
    return code


def _of_roles(names: str) -> str:
    if not _split(names) <= {"patient", "doctor", "admin"}:
        raise ValueError("takes roles with commas between: doctor, admin, patient")
    return names


def _split(names: str) -> frozenset[str]:
    return frozenset(name.strip() for name in names.split(",") if name.strip())


Country = Annotated[str, AfterValidator(_of_a_country)]
Roles = Annotated[str, AfterValidator(_of_roles)]


class AuthSettings(ServiceSettings, MailSettings):
    """`AUTH_SECRET_KEY` encrypts signing keys and second factors at rest, and derives refresh tokens.

    Under another one new signing keys are made, and second factors have to be set up again. `SERVICE_KEY` is what our
    own programs show to learn where somebody gets mail; without it nobody learns that.
    """

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    database_url: DatabaseUrl = Field(validation_alias="AUTH_DATABASE_URL")
    secret_key: Secret = Field(validation_alias="AUTH_SECRET_KEY")
    service_key: SecretOrNone = Field(default="", validation_alias="SERVICE_KEY")
    clinic_country: Country = Field(default="GB", validation_alias="CLINIC_COUNTRY")
    second_factor_required: Roles = Field(default="", validation_alias="SECOND_FACTOR_REQUIRED")

    @property
    def second_factor_roles(self) -> frozenset[str]:
        """The roles that sign in with a code beside the password, by `SECOND_FACTOR_REQUIRED`."""
        return _split(self.second_factor_required)


def current() -> AuthSettings:
    """The settings of the application that is running."""
    found: AuthSettings = current_app.extensions["settings"]
    return found
