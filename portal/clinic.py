"""Who the clinic is, for templates: name, address, phone, emergency number, mark and time zone."""

from dataclasses import dataclass
from typing import cast
from zoneinfo import ZoneInfo

from flask import current_app

from portal.settings import PortalSettings


@dataclass(frozen=True)
class Clinic:
    """The clinic as the pages name it."""

    name: str
    address: str
    phone: str
    email: str
    emergency_number: str
    mark: str
    zone: ZoneInfo

    @classmethod
    def of(cls, settings: PortalSettings) -> "Clinic":
        """The clinic that the settings describe."""
        return cls(
            name=settings.clinic_name,
            address=settings.clinic_address,
            phone=settings.clinic_phone,
            email=settings.clinic_email,
            emergency_number=settings.emergency_number,
            mark=settings.clinic_mark,
            zone=settings.clinic_time_zone,
        )

    @property
    def phone_link(self) -> str:
        """The phone number as a `tel:` address."""
        return "tel:" + "".join(c for c in self.phone if c.isdigit() or c == "+")

    @property
    def street(self) -> str:
        """The first line of the address: enough beside a room."""
        return self.address.split(",")[0]


def clinic() -> Clinic:
    """The clinic this portal belongs to."""
    return cast(Clinic, current_app.extensions["clinic"])
