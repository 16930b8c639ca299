"""Delivery of what is in the outbox: by one worker at a time, true when it leaves, and tried until somebody is told.

At least once. A worker that is killed between handing a letter over and writing that down leaves it to be sent again,
under the same Message-ID, so that mail systems can drop the second one.
"""

import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr
from smtplib import SMTPDataError, SMTPRecipientsRefused
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from appointment_service import calendar_file, letters, outbox, reminders, waiting_list
from appointment_service.calendar_file import Parties
from appointment_service.clinic import KnownClinic
from appointment_service.clocks import ClinicClocks
from appointment_service.letters import Telling
from appointment_service.models import Appointment, db
from appointment_service.outbox_tables import DROPPED, SENT, TO_PHONE, WAITING, OutboxMessage
from appointment_service.settings import AppointmentSettings
from chassis import clock, logs
from chassis.client import ServiceClient
from chassis.errors import NotFound, Refusal
from chassis.mail import Attachment, Hopeless, Letter, carrier, written

ROUND = 4.0
"""Seconds after which no other message is begun, so that a worker that is told to stop does so soon."""
LEASE = timedelta(minutes=5)
"""For so long a message is one worker's. A conversation with a mail server is over long before."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(minutes=30)
MOST_ATTEMPTS = 12
"""In about four hours. Then somebody phones; sooner where the next try would come too late."""


class Outage(Exception):  # noqa: N818 - says what it is
    """Mail or the auth service is out: the next message would fare no better now."""


class Unreachable(Exception):  # noqa: N818 - says what it is
    """Mail does not reach this person. The argument is the code that says why."""


@dataclass(frozen=True)
class Taken:
    """A message that is this worker's for a while, as its `attempt`-th try, with its appointment as it is now."""

    id: UUID
    person_id: UUID
    kind: str
    attempt: int
    appointment: Appointment
    still_true: bool


class Delivery:
    """Sends what is due. `clinic` and `clocks` are kept fresh by the watch of this process."""

    def __init__(
        self, settings: AppointmentSettings, auth: ServiceClient, clinic: KnownClinic, clocks: ClinicClocks
    ) -> None:
        self._auth, self._clinic, self._clocks = auth, clinic, clocks
        self._key, self._sender = settings.service_key, settings.mail_from
        sends = bool(settings.mail_url or settings.mail_directory)
        self._carry = carrier(settings.mail_url, settings.mail_directory) if sends else None

    def deliver_due(self) -> None:
        """Deal with one message after the other until none is due, what they all need is out, or the round is over.

        Nothing leaves before it is known who the clinic is.
        """
        over = time.monotonic() + ROUND
        while self._clinic.heard and time.monotonic() < over and (taken := take(clock.now())):
            try:
                self._deliver(taken)
            except Outage:
                return

    def _deliver(self, taken: Taken) -> None:
        now, zone, starts_at = clock.now(), self._clocks.zone(), taken.appointment.starts_at
        reminds = taken.kind == "reminder"
        if not taken.still_true:
            settle(taken, DROPPED, "no-longer-so")
        elif reminds and now > starts_at - reminders.LATEST:
            settle(taken, DROPPED, "too-late")
        elif reminds and (later := reminders.allowed(now, starts_at, zone)) > now:
            put_off(taken, later, tried=False)
        else:
            self._try(taken, Telling(taken.appointment, self._clinic.now(), zone, now))

    def _try(self, taken: Taken, telling: Telling) -> None:
        try:
            self._send(taken, telling)
        except Unreachable as why:
            settle(taken, TO_PHONE, str(why))
        except Exception as error:  # whatever it was, it is tried again
            fail(taken, telling.now, error)
            if isinstance(error, (Refusal, OSError)) and not isinstance(error, (SMTPRecipientsRefused, SMTPDataError)):
                raise Outage from error
        else:
            settle(taken, SENT)

    def _send(self, taken: Taken, telling: Telling) -> None:
        if self._carry is None:
            raise Unreachable("no-mail")
        to = self._address_of(taken.person_id)
        letter = Letter(
            letters.subject(taken.kind, telling),
            letters.text(taken.kind, telling),
            _calendar(taken.kind, telling, Parties(parseaddr(self._sender)[1], to)),
        )
        try:
            self._carry(written(self._sender, to, letter, message_id=str(taken.id)))
        except ValueError as error:
            raise Unreachable("no-address") from error
        except Hopeless as error:
            raise Unreachable("refused") from error

    def _address_of(self, person_id: UUID) -> str:
        """Asked anew for each letter: this service keeps no addresses."""
        if not self._key:
            raise Unreachable("no-key")
        try:
            contact = self._auth.request("GET", f"/auth/contacts/{person_id}", token=self._key)
        except NotFound as error:
            waiting_list.forget(person_id)  # closed: nobody is there to take what is held
            raise Unreachable("no-account") from error
        if not contact["active"]:
            raise Unreachable("no-account")
        return str(contact["email"])


def _calendar(kind: str, telling: Telling, parties: Parties) -> tuple[Attachment, ...]:
    """What puts the appointment into the reader's calendar, or takes it out."""
    found = calendar_file.entry_of(telling.appointment, telling.clinic)
    if kind in {"booked", "moved"}:
        method, data = "REQUEST", calendar_file.request(found, parties)
    elif kind == "cancelled":
        method, data = "CANCEL", calendar_file.cancel(found, parties)
    else:
        return ()
    return (Attachment("appointment.ics", "text/calendar", data, (("method", method), ("charset", "utf-8"))),)


def take(now: datetime) -> Taken | None:
    """The message that is due longest, kept from other workers for a while; None when nothing is due."""
    due = select(OutboxMessage.id).where(OutboxMessage.state == WAITING, OutboxMessage.due_at <= now)
    first = due.order_by(OutboxMessage.due_at, OutboxMessage.id).limit(1).with_for_update(skip_locked=True)
    mine = {"due_at": now + LEASE, "attempts": OutboxMessage.attempts + 1}
    db.session.rollback()  # what was read before is not what is so now
    taken = db.session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.id == first.scalar_subquery())
        .values(mine)
        .returning(OutboxMessage.id, OutboxMessage.person_id, OutboxMessage.kind, OutboxMessage.attempts)
        .execution_options(synchronize_session=False)
    ).first()
    if taken is None:
        db.session.rollback()
        return None
    found = db.session.execute(
        select(Appointment, outbox.still_true(now))
        .join(OutboxMessage, OutboxMessage.appointment_id == Appointment.id)
        .where(OutboxMessage.id == taken.id)
        .execution_options(populate_existing=True)
    ).one()
    db.session.commit()  # no connection is held while others are asked
    return Taken(*taken, *found)


def settle(taken: Taken, state: str, note: str = "") -> None:
    """Write down what has become of a message, for good."""
    change(taken, {"state": state, "note": note, "sent_at": clock.now() if state == SENT else None})
    level = logging.WARNING if state == TO_PHONE else logging.INFO
    logs.logger.log(level, "message dealt with", extra={"outbox": str(taken.id), "kind": taken.kind, "state": state})


def put_off(taken: Taken, due_at: datetime, *, tried: bool = True) -> None:
    """Let a message wait until then. What was not tried is not counted."""
    change(taken, {"due_at": due_at, "attempts": taken.attempt if tried else taken.attempt - 1})


def fail(taken: Taken, now: datetime, error: Exception) -> None:
    """Try again later, after a longer pause each time; once that makes no sense any more, have somebody phone."""
    # the kind only: the words of a mail server repeat addresses
    told = {"outbox": str(taken.id), "kind": taken.kind, "error": type(error).__name__, "attempt": taken.attempt}
    logs.logger.warning("message not sent", extra=told)
    again = now + min(FIRST_PAUSE * 2 ** (taken.attempt - 1), LONGEST_PAUSE)
    if taken.attempt >= MOST_ATTEMPTS or again > taken.appointment.starts_at - reminders.LATEST:
        settle(taken, TO_PHONE, "given-up")
    else:
        put_off(taken, again)


def change(taken: Taken, values: dict[str, Any]) -> None:
    """Change a message, unless it has become another worker's meanwhile."""
    mine = OutboxMessage.id == taken.id, OutboxMessage.state == WAITING, OutboxMessage.attempts == taken.attempt
    db.session.execute(update(OutboxMessage).where(*mine).values(values).execution_options(synchronize_session=False))
    db.session.commit()
