"""The auth service's settings, read as `AUTH_…`."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from chassis.service import DatabaseUrl, ServiceSettings
from chassis.settings import Secret


class AuthSettings(ServiceSettings):
    """`AUTH_SECRET_KEY` encrypts the signing keys at rest and derives refresh tokens: lose it and all sign in again."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    database_url: DatabaseUrl = Field(validation_alias="AUTH_DATABASE_URL")
    secret_key: Secret = Field(validation_alias="AUTH_SECRET_KEY")
