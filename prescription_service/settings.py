"""The prescription service's settings."""

from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field

from chassis.service import DatabaseUrl, ServiceSettings
from chassis.settings import Secret, SecretOrNone, ServiceUrl, TimeZone


class PrescriptionSettings(ServiceSettings):
    """`AUTH_URL` and `APPOINTMENT_URL` say where the neighbours answer; the clinic's zone says what day it is.

    Within `SIGNING_FRESHNESS_MINUTES` somebody who signs has proved who they are; 0 demands nothing.
    `SERVICE_KEY` is shown to the auth service to learn what paper says of a patient; without it, only the name.
    """

    database_url: DatabaseUrl = Field(validation_alias="PRESCRIPTION_DATABASE_URL")
    secret_key: Secret = Field(validation_alias="PRESCRIPTION_SECRET_KEY")
    service_key: SecretOrNone = Field(default="", validation_alias="SERVICE_KEY")
    auth_url: ServiceUrl = Field(default="http://127.0.0.1:8001", validation_alias="AUTH_URL")
    appointment_url: ServiceUrl = Field(default="http://127.0.0.1:8002", validation_alias="APPOINTMENT_URL")
    signing_freshness_minutes: Annotated[float, Field(ge=0, le=60)] = 0
    zone: TimeZone = Field(default=ZoneInfo("Europe/London"), validation_alias="CLINIC_TIME_ZONE")
