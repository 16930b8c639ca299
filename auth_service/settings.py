"""The auth service's settings, read as `AUTH_…`, and where its mail goes."""

from email.utils import parseaddr
from typing import Annotated
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email
from flask import current_app
from phonenumbers import SUPPORTED_REGIONS
from pydantic import AfterValidator, Field, ValidationInfo, field_validator
from pydantic_settings import SettingsConfigDict

from chassis.service import DatabaseUrl, ServiceSettings
from chassis.settings import Secret, ServiceUrl

NOBODY = "Clinic <noreply@clinic.example>"


def _of_a_mail_server(url: str) -> str:
    parts = urlsplit(url)
    if url and (parts.scheme not in {"smtp", "smtps"} or not parts.hostname or parts.path.strip("/")):
        raise ValueError("is not a mail server, like smtp://user:password@mail.example.com:587")
    return url


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


MailUrl = Annotated[str, AfterValidator(_of_a_mail_server)]
Country = Annotated[str, AfterValidator(_of_a_country)]
Roles = Annotated[str, AfterValidator(_of_roles)]


class AuthSettings(ServiceSettings):
    """`AUTH_SECRET_KEY` encrypts signing keys and second factors at rest, and derives refresh tokens.

    Under another one new signing keys are made, and second factors have to be set up again.
    """

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    database_url: DatabaseUrl = Field(validation_alias="AUTH_DATABASE_URL")
    secret_key: Secret = Field(validation_alias="AUTH_SECRET_KEY")
    portal_url: ServiceUrl = Field(default="http://127.0.0.1:8000", validation_alias="PORTAL_URL")
    mail_url: MailUrl = Field(default="", validation_alias="MAIL_URL", repr=False)
    mail_from: str = Field(default=NOBODY, validate_default=True, validation_alias="MAIL_FROM")
    mail_directory: str = Field(default="", validation_alias="MAIL_DIRECTORY")
    clinic_country: Country = Field(default="GB", validation_alias="CLINIC_COUNTRY")
    second_factor_required: Roles = Field(default="", validation_alias="SECOND_FACTOR_REQUIRED")

    @property
    def second_factor_roles(self) -> frozenset[str]:
        """The roles that sign in with a code beside the password, by `SECOND_FACTOR_REQUIRED`."""
        return _split(self.second_factor_required)

    @field_validator("mail_from")
    @classmethod
    def _somebody(cls, sender: str, info: ValidationInfo) -> str:
        try:
            validate_email(parseaddr(sender)[1], check_deliverability=False, test_environment=True)
        except EmailNotValidError as error:
            raise ValueError("is not a sender, like Clinic <noreply@example.com>") from error
        if not sender.isprintable():
            raise ValueError("takes one line")
        if info.data.get("mail_url") and sender == NOBODY:
            raise ValueError("must be set where MAIL_URL is")
        return sender


def current() -> AuthSettings:
    """The settings of the application that is running."""
    found: AuthSettings = current_app.extensions["settings"]
    return found
