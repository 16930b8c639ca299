"""What doctors offer as FHIR R4 *Schedule*, one for each doctor, and times as *Slot*, computed and never stored."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from appointment_service import availability, grid, wall_time
from appointment_service.fhir_appointment import instant, kind_of_visit
from appointment_service.grid import Asker, Slot
from appointment_service.models import Doctor
from appointment_service.visit_types import Terms

Resource = dict[str, Any]

INSTANT = timedelta(microseconds=1)
BUSY = {"busy": "busy", "held": "busy-tentative"}
"""FHIR's words for why a time is not free. All others are `busy-unavailable`: nobody else has it."""


def schedule(doctor: Doctor, offers: Sequence[Terms], today: date, zone: ZoneInfo) -> Resource:
    """A doctor's schedule, from today to the last day that patients may book. R4 gives it no name but a `comment`."""
    last = max((today + terms.horizon for terms in offers), default=today)
    begins, ends = wall_time.day_bounds(today, last, zone)
    entry: Resource = {"resourceType": "Schedule", "id": str(doctor.id), "active": doctor.bookable}
    if offers:
        entry["serviceType"] = [kind_of_visit(terms.visit_type_id, terms.public_name) for terms in offers]
    if doctor.specialty:
        entry["specialty"] = [{"text": doctor.specialty}]
    return entry | {
        "actor": [{"reference": f"Practitioner/{doctor.id}", "display": doctor.name}],
        "planningHorizon": {"start": instant(begins), "end": instant(ends)},
        "comment": ", ".join(part for part in (doctor.name, doctor.specialty) if part),
    }


def slot(found: Slot, kind: tuple[UUID, str]) -> Resource:
    """A time for one kind of visit (id, name). The id is made of what it is."""
    visit_type_id, name = kind
    return {
        "resourceType": "Slot",
        "id": f"{found.doctor_id}.{str(visit_type_id)[:8]}.{found.start:%Y%m%dT%H%M%SZ}",
        "serviceType": [kind_of_visit(visit_type_id, name)],
        "schedule": {"reference": f"Schedule/{found.doctor_id}"},
        "status": status(found),
        "start": instant(found.start),
        "end": instant(found.end),
    }


def status(found: Slot) -> str:
    """FHIR's code of whether a time is free."""
    return "free" if found.reason is None else BUSY.get(found.reason, "busy-unavailable")


def slots(
    doctor_id: UUID, visit_type_id: UUID, between: tuple[datetime | None, datetime | None], who: Asker
) -> list[Slot]:
    """The starts of a doctor's days from an instant (None: of today) on and before another one, at most 31 days.

    For patients the free ones; for staff all, each with its reason. Raises `RangeRefused`.
    """
    since = between[0] or wall_time.day_bounds(who.today, who.today, who.zone)[0]
    first = since.astimezone(who.zone).date()
    longest = first + (availability.LONGEST_RANGE - 1) * grid.DAY
    until = between[1] or wall_time.day_bounds(longest, longest, who.zone)[1]
    if until <= since:
        return []
    last = (until.astimezone(who.zone) - INSTANT).date()
    found = availability.every_time(doctor_id, visit_type_id, first, last, who)
    return [one for one in found if since <= one.start < until and (who.staff or one.reason is None)]
