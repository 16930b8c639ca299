"""Who the clinic is, for templates: name, address, phone, emergency words, mark and time zone.

Admins set them at the auth service. Each worker keeps what it last heard and hears again every few seconds, so that no
page waits for it; while the auth service is out, what was heard last goes on counting.
"""

import hashlib
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flask import Flask, current_app, url_for

from chassis.errors import Refusal
from portal.api.clinic import ClinicApi, ClinicSettings
from portal.security import static_url
from portal.settings import PortalSettings

EVERY = 5.0
"""Seconds between hearing of the settings."""
PICTURES = frozenset({"image/png", "image/jpeg", "image/webp"})
TEXTS = ("name", "address", "phone", "email", "emergency_number", "emergency_text")


@dataclass(frozen=True)
class Logo:
    """A picture, where the auth service has it, and the part of its hash that its address carries."""

    path: str
    data: bytes
    media_type: str

    @property
    def version(self) -> str:
        """Part of the hash of the picture."""
        return hashlib.sha256(self.data).hexdigest()[:16]


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
    emergency_text: str = ""
    logo: Logo | None = None

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
        return _dialled(self.phone)

    @property
    def emergency_link(self) -> str:
        """The emergency number as a `tel:` address."""
        return _dialled(self.emergency_number)

    @property
    def street(self) -> str:
        """The first line of the address: enough beside a room."""
        return self.address.split(",")[0]


def _dialled(number: str) -> str:
    return "tel:" + "".join(c for c in number if c.isdigit() or c == "+")


class KnownClinic:
    """What this process knows of the clinic: its own settings, and over them what it last heard."""

    def __init__(self, own: Clinic, api: ClinicApi) -> None:
        self.own = own
        self.now = own
        self._api = api
        self._asked_at = 0.0

    def hear(self) -> None:
        """Ask for the settings. The watch does; raises a `Refusal` when there is no answer."""
        self._asked_at = time.monotonic()
        self.take(self._api.settings())

    def hear_in_passing(self) -> None:
        """Ask because a page knows of something newer; at most once a second, and no answer is no harm."""
        if time.monotonic() - self._asked_at > 1:
            with suppress(Refusal):
                self.hear()

    def take(self, told: ClinicSettings) -> None:
        """Count with these settings from now on."""
        texts = {name: value for name in TEXTS if (value := getattr(told, name)) is not None}
        self.now = replace(self.own, **texts, zone=_zone(told.time_zone) or self.own.zone, logo=self._logo(told.logo))

    def _logo(self, path: str | None) -> Logo | None:
        known = self.now.logo
        if path is None or (known and known.path == path):
            return known if path else None
        data, media_type = self._api.logo(path)
        return Logo(path, data, media_type) if media_type in PICTURES else None


def _zone(name: str | None) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError):
        return None


def known_clinic() -> KnownClinic:
    """What this process knows of the clinic."""
    return cast(KnownClinic, current_app.extensions["clinic"])


def clinic() -> Clinic:
    """The clinic this portal belongs to."""
    return known_clinic().now


def mark_url() -> str:
    """The address of the clinic's mark: the logo that admins have set, or the file of the settings."""
    logo = clinic().logo
    return url_for("clinic.logo", v=logo.version) if logo else static_url(clinic().mark)


def init_app(app: Flask, settings: PortalSettings) -> None:
    """Know the clinic, and hear of changes."""
    app.extensions["clinic"] = known = KnownClinic(Clinic.of(settings), app.extensions["services"].clinic)
    app.extensions["watch"].add(known.hear, every=EVERY)
    app.jinja_env.globals["mark_url"] = mark_url
