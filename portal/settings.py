"""What the portal reads from its environment: where its neighbours are, its secret, and who the clinic is."""

from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field

from chassis.settings import Secret, ServiceUrl, Settings


class PortalSettings(Settings):
    """The clinic's own words have the demo clinic as their default; the secret has none."""

    portal_secret_key: Secret
    auth_url: ServiceUrl = "http://127.0.0.1:8001"
    appointment_url: ServiceUrl = "http://127.0.0.1:8002"
    prescription_url: ServiceUrl = "http://127.0.0.1:8003"
    clinic_name: str = "Larkfield Clinic"
    clinic_address: str = "12 Mill Lane, Exampleton EX1 2AB"
    clinic_phone: str = "01632 960 122"
    clinic_email: str = "hello@larkfield.example"
    clinic_time_zone: ZoneInfo = ZoneInfo("Europe/London")
    clinic_mark: str = "mark.svg"
    """The clinic's mark: a file in `static/`."""
    emergency_number: str = "112"
    idle_minutes: Annotated[float, Field(gt=0, le=60)] = 30
    """Minutes without a request after which a sign-in ends; at most as long as a form is good for."""
