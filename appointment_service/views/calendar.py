"""Appointments for programs with a calendar in them, over HTTP: one as a file, all of one's own as a feed."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from flask import Response

from appointment_service import appointments, calendar_file
from appointment_service.models import Appointment, audit
from appointment_service.views import clinic
from chassis.docs import refuses
from chassis.errors import NotFound
from chassis.identity import allow, principal

bp = APIBlueprint("calendar", __name__, tag="Calendar")

MEDIA_TYPE = "text/calendar; charset=utf-8"
FILE: dict[int | str, Any] = {
    200: {"description": "The file (iCalendar).", "content": {"text/calendar": {"schema": {"type": "string"}}}}
}


def as_file(view: Callable[..., Appointment]) -> Callable[..., Response]:
    """Answer with the appointment that a view gives, as a file to save. Put it above `audit.of`."""

    @wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> Response:
        file = calendar_file.publish([calendar_file.entry_of(view(*args, **kwargs), clinic())])
        # one name for all: a file's name shows in lists of downloads
        named = {"Content-Disposition": 'attachment; filename="appointment.ics"'}
        return Response(file, content_type=MEDIA_TYPE, headers=named)

    return wrapper


@bp.get("/appointments/<id:appointment_id>.ics")
@allow("patient", "doctor")
@refuses(NotFound)
@bp.doc(responses=FILE)
@as_file
@audit.of("appointment.read")
def download(appointment_id: UUID) -> Appointment:
    """Read one's own appointment as a calendar file: where and when, and never why.

    `UID` stays the same for good and `SEQUENCE` rises with each move and with the end, so that calendars replace it.
    """
    return appointments.find(principal(), appointment_id)
