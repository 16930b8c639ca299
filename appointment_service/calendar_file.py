"""Appointments as calendar files (iCalendar, RFC 5545): what programs with a calendar in them read.

A file tells where and when, and never why: it is copied to other people's machines. A sequence that has grown replaces
what a calendar holds under the same UID, which is why both are the appointment's own for life.
"""

import hashlib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal
from urllib.parse import urlsplit
from uuid import UUID

from icalendar import Calendar, Event, vCalAddress
from icalendar.enums import STATUS

from appointment_service.clinic import Clinic
from appointment_service.models import CANCELLED, IN_ERROR, PENDING, Appointment
from chassis import clock

PROGRAM = "-//Clinic//Appointments//EN"
ASK_AGAIN = timedelta(hours=1)
"""How long calendars are asked to wait before they read a feed again (RFC 7986)."""
Method = Literal["PUBLISH", "REQUEST", "CANCEL"]


@dataclass(frozen=True)
class Entry:
    """One appointment as a calendar shows it. `site` is the portal's address, and its host part of the UID."""

    appointment_id: UUID
    reference: str
    """As people write it, `ABCD-2345`."""
    starts_at: datetime
    ends_at: datetime
    summary: str
    place: str
    site: str
    sequence: int
    cancelled: bool = False
    tentative: bool = False
    """Only held for somebody so far."""

    @property
    def uid(self) -> str:
        """The same for every version of this appointment."""
        return f"{self.appointment_id}@{urlsplit(self.site).hostname}"

    @property
    def page(self) -> str:
        """Where the appointment is shown to whom it concerns, after sign-in. Opening it changes nothing."""
        return f"{self.site.rstrip('/')}/appointments/{self.appointment_id}"


def entry_of(found: Appointment, clinic: Clinic) -> Entry:
    """An appointment as its patient's calendar shows it: where and when, not with whom."""
    return Entry(
        appointment_id=found.id,
        reference=f"{found.reference[:4]}-{found.reference[4:]}",
        starts_at=found.starts_at,
        ends_at=found.ends_at,
        summary=f"Appointment – {clinic.name}",
        place=clinic.place(found.room),
        site=clinic.site,
        sequence=found.ical_sequence,
        cancelled=found.status in {CANCELLED, IN_ERROR},
        tentative=found.status == PENDING,
    )


def doctors_entry_of(found: Appointment, clinic: Clinic) -> Entry:
    """An appointment as its doctor's calendar shows it: whose, by initials, and how long. `A.B. 20 min`."""
    minutes = int((found.ends_at - found.starts_at).total_seconds()) // 60
    return replace(entry_of(found, clinic), summary=f"{initials(found.patient_name)} {minutes} min")


def initials(name: str) -> str:
    """The first letters of the first and the last word of a name: `A.B.`. Which ones, not who."""
    words = unicodedata.normalize("NFC", name).split()
    return "".join(f"{word[0].upper()}." for word in [*words[:1], *words[1:][-1:]])


@dataclass(frozen=True)
class Parties:
    """Who asks whom by mail: two addresses. RFC 5546 wants both in what is sent; calendars ignore it otherwise."""

    organizer: str
    attendee: str


def request(entry: Entry, parties: Parties) -> bytes:
    """What goes with the letter about a booked or moved appointment."""
    return _file("REQUEST", [_event(entry, parties)])


def cancel(entry: Entry, parties: Parties) -> bytes:
    """What goes with the letter about a cancelled appointment, so that calendars take it out."""
    return _file("CANCEL", [_event(entry, parties)])


def publish(entries: Iterable[Entry], name: str | None = None) -> bytes:
    """A file to download, or the answer of a feed, which has a `name`. Nobody is asked anything by it."""
    return _file("PUBLISH", [_event(entry) for entry in entries], name)


def mark(entries: Iterable[Entry], name: str) -> str:
    """The same as long as a feed tells the same: a short digest of what goes into `publish`, which adds the time."""
    return hashlib.sha256(repr((name, *entries)).encode()).hexdigest()[:32]


def _file(method: Method, events: list[Event], name: str | None = None) -> bytes:
    again = ASK_AGAIN if name else None
    calendar = Calendar.new(prodid=PROGRAM, method=method, name=name, refresh_interval=again, subcomponents=events)
    file: bytes = calendar.to_ical()
    return file


def _event(entry: Entry, parties: Parties | None = None) -> Event:
    return Event.new(
        uid=entry.uid,
        sequence=entry.sequence,
        stamp=clock.now(),
        start=entry.starts_at.astimezone(UTC),
        end=entry.ends_at.astimezone(UTC),
        status=_status(entry),
        summary=entry.summary,
        location=entry.place or None,
        description=f"Reference {entry.reference}\n{entry.page}",
        url=entry.page,
        organizer=vCalAddress(f"mailto:{parties.organizer}") if parties else None,
        attendees=[_attendee(parties.attendee)] if parties else None,
    )


def _status(entry: Entry) -> STATUS:
    if entry.cancelled:
        return STATUS.CANCELLED
    return STATUS.TENTATIVE if entry.tentative else STATUS.CONFIRMED


def _attendee(address: str) -> vCalAddress:
    """Somebody who has booked, and need not say again that they come."""
    found = vCalAddress(f"mailto:{address}")
    found.params.update({"PARTSTAT": "ACCEPTED", "RSVP": "FALSE"})
    return found
