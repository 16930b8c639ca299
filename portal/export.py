"""Everything the clinic's programs hold about the signed-in person, as one document."""

from typing import Any

from chassis import clock
from portal import session
from portal.api import Services, services
from portal.api.base import Api, Json, take_time
from portal.clinic import clinic

SECONDS = 20.0
"""A download may take longer than a page."""
MOST_PAGES = 200
"""Of a hundred records each: an end for a list that would have none."""


def document() -> Json:
    """All of it, or `Unavailable`: a document that lacks a part would look complete."""
    take_time(SECONDS)
    found, person = services(), session.me()
    told: Json = {"clinic": clinic().name, "made_at": clock.now().isoformat(), "account": found.account.export()}
    return told | (_of_patient(found) if person.role == "patient" else {})


def _of_patient(found: Services) -> Json:
    return {
        "appointments": _all(found.appointments, "/appointments"),
        "prescriptions": _all(found.prescriptions, "/prescriptions"),
    }


def _all(api: Api, path: str) -> list[Any]:
    records: list[Any] = []
    cursor = None
    for _ in range(MOST_PAGES):
        listed = api.whole("GET", path, token=session.token(), params={"limit": 100, "cursor": cursor})
        records += listed["items"]
        cursor = listed["next_cursor"]
        if cursor is None:
            break
    return records
