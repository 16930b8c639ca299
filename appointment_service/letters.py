"""The words of our letters about appointments. Plain text, and nothing of why somebody comes.

A letter may be read by others on its way. It names when and where, and with whom and what for unless that is sensitive.
Nothing that a patient wrote is in it, so nobody can use us to say something to somebody else.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from appointment_service.clinic import Clinic
from appointment_service.models import Appointment

AWAY = (
    "The doctor cannot be there at the time of your appointment. Please choose another time on the page below, or\n"
    "phone us. Until you do, this is the appointment you have:"
)
END = "Please do not answer this message: nobody reads the answers.\n"
SUBJECTS = {
    "booked": "Your appointment is booked",
    "moved": "Your appointment has been moved",
    "cancelled": "Your appointment is cancelled",
    "reminder": "Reminder of your appointment",
    "move-wanted": "Please choose another time",
    "offer": "A time has become free for you",
}


@dataclass(frozen=True)
class Telling:
    """What a letter is about, and as of when."""

    appointment: Appointment
    clinic: Clinic
    zone: ZoneInfo
    now: datetime


def subject(kind: str, telling: Telling) -> str:
    """One line, without the time: it shows on locked screens."""
    return f"{SUBJECTS[kind]} – {' '.join(telling.clinic.name.split())}"


def text(kind: str, telling: Telling) -> str:
    """The whole letter."""
    parts = {
        "booked": ("Your appointment is booked.", _what(telling), _change(telling)),
        "moved": ("Your appointment has been moved. This is the new time:", _what(telling), _change(telling)),
        "reminder": ("This is to remind you of your appointment.", _what(telling), _change(telling)),
        "cancelled": ("This appointment is cancelled:", _what(telling), _again(telling)),
        "move-wanted": (AWAY, _what(telling), _change(telling)),
        "offer": ("A time you are waiting for has become free.", _what(telling), _accept(telling)),
    }
    return "\n\n".join((*parts[kind], END))


def moment(instant: datetime, zone: ZoneInfo) -> str:
    """A date in words and a time with its zone: `Tuesday 24 November 2026, 14:30 (Europe/London, GMT)`."""
    local = instant.astimezone(zone)
    short = local.tzname() or ""
    named = short if short.isalpha() else f"UTC{short}"  # zones without a name of their own are called "-03"
    return f"{local:%A} {local.day} {local:%B %Y, %H:%M} ({zone.key}, {named})"


def _what(telling: Telling) -> str:
    found = telling.appointment
    lines = {"When": moment(found.starts_at, telling.zone), "Where": telling.clinic.place(found.room)}
    if not found.sensitive:
        lines |= {"With": found.doctor_name, "For": found.visit_type_name}
    lines["Reference"] = f"{found.reference[:4]}-{found.reference[4:]}"
    return "\n".join(f"{name + ':':<11}{value}" for name, value in lines.items() if value)


def _change(telling: Telling) -> str:
    found = telling.appointment
    page = telling.clinic.appointment_page(found.id)
    return (
        f"See it, move it or cancel it on this page, after signing in:\n{page}\n\n"
        f"{_until('moved', found.move_cutoff_min, telling)}\n{_until('cancelled', found.cancel_cutoff_min, telling)}\n"
        f"Later, or if you need anything else, phone us{_number(telling)}."
    )


def _until(done: str, minutes: int, telling: Telling) -> str:
    last = telling.appointment.starts_at - timedelta(minutes=minutes)
    if last <= telling.now:
        return f"It can no longer be {done} online."
    if not minutes:
        return f"It can be {done} online until it begins."
    return f"It can be {done} online until {moment(last, telling.zone)}."


def _again(telling: Telling) -> str:
    page = telling.clinic.appointment_page(telling.appointment.id)
    number = _number(telling)
    return f"You can see it on this page, and book another time, after signing in:\n{page}\n\nOr phone us{number}."


def _accept(telling: Telling) -> str:
    found = telling.appointment
    until = f" until {moment(found.held_until, telling.zone)}" if found.held_until else ""
    page = f"{telling.clinic.site.rstrip('/')}/waiting-list"
    return f"It is held for you{until}. Take it or leave it on this page, after signing in:\n{page}"


def _number(telling: Telling) -> str:
    return f": {telling.clinic.phone}" if telling.clinic.phone else ""
