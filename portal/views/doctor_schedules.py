"""The doctors' schedules, for admins: whose they are, and what can be looked at and changed."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from portal import session
from portal.api import services
from portal.api.appointments import Doctor
from portal.pages import page

pages = Blueprint("doctor_schedules", __name__, url_prefix="/schedule/doctors")

MOST_PAGES = 20
"""Pages of fifty doctors; no clinic has more."""


@pages.get("")
@session.only("admin")
def index() -> ResponseReturnValue:
    """The doctors who take bookings, by name."""
    return page("schedules/doctors.html", doctors=every_doctor())


def every_doctor() -> list[Doctor]:
    """All doctors of the directory."""
    found: list[Doctor] = []
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        some = services().appointments.doctors(cursor)
        found += some.items
        cursor = some.next_cursor
        if cursor is None:
            break
    return found
