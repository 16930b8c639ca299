"""The appointment service's settings."""

from zoneinfo import ZoneInfo

from pydantic import Field

from chassis.service import DatabaseUrl, ServiceSettings
from chassis.settings import Secret, ServiceUrl, TimeZone


class AppointmentSettings(ServiceSettings):
    """`CLINIC_TIME_ZONE` is the zone in which the clinic's clocks are read."""

    database_url: DatabaseUrl = Field(validation_alias="APPOINTMENT_DATABASE_URL")
    secret_key: Secret = Field(validation_alias="APPOINTMENT_SECRET_KEY")
    auth_url: ServiceUrl = Field(default="http://127.0.0.1:8001", validation_alias="AUTH_URL")
    zone: TimeZone = Field(default=ZoneInfo("Europe/London"), validation_alias="CLINIC_TIME_ZONE")
