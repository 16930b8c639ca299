"""The prescription service's settings."""

from pydantic import Field

from chassis.service import DatabaseUrl, ServiceSettings
from chassis.settings import Secret, ServiceUrl


class PrescriptionSettings(ServiceSettings):
    """`AUTH_URL` and `APPOINTMENT_URL` say where the neighbours answer."""

    database_url: DatabaseUrl = Field(validation_alias="PRESCRIPTION_DATABASE_URL")
    secret_key: Secret = Field(validation_alias="PRESCRIPTION_SECRET_KEY")
    auth_url: ServiceUrl = Field(default="http://127.0.0.1:8001", validation_alias="AUTH_URL")
    appointment_url: ServiceUrl = Field(default="http://127.0.0.1:8002", validation_alias="APPOINTMENT_URL")
