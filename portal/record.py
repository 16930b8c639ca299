"""The record of access as admins read it: what all services noted, as one list, in words for people."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from chassis.errors import Refusal, Unavailable
from portal import dates
from portal.api import services
from portal.api.history import Event, Record
from portal.outages import sentence

PAGE = 60
PLACES = {"auth": "Accounts", "appointment": "Appointments", "prescription": "Prescriptions"}
ACTIONS = {
    "session.begin": ("signed in", "sign in"),
    "session.prove": ("proved again who they are", "prove again who they are"),
    "session.end": ("ended a sign-in", "end a sign-in"),
    "session.refuse": ("failed to sign in", "sign in"),
    "person.register": ("opened an account", "open an account"),
    "person.read": ("read the account", "read the account"),
    "contact.read": ("looked up the e-mail address to write", "look up the e-mail address"),
    "person.list": ("listed people", "list people"),
    "person.change": ("changed the details", "change the details"),
    "person.disable": ("disabled the account", "disable the account"),
    "person.enable": ("enabled the account", "enable the account"),
    "person.unlock": ("unlocked the account", "unlock the account"),
    "person.role": ("changed the role", "change the role"),
    "person.close": ("closed the account", "close the account"),
    "password.change": ("changed the password", "change the password"),
    "password.reset": ("set a new password by mail", "set a new password by mail"),
    "email.change": ("changed the e-mail address", "change the e-mail address"),
    "second-factor.add": ("set up a second step of signing in", "set up a second step of signing in"),
    "second-factor.remove": ("removed the second step of signing in", "remove the second step of signing in"),
    "licence.verify": ("verified the licence", "verify the licence"),
    "licence.reject": ("did not accept the licence", "reject the licence"),
    "licence.suspend": ("suspended the licence", "suspend the licence"),
    "clinic.change": ("changed the clinic's settings", "change the clinic's settings"),
    "audit.read": ("read the record of access", "read the record of access"),
    "appointment.read": ("read an appointment", "read an appointment"),
    "appointment.list": ("listed appointments", "list appointments"),
    "appointment.book": ("booked an appointment", "book an appointment"),
    "appointment.cancel": ("cancelled an appointment", "cancel an appointment"),
    "appointment.move": ("moved an appointment", "move an appointment"),
    "appointment.arrive": ("noted an arrival", "note an arrival"),
    "appointment.check-in": ("checked a patient in", "check a patient in"),
    "appointment.complete": ("completed an appointment", "complete an appointment"),
    "appointment.no-show": ("noted that a patient did not come", "note that a patient did not come"),
    "appointment.undo": ("took back an arrival or a no-show", "take back an arrival or a no-show"),
    "appointment.reopen": ("reopened an appointment", "reopen an appointment"),
    "appointment.mark-error": ("marked an appointment as an error", "mark an appointment as an error"),
    "appointment.read-history": ("read the history of an appointment", "read the history of an appointment"),
    "appointment.displace": ("changed hours in which somebody was booked", "change hours in which somebody is booked"),
    "waitlist.list": ("read the waiting list entries", "read the waiting list entries"),
    "waitlist.read": ("read a waiting list entry", "read a waiting list entry"),
    "waitlist.join": ("joined the waiting list", "join the waiting list"),
    "waitlist.decline": ("let an offered time go", "let an offered time go"),
    "waitlist.leave": ("left the waiting list", "leave the waiting list"),
    "calendar-feed.make": ("made a calendar address", "make a calendar address"),
    "calendar-feed.end": ("ended a calendar address", "end a calendar address"),
    "calendar-feed.read": ("read appointments by a calendar address", "read appointments by a calendar address"),
    "patient.find": ("looked for patients", "look for patients"),
    "message.list": ("listed whom to phone", "list whom to phone"),
    "message.tell": ("told of an appointment by phone", "tell of an appointment by phone"),
    "prescription.read": ("read a prescription", "read a prescription"),
    "prescription.list": ("listed prescriptions", "list prescriptions"),
    "prescription.write": ("wrote a prescription", "write a prescription"),
    "prescription.print": ("printed a prescription", "print a prescription"),
    "prescription.verify": ("checked the code of a prescription", "check the code of a prescription"),
    "prescription.check": ("had a prescription checked before signing", "have a prescription checked"),
    "prescription.cancel": ("cancelled a prescription", "cancel a prescription"),
    "prescription.stop": ("stopped a prescription", "stop a prescription"),
    "prescription.hold": ("put a prescription on hold", "put a prescription on hold"),
    "prescription.resume": ("resumed a prescription", "resume a prescription"),
    "prescription.enter-in-error": ("marked a prescription as an error", "mark a prescription as an error"),
    "repeat-request.list": ("listed requests for repeats", "list requests for repeats"),
    "repeat-request.write": ("asked for a repeat", "ask for a repeat"),
    "repeat-request.approve": ("began a renewal that was asked for", "begin a renewal that was asked for"),
    "repeat-request.decline": ("declined a request for a repeat", "decline a request for a repeat"),
    "repeat-request.read": ("read a request for a repeat", "read a request for a repeat"),
    "draft.list": ("listed unsigned prescriptions", "list unsigned prescriptions"),
    "draft.read": ("read an unsigned prescription", "read an unsigned prescription"),
    "draft.write": ("saved an unsigned prescription", "save an unsigned prescription"),
    "draft.discard": ("discarded an unsigned prescription", "discard an unsigned prescription"),
    "allergy.list": ("read the allergies", "read the allergies"),
    "allergy.write": ("changed the allergies", "change the allergies"),
    "current-medicine.list": ("read the current medicines", "read the current medicines"),
    "current-medicine.write": ("changed the current medicines", "change the current medicines"),
    "care-relation.begin": ("said that this is their patient", "begin to look after the patient"),
}
"""What was done, and what was tried."""
UNASKED = "-"
"""The request id of what no request did: a command did it."""
ABOUT_PEOPLE = frozenset({"contact", "person", "licence", "password", "email", "second-factor"})
"""Records of these kinds carry the id of their person."""


class FullEvent(Event):
    """An event with what only admins see."""

    record_id: str | None = None
    patient_id: str | None = None
    request_id: str | None = None
    address: str | None = None

    @property
    def subject(self) -> str | None:
        """Whose record it was, where it is somebody else's."""
        about_a_person = self.action.partition(".")[0] in ABOUT_PEOPLE
        whose = self.patient_id or (self.record_id if about_a_person else None)
        return whose if whose != self.actor_id else None


@dataclass(frozen=True)
class Subject:
    """Somebody whose record it was, by name where the name is known."""

    id: str
    name: str | None


@dataclass(frozen=True)
class Line:
    """One event, ready to be read; or all events of one request that differ only in whose record it was."""

    event: FullEvent
    place: str
    words: str
    subjects: list[Subject]

    @property
    def joint(self) -> str:
        """What stands between the words and the names."""
        return ", among them" if self.event.action == "person.list" else " of"


@dataclass(frozen=True)
class Day:
    """The events of one day at the clinic, newest first."""

    date: Any
    lines: list[Line]


@dataclass(frozen=True)
class Found:
    """Part of the list, which services are out, and from when on to read for more."""

    days: list[Day]
    out: list[str]
    more: datetime | None


def read(place: str | None, until: datetime | None, **filters: Any) -> Found:
    """The newest events before a moment, from the services that answer."""
    events: list[tuple[FullEvent, str]] = []
    out, unread = [], False
    for name in [place] if place else PLACES:
        try:
            found = _record(name).of_anybody(FullEvent, until=until, limit=PAGE, **filters)
        except Unavailable as refusal:
            out.append(sentence(refusal))
            continue
        events += [(event, name) for event in found.items]
        unread |= found.next_cursor is not None
    shown = _newest(events)
    more = shown[-1][0].recorded_at if shown and (unread or len(shown) < len(events)) else None
    return Found(_by_day(_lines(shown)), out, more)


def _record(place: str) -> Record:
    found = services()
    apis = {"auth": found.auth, "appointment": found.appointments, "prescription": found.prescriptions}
    return Record(apis[place].client)


def _newest(events: list[tuple[FullEvent, str]]) -> list[tuple[FullEvent, str]]:
    """One page of them. What happened in the same moment stays together: the next page begins before it."""
    ordered = sorted(events, key=lambda one: one[0].recorded_at, reverse=True)
    if len(ordered) <= PAGE:
        return ordered
    last = ordered[PAGE - 1][0].recorded_at
    return [one for one in ordered if one[0].recorded_at >= last]


def _lines(events: list[tuple[FullEvent, str]]) -> list[Line]:
    try:
        names = services().people.named(event.subject for event, _ in events if event.subject)
    except Unavailable:
        names = {}
    lines = []
    for _, same in groupby(events, key=_what_is_one):
        together = list(same)
        event, place = together[0]
        whose = dict.fromkeys(one.subject for one, _ in together if one.subject)
        subjects = [Subject(subject, names.get(subject)) for subject in whose]
        lines.append(Line(event, PLACES[place], words(event.action, event.outcome), subjects))
    return lines


def _what_is_one(one: tuple[FullEvent, str]) -> tuple[str | None, ...]:
    """Events that are alike in this are one line: a list of people is noted once for each patient on it."""
    event, place = one
    alone = event.request_id in {None, UNASKED}
    return place, str(event.sequence) if alone else event.request_id, event.actor_id, event.action, event.outcome


def _by_day(lines: Iterable[Line]) -> list[Day]:
    days: list[Day] = []
    for line in lines:
        day = dates.local(line.event.recorded_at).date()
        if not days or days[-1].date != day:
            days.append(Day(day, []))
        days[-1].lines.append(line)
    return days


def words(action: str, outcome: str) -> str:
    """What somebody did. An action of a newer service is shown by its own name."""
    done, tried = ACTIONS.get(action, (f"did “{action}”", f"do “{action}”"))
    return done if outcome == "done" or action == "session.refuse" else f"was refused to {tried}"


@dataclass(frozen=True)
class Nobody(Exception):  # noqa: N818 - an answer, not an accident
    """Nobody, or more than one person, is meant by what was typed."""

    sentence: str


def person_meant(typed: str) -> tuple[str, str] | None:
    """The id and name of the one person who is meant by a name or an e-mail address. Raises `Nobody`."""
    if not typed:
        return None
    try:
        found = services().people.listed(search=typed, limit=10).items
    except Unavailable:
        raise
    except Refusal as refusal:
        raise Nobody("Nobody has this name or e-mail address.") from refusal
    exact = [person for person in found if typed.lower() in {person.email, person.name.lower()}]
    if len(found) != 1 and len(exact) != 1:
        many = "Several people match. Write the e-mail address."
        raise Nobody(many if found else "Nobody has this name or e-mail address.")
    person = (exact if len(exact) == 1 else found)[0]
    return person.id, person.name
