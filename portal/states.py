"""The state of a prescription and its history, in plain words."""

from dataclasses import dataclass
from datetime import date

from flask import Flask

from portal.api.prescriptions import Prescription, StatusEvent
from portal.dates import today
from portal.steps import REASONS


@dataclass(frozen=True)
class State:
    """A word for lists with its kind of mark, and what it means for a patient; nothing where all is as signed."""

    word: str
    kind: str
    meaning: str = ""


ISSUED = State("Issued", "good")
EXPIRED = State("Expired", "past", "Its last day is over: a pharmacy no longer supplies it. Need more? Ask for it.")
REPLACED = State("Replaced", "off", "A newer prescription has taken its place. Use that one: this one counts no more.")
STATES = {
    "on-hold": State(
        "On hold",
        "wait",
        "Your doctor has paused it: a pharmacy supplies nothing on it until it goes on. "
        "Not sure what to do with what you have at home? Call us.",
    ),
    "completed": State("Completed", "past", "Everything on it was supplied."),
    "cancelled": State("Cancelled", "off", "Your doctor has cancelled it. A pharmacy no longer supplies it."),
    "stopped": State(
        "Stopped",
        "off",
        "Your doctor has ended this treatment. Not sure what to do with what you have at home? Call us.",
    ),
    "entered-in-error": State(
        "Issued in error",
        "off",
        "It was issued by mistake and does not count. If you have taken any of it, call us.",
    ),
}
HAPPENED = {
    "active": "let it go on",
    "on-hold": "put it on hold",
    "completed": "completed it",
    "cancelled": "cancelled it",
    "stopped": "stopped the treatment",
    "entered-in-error": "marked it as issued in error",
}


def state(prescription: Prescription, on: date | None = None) -> State:
    """How it stands today, or on another day."""
    if prescription.replaced_by_id and prescription.status in {"cancelled", "stopped"}:
        return REPLACED
    if prescription.status != "active":
        return STATES.get(prescription.status, State(prescription.status.capitalize(), "past"))
    over = prescription.valid_until is not None and (on or today()) > prescription.valid_until
    return EXPIRED if over else ISSUED


def happened(event: StatusEvent) -> str:
    """What somebody did: `put it on hold`."""
    if event.from_status is None:
        return "signed and issued it"
    if event.reason_code == "replaced":
        return "replaced it by a newer one"
    return HAPPENED.get(event.to_status, f"set it to {event.to_status}")


def reason(event: StatusEvent) -> str:
    """Why, as far as it was said: a reason of the list, the doctor's words, or both."""
    listed = REASONS.get(event.reason_code, "")
    words = f"“{event.reason}”" if event.reason else ""
    return ": ".join(part for part in (listed, words) if part)


def init_app(app: Flask) -> None:
    """Words for templates."""
    app.jinja_env.filters.update(state=state, happened=happened, why=reason)
