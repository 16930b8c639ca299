"""Who has seen a patient's record: what the three services noted, as one list in human words."""

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from chassis.errors import Unavailable
from portal.api import services
from portal.api.history import Event, Record
from portal.dates import local
from portal.outages import sentence

PAGE = 25

THINGS = {
    "appointment": "your appointment",
    "prescription": "your prescription",
    "allergy": "your allergies",
    "current-medicine": "the medicines you take",
    "person": "your account",
    "password": "your password",
    "email": "your e-mail address",
    "second-factor": "your second step of signing in",
    "licence": "your licence",
}
VERBS = {
    "read": ("read", "read"),
    "write": ("wrote", "write"),
    "print": ("printed", "print"),
    "book": ("booked", "book"),
    "cancel": ("cancelled", "cancel"),
    "change": ("changed", "change"),
    "remove": ("removed", "remove"),
    "reset": ("reset", "reset"),
    "disable": ("disabled", "disable"),
    "enable": ("enabled", "enable"),
    "unlock": ("unlocked", "unlock"),
    "close": ("closed", "close"),
}
"""What was done, and what was tried."""
SENTENCES = {
    "appointment.list": ("saw your appointments in a list", "list your appointments"),
    "message.list": ("saw that you are to be phoned", "see whether you are to be phoned"),
    "message.tell": ("told you of your appointment by phone", "tell you of your appointment by phone"),
    "prescription.list": ("saw your prescriptions in a list", "list your prescriptions"),
    "prescription.write": ("wrote you a prescription", "write you a prescription"),
    "prescription.check": ("checked medicines against your record", "check medicines against your record"),
    "prescription.verify": ("checked the code of your prescription", "check the code of your prescription"),
    "repeat-request.write": ("asked for a repeat", "ask for a repeat"),
    "prescription.hold": ("put your prescription on hold", "put your prescription on hold"),
    "prescription.resume": ("let your prescription go on", "let your prescription go on"),
    "prescription.cancel": ("cancelled your prescription", "cancel your prescription"),
    "prescription.stop": ("stopped your prescription", "stop your prescription"),
    "prescription.enter-in-error": ("marked your prescription as issued in error", "mark it as issued in error"),
    "repeat-request.list": ("read what you asked for again", "read what you asked for again"),
    "repeat-request.read": ("read what you asked for again", "read what you asked for again"),
    "repeat-request.approve": ("began the renewal you asked for", "begin the renewal you asked for"),
    "repeat-request.decline": ("answered your request for a repeat", "answer your request for a repeat"),
    "draft.list": ("saw an unsigned prescription for you in a list", "list unsigned prescriptions"),
    "draft.read": ("read an unsigned prescription for you", "read an unsigned prescription"),
    "draft.write": ("wrote an unsigned prescription for you", "write an unsigned prescription"),
    "draft.discard": ("deleted an unsigned prescription for you", "delete an unsigned prescription"),
    "allergy.list": ("read your allergies", "read your allergies"),
    "allergy.write": ("changed your allergies", "change your allergies"),
    "current-medicine.list": ("read which medicines you take", "read which medicines you take"),
    "current-medicine.write": ("changed which medicines you take", "change which medicines you take"),
    "care-relation.begin": ("opened your visit", "open your visit"),
    "person.list": ("saw your name in a list of people", "find you in a list of people"),
    "person.read": ("read your details", "read your details"),
    "person.change": ("changed your details", "change your details"),
    "person.role": ("changed what your account is for", "change what your account is for"),
    "contact.read": ("looked up your e-mail address to write to you", "look up your e-mail address"),
    "session.begin": ("signed in to your account", "sign in to your account"),
    "session.refuse": ("tried to sign in to your account, and was not let in", "sign in to your account"),
    "session.prove": ("proved in your account who they are", "prove in your account who they are"),
    "session.end": ("signed you out", "sign you out"),
    "audit.read": ("read who has seen your record", "read who has seen your record"),
}
ROLES = {"patient": "Patient", "doctor": "Doctor", "admin": "Clinic administration"}


@dataclass(frozen=True)
class Look:
    """One line of the list: the last of what somebody did so many `times` in a row, on one day."""

    who: str
    role: str | None
    what: str
    when: datetime
    times: int


@dataclass(frozen=True)
class History:
    """Part of the list, what is out, and from when on to read for more."""

    looks: list[Look]
    out: list[str]
    more: datetime | None


def before(until: datetime | None) -> History:
    """The newest looks before a moment, from all services that answer."""
    events: list[Event] = []
    out, unread = [], False
    for record in _records():
        try:
            found = record.of_others(until, PAGE)
        except Unavailable as refusal:
            out.append(sentence(refusal))
            continue
        events += found.items
        unread |= found.next_cursor is not None
    shown = _newest(events)
    more = shown[-1].recorded_at if unread or len(shown) < len(events) else None
    return History([_look(list(same)) for _, same in groupby(shown, _line)], out, more)


def of_prescription(prescription_id: str) -> list[Look]:
    """The newest looks at one prescription. Raises `Unavailable`."""
    record = Record(services().prescriptions.client)
    events = record.of_others(None, PAGE, prescription_id).items
    return [_look(list(same)) for _, same in groupby(events, _line)]


def _records() -> list[Record]:
    found = services()
    return [Record(api.client) for api in (found.auth, found.appointments, found.prescriptions)]


def _newest(events: list[Event]) -> list[Event]:
    """One page of them. What happened in the same moment stays together: the next page begins before it."""
    ordered = sorted(events, key=lambda event: event.recorded_at, reverse=True)
    if len(ordered) > PAGE:
        last = ordered[PAGE - 1].recorded_at
        return [event for event in ordered if event.recorded_at >= last]
    return ordered


def _line(event: Event) -> tuple[object, ...]:
    """What events of one line have in common."""
    day = local(event.recorded_at).date()
    return event.actor_id, event.actor_name, event.actor_role, event.action, event.outcome, day


def _look(same: list[Event]) -> Look:
    event = same[0]
    who, role = event.actor_name or "Somebody who was not signed in", ROLES.get(event.actor_role or "")
    return Look(who, role, words(event.action, event.outcome), event.recorded_at, len(same))


def words(action: str, outcome: str) -> str:
    """What somebody did: `read your prescription`. An action from a newer service is told as well as it can be."""
    record, _, verb = action.partition(".")
    past, tried = VERBS.get(verb, ("used", "use"))
    thing = THINGS.get(record, "your record")
    done, wanted = SENTENCES.get(action, (f"{past} {thing}", f"{tried} {thing}"))
    return done if outcome == "done" else f"tried to {wanted}, and was refused"
