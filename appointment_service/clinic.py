"""Who the clinic is, for what leaves it: letters and calendar files."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from appointment_service.settings import AppointmentSettings


@dataclass(frozen=True)
class Clinic:
    """The clinic as letters name it. `site` is where people reach the portal, without a slash at its end."""

    name: str
    address: str
    phone: str
    site: str

    @classmethod
    def of(cls, settings: AppointmentSettings) -> "Clinic":
        """The clinic that the settings describe."""
        told = (settings.clinic_name, settings.clinic_address, settings.clinic_phone)
        return cls(*told, site=settings.portal_url.rstrip("/"))

    def place(self, room: str) -> str:
        """Where a visit is, on one line."""
        return ", ".join(" ".join(part.split()) for part in (room, self.name, self.address) if part.strip())

    def appointment_page(self, appointment_id: object) -> str:
        """Where an appointment is shown to whom it concerns, after sign-in. Opening it changes nothing."""
        return f"{self.site}/appointments/{appointment_id}"


class KnownClinic:
    """The settings, and over them what an admin has said to the auth service, as last heard."""

    def __init__(self, settings: Clinic) -> None:
        self._settings = self._known = settings
        self.heard = False

    def now(self) -> Clinic:
        """The clinic as far as it is known."""
        return self._known

    def hear(self, told: Mapping[str, object]) -> None:
        """Take over what the auth service tells. A null is left to the settings."""
        said = {name: str(told[name]) for name in ("name", "address", "phone") if told.get(name)}
        self._known, self.heard = replace(self._settings, **said), True
