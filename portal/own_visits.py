"""How an appointment stands, and what has happened to it, as its patient reads it."""

from dataclasses import dataclass

from flask import Flask

from portal.api.appointments import Appointment
from portal.api.visits import Event
from portal.clinic import clinic
from portal.dates import moment_words


@dataclass(frozen=True)
class Standing:
    """A word with its kind of mark and icon, and what it means; nothing where all is as it should be."""

    word: str
    kind: str
    icon: str
    meaning: str = ""


STANDINGS = {
    "pending": Standing("Held for you", "wait", "clock"),
    "booked": Standing("Booked", "good", "check"),
    "moved": Standing("Booked at a new time", "good", "check"),
    "displaced": Standing("Needs a new time", "wait", "warning", "The doctor is away then. Choose another time."),
    "over": Standing("Past", "past", "clock"),
    "arrived": Standing("You have arrived", "good", "check", "The doctor knows that you are here."),
    "checked-in": Standing("Called in", "good", "check"),
    "fulfilled": Standing("Seen", "past", "check"),
    "noshow": Standing("Did not come", "off", "cross", "We waited for you. Were you here? Call us."),
    "cancelled-by-you": Standing("You cancelled", "off", "cross"),
    "cancelled": Standing("Cancelled by the clinic", "off", "cross", "We are sorry. Please book another time."),
    "left-unseen": Standing("Left before being seen", "off", "cross"),
    "entered-in-error": Standing("Entered by mistake", "off", "cross"),
}
CANCELLED = {"patient": "cancelled-by-you", "left-unseen": "left-unseen"}


def standing(appointment: Appointment) -> Standing:
    """How it stands now."""
    name: str = appointment.status
    if name == "cancelled":
        name = CANCELLED.get(appointment.cancellation_code or "", name)
    elif name == "booked" and not appointment.upcoming:
        name = "over"
    elif name == "booked" and appointment.displaced:
        name = "displaced"
    elif name == "booked" and appointment.moved:
        name = "moved"
    return STANDINGS[name]


DONE = {
    "book": "booked it",
    "cancel": "cancelled it",
    "arrive": "said that you are here",
    "check-in": "called you in",
    "complete": "finished the visit",
    "no-show": "noted that you did not come",
    "undo": "took that back",
    "reopen": "opened it again",
    "displace": "is away then; we may have to find another time",
    "offer-move": "is away then, and asked you to choose another time",
}


def told(event: Event) -> str:
    """What happened, as a sentence: `You moved it from Tuesday 8 December, 10:20 to Friday 11 December, 09:00`."""
    if event.actor_role == "patient":
        who = "You"
    else:
        who = event.actor_name if event.actor_role == "doctor" and event.actor_name else clinic().name
    if event.action == "move" and event.from_start:
        return f"{who} moved it from {moment_words(event.from_start)} to {moment_words(event.to_start)}"
    if event.action == "arrive" and who == "You":
        return "You said that you are here"
    return f"{who} {DONE.get(event.action, 'changed it')}"


def init_app(app: Flask) -> None:
    """Words for templates."""
    app.jinja_env.filters.update(standing=standing, visit_told=told)
