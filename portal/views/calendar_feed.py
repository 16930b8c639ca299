"""Private calendar addresses lead here, where people reach the clinic, and on to the feed of appointments."""

from urllib.parse import quote

from flask import Blueprint, Response, request

from chassis.client import File
from chassis.errors import Refusal
from portal import session
from portal.api import services

pages = Blueprint("calendar_feed", __name__)

PASSED_ON = ("Content-Type", "ETag", "Cache-Control")
PATIENCE = 10.0
"""Seconds. A program waits here, nobody for a page, and the feed of a busy doctor is long."""


@pages.get("/calendar/<token>.ics")
@session.public
def read(token: str) -> Response:
    """What the feed answers, in plain words where it refuses. Whose it is, and whether they may read, is its to say."""
    try:
        found = _feed(token)
    except Refusal as refusal:
        again = {"Retry-After": refusal.headers["Retry-After"]} if "Retry-After" in refusal.headers else {}
        return Response(f"{refusal.detail}\n", refusal.status, again, content_type="text/plain; charset=utf-8")
    passed_on = {name: found.headers[name] for name in PASSED_ON if name in found.headers}
    return Response(found.data, found.status, passed_on)


def _feed(token: str) -> File:
    sent = {"Accept": "text/calendar, application/problem+json"}
    if seen := request.headers.get("If-None-Match"):
        sent["If-None-Match"] = seen
    path = f"/calendar/{quote(token, safe='')}.ics"
    found: File = services().appointments.client.request("GET", path, headers=sent, timeout=PATIENCE, as_file=True)
    return found
