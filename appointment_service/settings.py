"""The appointment service's settings."""

from zoneinfo import ZoneInfo

from pydantic import Field

from chassis.mail import MailSettings
from chassis.service import DatabaseUrl, ServiceSettings
from chassis.settings import Secret, SecretOrNone, ServiceUrl, TimeZone


class AppointmentSettings(ServiceSettings, MailSettings):
    """`CLINIC_TIME_ZONE` is the zone in which the clinic's clocks are read.

    What `CLINIC_…` says counts where no admin has said anything else. `SERVICE_KEY` is shown to the auth service to
    learn where somebody gets mail.
    """

    database_url: DatabaseUrl = Field(validation_alias="APPOINTMENT_DATABASE_URL")
    secret_key: Secret = Field(validation_alias="APPOINTMENT_SECRET_KEY")
    service_key: SecretOrNone = Field(default="", validation_alias="SERVICE_KEY")
    auth_url: ServiceUrl = Field(default="http://127.0.0.1:8001", validation_alias="AUTH_URL")
    zone: TimeZone = Field(default=ZoneInfo("Europe/London"), validation_alias="CLINIC_TIME_ZONE")
    clinic_name: str = Field(default="Larkfield Clinic", validation_alias="CLINIC_NAME")
    clinic_address: str = Field(default="12 Mill Lane, Exampleton EX1 2AB", validation_alias="CLINIC_ADDRESS")
    clinic_phone: str = Field(default="01632 960 122", validation_alias="CLINIC_PHONE")
