"""Whose schedule a page is about: the doctor's own, or for admins that of the doctor whom the address names."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import url_for

from chassis.errors import Forbidden
from portal import session
from portal.api import services
from portal.api.appointments import Doctor
from portal.api.schedules import Schedules


@dataclass(frozen=True)
class Whose:
    """The schedule, and the doctor whose it is (None: one's own)."""

    schedules: Schedules
    doctor: Doctor | None = None

    @property
    def section(self) -> str:
        """Which link of the header its pages belong to."""
        return "schedule" if self.doctor else "hours"

    def url(self, endpoint: str, **values: Any) -> str:
        """Where a page of this schedule is; admins have the same pages under the doctor's id."""
        if self.doctor is None:
            return url_for(endpoint, **values)
        return url_for(f"doctors_{endpoint}", doctor_id=self.doctor.id, **values)

    def visit_url(self, visit_id: str) -> str:
        """Where a visit is looked at."""
        if self.doctor is None:
            return url_for("appointments.one", appointment_id=visit_id)
        return url_for("clinic_day.visit", visit_id=visit_id)


def whose(doctor_id: UUID | None) -> Whose:
    """The schedule that an address means. Raises `Forbidden`, and `NotFound` for a doctor who is not there."""
    if (doctor_id is None) is not (session.me().role == "doctor"):
        raise Forbidden
    if doctor_id is None:
        return Whose(services().schedules)
    return Whose(services().schedules.of(str(doctor_id)), services().appointments.doctor(str(doctor_id)))
