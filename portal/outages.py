"""Which part is out, in words for people, and what still works."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from flask import url_for

from chassis.errors import Unavailable

T = TypeVar("T")

SENTENCES = {
    "auth": "Accounts are not available right now",
    "appointment": "Appointments are not available right now",
    "prescription": "Prescriptions are not available right now",
}


@dataclass(frozen=True)
class StillWorking:
    """A page that does not need the part that is out."""

    label: str
    url: str


def outage(out: Unavailable) -> str:
    """The sentence for a notice beside a form. A part that went silent may still have done what it was asked."""
    kept = "What you typed is still here: try again in a minute."
    return f"{sentence(out)}. We could not confirm that it was saved. {kept}"


def sentence(out: Unavailable) -> str:
    """Which part is out: one sentence without its full stop."""
    return SENTENCES.get(out.service or "", "Part of this site is not available right now")


@dataclass(frozen=True)
class Part(Generic[T]):
    """A part of a page that comes from one service: what it shows, or the sentence that says it is out."""

    content: T | None = None
    out: str | None = None


def part(call: Callable[[], T]) -> Part[T]:
    """Ask a service for a part of a page; the page stands without it."""
    try:
        return Part(content=call())
    except Unavailable as out:
        return Part(out=sentence(out))


def still_working(out: Unavailable, role: str | None) -> list[StillWorking]:
    """Where a person of this role can go meanwhile."""
    parts = {
        ("appointment", "patient"): ("prescriptions", "Your prescriptions", "prescriptions.index"),
        ("appointment", "doctor"): ("prescriptions", "Your prescriptions", "prescriptions.index"),
        ("prescription", "patient"): ("appointments", "Your appointments", "appointments.index"),
        ("prescription", "doctor"): ("today", "Today's appointments", "doctor.today"),
    }
    found = parts.get((out.service or "", role or ""))
    return [StillWorking(found[1], url_for(found[2]))] if found else []
