"""What a patient has answered so far on the way to an appointment.

Answers travel in forms and are kept between pages by the attempt they belong to, so that two windows do not mix. Of
them only the doctor and the time are ever in an address: what somebody comes for, and why, is nobody else's to read.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Response, request
from wtforms import StringField

from portal import kept
from portal.api import services
from portal.api.appointments import Doctor
from portal.api.booking import ANY, VisitType
from portal.forms import AtMost, Choice, Form, Text, plain_characters

LONGEST_REASON = 2000
MOST_KEPT = 3
"""Bookings that are under way at once in one browser."""
FIELDS = ("visit_type", "doctor", "start", "notes")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
_ATTEMPT = re.compile(r"[\w-]{1,40}", re.ASCII)


def instant(typed: str | None) -> datetime | None:
    """A start, if it is one and spelled as our own pages spell it."""
    try:
        start = datetime.fromisoformat(typed) if _INSTANT.fullmatch(typed or "") and typed else None
    except ValueError:
        return None
    return start if start and 2000 <= start.year <= 2100 else None  # at the ends of time no zone can be told


class Answers(Form):
    """Everything a patient has answered so far, on whichever page they are."""

    visit_type = Choice("What do you need?")
    doctor = Choice("Who would you like to see?")
    start = Choice("Time")
    notes = Text("Anything we should know?", [AtMost(LONGEST_REASON, "The reason"), plain_characters])
    attempt = StringField("Attempt")

    @property
    def time(self) -> datetime | None:
        """The chosen start, if one is chosen."""
        return instant(self.start.data)

    def without(self, *names: str) -> list[tuple[str, str]]:
        """The answers as hidden fields of a page that asks for the others."""
        return [(name, self[name].data or "") for name in (*FIELDS, "attempt") if name not in names]

    @property
    def key(self) -> str:
        """The same answers of the same attempt are the same booking; any change makes it another one."""
        parts = [self[name].data or "" for name in ("attempt", "doctor", "start", "notes", "visit_type")]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def answers() -> Answers:
    """The answers so far: those of this request, over those that were kept for its attempt."""
    attempt = request.values.get("attempt", "")
    given: dict[str, Any] = {"attempt": attempt if _ATTEMPT.fullmatch(attempt) else secrets.token_urlsafe(16)}
    given |= _all_kept().get(attempt, {})
    if request.method == "GET" and "start" in request.args:
        given["start"] = request.args["start"]
    return Answers(data=given)


def answered_all(attempt: str) -> bool:
    """Whether every question of this attempt has been answered once, so that a change leads back to the summary."""
    return "notes" in _all_kept().get(attempt, {})


def keep(response: Response, so_far: Answers, *names: str) -> bool:
    """Keep these answers for the pages that follow. False when they are too long to be kept."""
    attempt = str(so_far.attempt.data)
    known = _all_kept()
    before = known.pop(attempt, {})
    known[attempt] = before | {name: so_far[name].data or "" for name in names}
    for fewer in range(min(MOST_KEPT, len(known)), 0, -1):
        if kept.put(response, kept.BOOKING, dict(list(known.items())[-fewer:])):
            return True
    return False


def _all_kept() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = kept.get(kept.BOOKING) or {}
    return found


@dataclass(frozen=True)
class Wish:
    """What has been answered so far, in words: with whom (None: any doctor), and what for, if that is clear."""

    answers: Answers
    doctor: Doctor | None
    visit_types: list[VisitType]

    @property
    def doctor_id(self) -> str:
        """As addresses carry it."""
        return self.doctor.id if self.doctor else ANY

    @property
    def visit_type(self) -> VisitType | None:
        """The kind of visit that was chosen, or the only one there is."""
        chosen = [one for one in self.visit_types if one.id == self.answers.visit_type.data]
        return next(iter(chosen), self.visit_types[0] if len(self.visit_types) == 1 else None)

    @property
    def carried(self) -> bool:
        """Whether the page answers a form, so that what was typed has to travel on in forms."""
        return request.method == "POST"


def wish(doctor_id: str, so_far: Answers) -> Wish:
    """The wish for an appointment with this doctor, or with any. Raises `NotFound` for no doctor."""
    doctor = None if doctor_id == ANY else services().appointments.doctor(doctor_id)
    found = Wish(so_far, doctor, services().booking.visit_types(doctor_id))
    so_far.doctor.data = doctor_id
    if found.visit_type:
        so_far.visit_type.data = found.visit_type.id
    return found
