"""What becomes of an appointment: who may take it from which state to which, and when. No program does it by itself.

The states are those of FHIR's *Appointment*. Nothing leads back from `cancelled`: the time may be somebody else's now.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from uuid import UUID
from zoneinfo import ZoneInfo

from appointment_service import appointments, outbox, slot_test, turns, wall_time
from appointment_service.models import (
    ARRIVED,
    BOOKED,
    CANCELLED,
    CHECKED_IN,
    FULFILLED,
    IN_ERROR,
    NO_SHOW,
    Appointment,
    db,
)
from chassis import clock
from chassis.database import violating
from chassis.errors import Conflict, Invalid, Refusal
from chassis.identity import Principal
from chassis.versions import CheckVersion

GRACE = timedelta(minutes=15)
SELF_CHECK_IN = timedelta(minutes=60)
EARLIEST_END = timedelta(minutes=60)
UNDO_ARRIVAL = timedelta(minutes=30)
UNDO_LATER = timedelta(hours=24)
CODES = ("patient", "clinic", "weather", "died", "left-unseen", "other")
"""Why an appointment is cancelled."""


class InvalidTransition(Conflict):
    """409: this does not follow from the state it is in. Carries `appointment_status` and what is `allowed`."""

    code, title = "invalid-transition", "Not possible now"
    detail = "This is not possible in the state the appointment is in."


class CutoffPassed(Conflict):
    """409: too late for patients to do this online. Carries the `cutoff`, an instant."""

    code, title = "cutoff-passed", "Too late to change online"
    detail = "It is too late to change this online. Please phone the clinic."


class TooEarly(Conflict):
    """409: this can be said of an appointment only later. Carries `earliest`, an instant."""

    code, title, detail = "too-early", "Too early", "It is too early to say this of the appointment."


class TooLate(Conflict):
    """409: the time to say this of an appointment is over."""

    code, title, detail = "too-late", "Too late", "It is too late to say this of the appointment."


@dataclass(frozen=True)
class Moment:
    """Who wants something of an appointment, and when."""

    who: Principal
    now: datetime
    zone: ZoneInfo

    @property
    def patient(self) -> bool:
        """Whether it is the patient."""
        return self.who.role == "patient"

    def same_day(self, found: Appointment) -> bool:
        """Whether the visit is today, by the clinic's wall."""
        return found.starts_at.astimezone(self.zone).date() == self.now.astimezone(self.zone).date()


@dataclass(frozen=True)
class Action:
    """From where to where, by whom, and what else has to hold.

    `ahead` is a bound on how long before the start it may be done, so that few need a closer look.
    """

    sources: frozenset[str]
    target: str
    roles: frozenset[str]
    guard: Callable[[Appointment, Moment], None]
    ahead: timedelta


def _may_cancel(found: Appointment, moment: Moment) -> None:
    if moment.patient:
        _refuse_from(found.starts_at - timedelta(minutes=found.cancel_cutoff_min), found, moment)


def _may_move(found: Appointment, moment: Moment) -> None:
    if moment.patient:
        _refuse_from(found.starts_at - timedelta(minutes=found.move_cutoff_min), found, moment)
    elif moment.now >= found.ends_at:
        raise TooLate


def _refuse_from(cutoff: datetime, found: Appointment, moment: Moment) -> None:
    if found.status != BOOKED:
        raise InvalidTransition
    if moment.now >= cutoff:
        raise CutoffPassed(cutoff=cutoff.isoformat())


def _may_arrive(found: Appointment, moment: Moment) -> None:
    if moment.patient and found.status != BOOKED:
        raise InvalidTransition
    if not moment.same_day(found):
        if moment.now >= found.starts_at:
            raise TooLate
        day = found.starts_at.astimezone(moment.zone).date()
        raise TooEarly(earliest=wall_time.day_bounds(day, day, moment.zone)[0].isoformat())
    if moment.patient:
        _between(found.starts_at - SELF_CHECK_IN, found.starts_at + GRACE, moment)


def _may_complete(found: Appointment, moment: Moment) -> None:
    _between(found.starts_at - EARLIEST_END, None, moment)


def _may_miss(found: Appointment, moment: Moment) -> None:
    _between(found.starts_at + GRACE, None, moment)


def _may_undo(found: Appointment, moment: Moment) -> None:
    if found.status == ARRIVED:
        _between(None, (found.arrived_at or found.starts_at) + UNDO_ARRIVAL, moment)
    else:
        _between(None, found.starts_at + UNDO_LATER, moment)


def _may_reopen(found: Appointment, moment: Moment) -> None:
    _between(None, found.ends_at + UNDO_LATER, moment)


def _always(_: Appointment, __: Moment) -> None:
    return


def _between(earliest: datetime | None, latest: datetime | None, moment: Moment) -> None:
    if earliest and moment.now < earliest:
        raise TooEarly(earliest=earliest.isoformat())
    if latest and moment.now > latest:
        raise TooLate


def _action(
    sources: set[str],
    target: str,
    roles: set[str],
    guard: Callable[[Appointment, Moment], None] = _always,
    ahead: timedelta = timedelta.max,
) -> Action:
    return Action(frozenset(sources), target, frozenset(roles), guard, ahead)


STAFF = {"doctor", "admin"}
ACTIONS = {
    "move": _action({BOOKED}, BOOKED, {"patient", *STAFF}, _may_move),
    "cancel": _action({BOOKED, ARRIVED, CHECKED_IN}, CANCELLED, {"patient", *STAFF}, _may_cancel),
    "arrive": _action({BOOKED, NO_SHOW}, ARRIVED, {"patient", "doctor"}, _may_arrive, timedelta(hours=25)),
    "check-in": _action({ARRIVED}, CHECKED_IN, {"doctor"}),
    "complete": _action({BOOKED, ARRIVED, CHECKED_IN}, FULFILLED, {"doctor"}, _may_complete, EARLIEST_END),
    "no-show": _action({BOOKED}, NO_SHOW, {"doctor"}, _may_miss, timedelta()),
    "undo": _action({ARRIVED, NO_SHOW}, BOOKED, {"doctor"}, _may_undo),
    "reopen": _action({FULFILLED}, CHECKED_IN, STAFF, _may_reopen),
    "mark-error": _action({BOOKED, ARRIVED, CHECKED_IN, FULFILLED, NO_SHOW}, IN_ERROR, {"admin"}),
}


@dataclass(frozen=True)
class Reason:
    """Why something is done: a code for a cancellation, and words."""

    code: str | None = None
    words: str = ""


def possible(found: Appointment, who: Principal, zone: ZoneInfo) -> list[str]:
    """The actions this person may take now."""
    moment = Moment(who, clock.now(), zone)
    ahead = found.starts_at - moment.now
    names = []
    for name, action in _thinkable(found.status, who.role):
        if ahead <= action.ahead:
            try:
                action.guard(found, moment)
            except Refusal:
                continue
            names.append(name)
    return names


@cache
def _thinkable(status: str, role: str) -> list[tuple[str, Action]]:
    """The actions there are in a state for a role."""
    return [(name, one) for name, one in ACTIONS.items() if status in one.sources and role in one.roles]


def permit(found: Appointment, who: Principal, name: str, zone: ZoneInfo) -> None:
    """Raises `InvalidTransition`, `CutoffPassed`, `TooEarly` or `TooLate` where this may not be done (now)."""
    action = ACTIONS[name]
    if who.role not in action.roles or found.status not in action.sources:
        raise InvalidTransition
    action.guard(found, Moment(who, clock.now(), zone))


def take(
    who: Principal, appointment_id: UUID, name: str, reason: Reason, check: CheckVersion, zone: ZoneInfo
) -> Appointment:
    """Take a step in the life of an appointment. What has been done already is done: nothing changes then.

    Raises `NotFound`, what `check` and `permit` raise, `Invalid` where a reason is missing, and `SlotTaken` or
    `PatientBusy` where an appointment would come back to a time that has been given away.
    """
    seen = appointments.find(who, appointment_id)
    turns.take(seen.patient_id, [seen.doctor_id])
    found = appointments.find(who, appointment_id, lock=True)
    if found.status != ACTIONS[name].target:
        check(found.version)
        permit_or_tell(found, who, name, zone)
        _go(found, who, name, _weighed(found, who, name, reason))
    db.session.commit()
    return found


def permit_or_tell(found: Appointment, who: Principal, name: str, zone: ZoneInfo) -> None:
    """Raises what `permit` raises, and says what is allowed instead where this does not follow."""
    try:
        permit(found, who, name, zone)
    except InvalidTransition as refusal:
        allowed = possible(found, who, zone)
        raise InvalidTransition(appointment_status=found.status, allowed=allowed) from refusal


def _weighed(found: Appointment, who: Principal, name: str, reason: Reason) -> Reason:
    """The reason as it is kept. Raises `Invalid` where one is needed and none is given."""
    if name in {"reopen", "mark-error"} and len(reason.words) < 5:
        raise Invalid.field("/reason", "required", "Say why, in at least 5 characters.")
    if name != "cancel":
        return reason
    if who.role == "patient":
        return Reason("patient", reason.words)
    code = reason.code or "clinic"
    if code == "other" and not reason.words:
        raise Invalid.field("/reason", "required", "Say why it is cancelled.")
    if code == "left-unseen" and found.status == BOOKED:
        raise Invalid.field("/code", "left_unseen", "Only who had arrived can have left unseen.")
    return Reason(code, reason.words)


def _go(found: Appointment, who: Principal, name: str, reason: Reason) -> None:
    before = found.status, found.starts_at
    found.status = ACTIONS[name].target
    found.version += 1
    if name == "cancel":
        _cancelled(found, who, reason)
    if name == "arrive":
        found.arrived_at = clock.now()
    if name == "undo":
        found.arrived_at = None
    with (
        violating("ex_appointment_doctor", slot_test.SlotTaken(alternatives=[])),
        violating("ex_appointment_patient", slot_test.busy(who.role != "patient")),
    ):
        db.session.flush()
    appointments.note(found, who, name, before, code=reason.code, reason=reason.words, late=found.late or None)
    if name == "cancel":
        outbox.announce(found, "cancelled")


def _cancelled(found: Appointment, who: Principal, reason: Reason) -> None:
    found.cancelled_at, found.cancelled_by = clock.now(), who.id
    found.cancellation_code, found.cancellation_note = reason.code, reason.words
    warned = found.starts_at - clock.now() >= timedelta(minutes=found.late_cancel_min)
    found.late = reason.code == "patient" and not warned
    found.ical_sequence += 1
