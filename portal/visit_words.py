"""What has happened to a visit, in words, and why a time is not free."""

from datetime import datetime

from chassis.errors import Refusal
from portal.api.visits import Event
from portal.dates import moment_words, time_words
from portal.visit_steps import CODES, STATES

WORDS = {
    "book": "Booked",
    "cancel": "Cancelled",
    "arrive": "Arrived",
    "check-in": "Called in",
    "complete": "Done",
    "no-show": "Did not come",
    "reopen": "Reopened",
    "mark-error": "Marked as entered in error",
    "displace": "Kept, although it stands in time off",
    "offer-move": "Asked to choose another time",
}
WHY_NOT = {
    "in-past": "is over",
    "too-soon": "too soon",
    "too-far": "too far ahead",
    "opens-later": "opens later",
    "busy": "somebody is booked",
    "held": "somebody is booking it right now",
    "time-off": "time off",
    "clinic-closed": "the clinic is closed",
}
"""Why a time is not free."""


def told(event: Event) -> str:
    """What happened: `Moved from Tuesday 8 December, 10:20 to Wednesday 9 December, 11:00`."""
    if event.action == "move" and event.from_start:
        return f"Moved from {moment_words(event.from_start)} to {moment_words(event.to_start)}"
    if event.action == "undo":
        return "Arrival taken back" if event.from_status == "arrived" else "“Did not come” taken back"
    if event.action == "complete" and event.from_status == "booked":
        return "Done, without an arrival"
    words = WORDS.get(event.action, event.action.replace("-", " ").capitalize())
    why = CODES.get(event.code or "")
    return f"{words}: {why}" if event.action == "cancel" and why else words


def by(event: Event) -> str:
    """Who did it."""
    return event.actor_name or {"system": "by itself"}.get(event.actor_role, event.actor_role)


def why_not(code: str) -> str:
    """Why a time is not free, in words."""
    return WHY_NOT.get(code, "not offered")


def refused(refusal: Refusal) -> str:
    """Why a step cannot be taken, as the doctor reads it."""
    status = STATES.get(str(refusal.extras.get("appointment_status")))
    words = {
        "version-conflict": "This visit has changed since the page was opened. Look at it again, then go on.",
        "slot-taken": "The time of this visit has been given to somebody else meanwhile. Book another time.",
        "patient-busy": "The patient has another appointment at this time.",
        "too-late": "It is too late for that.",
        "too-early": _too_early(refusal),
    }
    if refusal.code == "invalid-transition" and status:
        return f"That does not go with how the visit stands now: {status[0].lower()}."
    return words.get(refusal.code, refusal.detail)


def _too_early(refusal: Refusal) -> str:
    try:
        return f"It is too early for that. It can be said from {time_words(_instant(refusal.extras['earliest']))} on."
    except (KeyError, TypeError, ValueError):
        return "It is too early for that."


def _instant(value: object) -> datetime:
    return datetime.fromisoformat(str(value))
