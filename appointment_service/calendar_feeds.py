"""Feeds: a person's appointments at a private address, which calendar programs read again and again.

Whoever has the address reads, without signing in. So it is random and long, known to the database by its hash only,
ended by its owner at any time, and good for as long as its owner's account is.
"""

import hashlib
import math
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import case, delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import load_only

from appointment_service import appointments, calendar_file
from appointment_service.calendar_file import Entry
from appointment_service.clinic import Clinic
from appointment_service.feed_tables import CalendarFeed
from appointment_service.models import CANCELLED, IN_ERROR, PENDING, Appointment, audit, db
from chassis import clock
from chassis.client import ServiceClient
from chassis.errors import Conflict, NotFound, Refusal, TooManyRequests, Unavailable
from chassis.identity import Principal

BACK, AHEAD = timedelta(days=30), timedelta(days=180)
"""What a feed holds, by the start of a visit."""
CANCELLED_FOR = timedelta(days=30)
HOUR, MOST = timedelta(hours=1), 30
USE_NOTED_EVERY = timedelta(minutes=1)
NO_SESSION = UUID(int=0)


class FeedsNotOffered(Conflict):
    """409: without `SERVICE_KEY` nobody could tell whether a feed's owner still has an account."""

    code, title = "feeds-not-offered", "No calendar feeds"
    detail = "This clinic does not offer private calendar addresses."


class Owners:
    """Who owns feeds, as the auth service knows them at this moment."""

    TIMEOUT = 1.0

    def __init__(self, auth: ServiceClient, service_key: str) -> None:
        self._auth, self._key = auth, service_key

    @property
    def known(self) -> bool:
        """Whether there is anybody to ask."""
        return bool(self._key)

    def may_read(self, feed: CalendarFeed) -> bool:
        """Whether the account is active and what it was when the feed was made. Raises `Unavailable`."""
        try:
            path = f"/auth/accounts/{feed.person_id}"
            found = self._auth.request("GET", path, token=self._key, timeout=self.TIMEOUT)
        except NotFound:
            return False
        except Refusal as refusal:
            raise Unavailable(service=self._auth.name) from refusal
        works = found["licence_state"] in {None, "verified"}
        return bool(found["active"] and found["role"] == feed.role and works)


@dataclass(frozen=True)
class Reading:
    """What a feed tells now, to whom, and under which name."""

    owner: Principal
    name: str
    entries: Sequence[Entry]


def make(who: Principal, owners: Owners) -> tuple[str, CalendarFeed]:
    """A new address for this person, and its token, which nobody can be told again. The one before ends.

    Raises `FeedsNotOffered`.
    """
    if not owners.known:
        raise FeedsNotOffered
    token = secrets.token_urlsafe(32)
    made = {"role": who.role, "token_hash": _hashed(token), "created_at": clock.now(), "last_used_at": None}
    made |= {"asked_since": None, "asked": 0}
    said = insert(CalendarFeed).values(person_id=who.id, **made)
    said = said.on_conflict_do_update(index_elements=["person_id"], set_=made)
    feed = db.session.execute(said.returning(CalendarFeed), execution_options={"populate_existing": True}).scalar_one()
    db.session.commit()
    return token, feed


def of(who: Principal) -> CalendarFeed | None:
    """This person's feed."""
    return db.session.get(CalendarFeed, who.id)


def end(who: Principal) -> None:
    """End this person's feed, at once. Doing it again changes nothing."""
    db.session.execute(delete(CalendarFeed).where(CalendarFeed.person_id == who.id))
    db.session.commit()


def read(token: str, owners: Owners, clinic: Clinic) -> Reading:
    """What the feed with this token tells. Raises `NotFound`, `TooManyRequests`, `Unavailable`."""
    feed = _admit(token)
    if not owners.known or not owners.may_read(feed):
        raise NotFound
    owner = Principal(feed.person_id, feed.role, "Calendar feed", NO_SESSION)
    entry_of = calendar_file.doctors_entry_of if feed.role == "doctor" else calendar_file.entry_of
    return Reading(owner, clinic.name, [entry_of(found, clinic) for found in _told(owner)])


def note(reading: Reading) -> None:
    """Note in the record of access that a feed was given out."""
    patient_id = reading.owner.id if reading.owner.role == "patient" else None
    audit.note("calendar-feed.read", reading.owner, patient_id=patient_id)
    db.session.commit()


def _admit(token: str) -> CalendarFeed:
    """Count one more request in the row, so that the count holds across processes, unless there were too many."""
    now, mine = clock.now(), CalendarFeed.token_hash == _hashed(token)
    new_hour = or_(CalendarFeed.asked_since.is_(None), CalendarFeed.asked_since <= now - HOUR)
    noted = CalendarFeed.last_used_at > now - USE_NOTED_EVERY
    counted = {
        "asked": case((new_hour, 1), else_=CalendarFeed.asked + 1),
        "asked_since": case((new_hour, now), else_=CalendarFeed.asked_since),
        "last_used_at": case((noted, CalendarFeed.last_used_at), else_=now),
    }
    one_more = update(CalendarFeed).where(mine, or_(new_hour, CalendarFeed.asked < MOST)).values(counted)
    read_anew = {"populate_existing": True, "synchronize_session": False}
    feed: CalendarFeed | None = db.session.scalar(one_more.returning(CalendarFeed), execution_options=read_anew)
    db.session.commit()
    if feed is None:
        since = db.session.scalar(select(CalendarFeed.asked_since).where(mine))
        if since is None:
            raise NotFound
        raise TooManyRequests.after(max(1, math.ceil((since + HOUR - now).total_seconds())))
    return feed


def _told(owner: Principal) -> Sequence[Appointment]:
    now = clock.now()
    query = select(Appointment).where(
        appointments.visible_to(owner),
        Appointment.starts_at.between(now - BACK, now + AHEAD),
        Appointment.status.not_in((PENDING, IN_ERROR)),
        or_(Appointment.status != CANCELLED, Appointment.cancelled_at > now - CANCELLED_FOR),
    )
    table = Appointment
    needed = (table.reference, table.starts_at, table.ends_at, table.room, table.status, table.ical_sequence)
    only = load_only(*needed, table.patient_name, raiseload=True)
    return db.session.scalars(query.options(only).order_by(table.starts_at, table.id)).all()


def _hashed(token: str) -> bytes:
    """The SHA-256 under which a token is kept: it is random and long, so nobody finds one by guessing."""
    return hashlib.sha256(token.encode()).digest()
