"""Appointments for programs with a calendar in them, over HTTP: one as a file, all of one's own as a feed."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from flask import Response, current_app, request

from appointment_service import appointments, calendar_feeds, calendar_file
from appointment_service.calendar_feeds import Owners
from appointment_service.models import Appointment, audit
from appointment_service.schemas.calendar import FeedMadeOut, FeedOut
from appointment_service.views import clinic
from chassis.docs import refuses
from chassis.errors import NotFound, TooManyRequests
from chassis.identity import allow, principal, public

bp = APIBlueprint("calendar", __name__, tag="Calendar")

MEDIA_TYPE = "text/calendar; charset=utf-8"
FILE: dict[int | str, Any] = {
    200: {"description": "The file (iCalendar).", "content": {"text/calendar": {"schema": {"type": "string"}}}}
}
FEED = {**FILE, 304: {"description": "Nothing has changed since `If-None-Match`."}}
ASK_AGAIN = {"Cache-Control": "private, no-cache"}


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


@bp.get("/calendar-feed")
@allow("patient", "doctor")
@bp.output(FeedOut)
def feed() -> FeedOut:
    """Read whether one has a feed, and when it was last read from."""
    return FeedOut.of_feed(calendar_feeds.of(principal()))


@bp.post("/calendar-feed")
@allow("patient", "doctor")
@refuses(calendar_feeds.FeedsNotOffered)
@bp.output(FeedMadeOut, status_code=201)
@audit.of("calendar-feed.make", subjects=lambda _: _own())
def make_feed() -> FeedMadeOut:
    """Make a private address for one's appointments, for calendar programs. The one before ends.

    Whoever has the address reads them. It is told this once.
    """
    return FeedMadeOut.of_feed(*calendar_feeds.make(principal(), _owners()), clinic())


@bp.delete("/calendar-feed")
@allow("patient", "doctor")
@bp.doc(responses={204: "There is no feed any more."})
@audit.of("calendar-feed.end", subjects=lambda _: _own())
def end_feed() -> Response:
    """End one's feed. Doing it again changes nothing."""
    calendar_feeds.end(principal())
    return Response(status=204)


@bp.get("/calendar/<feed_token>.ics")
@public
@refuses(NotFound, TooManyRequests)
@bp.doc(responses=FEED)
def read_feed(feed_token: str) -> Response:
    """Read the appointments of whose feed it is, from 30 days ago to 180 days ahead; cancelled ones for 30 days.

    For calendar programs, which cannot sign in. Doctors' feeds name patients by initials. 30 requests an hour.
    """
    found = calendar_feeds.read(feed_token, _owners(), clinic())
    answer = Response(status=304, headers=ASK_AGAIN)
    answer.set_etag(mark := calendar_file.mark(found.entries, found.name), weak=True)
    if not request.if_none_match.contains_weak(mark):
        calendar_feeds.note(found)
        answer.status_code, answer.content_type = 200, MEDIA_TYPE
        answer.set_data(calendar_file.publish(found.entries, found.name))
    return answer


def _owners() -> Owners:
    found: Owners = current_app.extensions["owners"]
    return found


def _own() -> list[tuple[None, UUID | None]]:
    """Whose record of access it belongs to: the patient's whose feed it is; a doctor's is no patient's."""
    return [(None, principal().id if principal().role == "patient" else None)]
