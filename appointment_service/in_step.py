"""Keeping in step with the auth service: which doctors may work, what they are called, who the clinic is, and its zone.

The watch of each worker process asks every other second. While the auth service is out, nothing changes.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from appointment_service import doctors
from appointment_service.clinic import KnownClinic
from appointment_service.clocks import ClinicClocks
from appointment_service.models import db
from chassis.client import ServiceClient


class InStep:
    """What this service follows in the auth service."""

    TIMEOUT = 1.0

    def __init__(self, auth: ServiceClient, clocks: ClinicClocks, clinic: KnownClinic) -> None:
        self.auth = auth
        self._clocks, self._clinic = clocks, clinic

    def follow(self) -> None:
        """Ask once, and take over what has changed. Raises `Refusal` when there is no answer."""
        asked_at = _now()
        found = self.auth.request("GET", "/auth/verified-doctors", timeout=self.TIMEOUT, aside=True)
        doctors.keep_in_step({UUID(one["id"]): str(one["name"]) for one in found["doctors"]}, asked_at)
        told = self.auth.request("GET", "/clinic", timeout=self.TIMEOUT, aside=True)
        self._clocks.hear(told["time_zone"])
        self._clinic.hear(told)


def _now() -> datetime:
    """By the clock of the database, which also says when a row was made."""
    found: datetime = db.session.execute(select(func.clock_timestamp())).scalar_one()
    db.session.commit()  # no connection is held while a neighbour is asked
    return found
