"""Keeping in step with the auth service: which doctors may work, what they are called, and the clinic's zone.

The watch of each worker process asks every other second. While the auth service is out, nothing changes.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from appointment_service import doctors
from appointment_service.clocks import ClinicClocks
from appointment_service.models import db
from chassis.client import ServiceClient


class InStep:
    """What this service follows in the auth service."""

    TIMEOUT = 1.0

    def __init__(self, auth: ServiceClient, clocks: ClinicClocks) -> None:
        self.auth = auth
        self._clocks = clocks

    def follow(self) -> None:
        """Ask once, and take over what has changed. Raises `Refusal` when there is no answer."""
        asked_at = _now()
        found = self.auth.request("GET", "/auth/verified-doctors", timeout=self.TIMEOUT)
        doctors.keep_in_step({UUID(one["id"]): str(one["name"]) for one in found["doctors"]}, asked_at)
        self._clocks.hear(self.auth.request("GET", "/clinic", timeout=self.TIMEOUT)["time_zone"])


def _now() -> datetime:
    """By the clock of the database, which also says when a row was made."""
    found: datetime = db.session.execute(select(func.clock_timestamp())).scalar_one()
    db.session.commit()  # no connection is held while a neighbour is asked
    return found
