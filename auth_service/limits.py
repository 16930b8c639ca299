"""How often one may try: counted in PostgreSQL, so that it holds across threads, workers and machines.

Every try is written down as a failure before it is made, and cleared when it has succeeded. Guesses sent at once are so
counted like guesses sent in turn. Accounts that do not exist are counted like those that do, and no name is kept: an
account is an HMAC under a key of this service.
"""

import hmac
import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import groupby
from typing import cast
from uuid import UUID

from sqlalchemy import delete, func, select, update

from auth_service.models import Attempt, Person, db
from auth_service.settings import current
from auth_service.signing_keys import derive
from chassis import clock, logs
from chassis.database import HeldSession
from chassis.errors import TooManyRequests, Unavailable
from chassis.proxies import neighbourhood

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
GUESSES = 5
WINDOWS = ((10, timedelta(minutes=5)), (15, timedelta(minutes=15)))
LAST_WINDOW = HOUR
_LOCK = 7283645
NOW = timedelta()


@dataclass(frozen=True)
class Limit:
    """What one kind of try is held to. All counts are of one address (of IPv6: one /64) but the last."""

    kind: str
    attempts: int
    """In a minute, whatever comes of them."""
    failures: int | None = None
    """In a minute, over all accounts."""
    guesses: bool = False
    """Whether `pause` counts, for each account."""
    anywhere: int | None = None
    """Failures in an hour at one account, from all addresses together."""


PASSWORD = Limit("password", attempts=30, failures=10, guesses=True)
CODE = Limit("code", attempts=30, failures=10, guesses=True, anywhere=20)  # whoever tries codes has the password
SIGN_UP = Limit("sign-up", attempts=20)
MAIL = Limit("mail", attempts=20, anywhere=3)
NOTES = Limit("note", attempts=10)


def pause(failures: Sequence[datetime], now: datetime) -> timedelta:
    """How long to wait after these failures of one account and address, oldest first: five in a window are enough.

    The window is 5 minutes, from the tenth failure in 24 hours 15 minutes, and from the fifteenth an hour.
    """
    recent = [failure for failure in failures if failure > now - DAY]
    window = next((window for fewer, window in WINDOWS if len(recent) < fewer), LAST_WINDOW)
    return _wait(recent, GUESSES, window, now)


@contextmanager
def attempt(limit: Limit, account: str) -> Iterator[None]:
    """Count a try at an account, make it in the block, and clear its failures when it went well.

    Commits before and after the block, so nothing else may be under way. Raises `TooManyRequests`.
    """
    reserved = reserve(limit, account)
    try:
        yield
    except Unavailable:
        _withdraw(reserved)  # it was not looked at
        raise
    _clear(Attempt.kind == limit.kind, Attempt.account == _hashed(account), Attempt.address == _address())
    _commit()


def reserve(limit: Limit, account: str | None = None) -> int:
    """Count a try before it is made, in a transaction of its own. Raises `TooManyRequests`."""
    hashed = _hashed(account) if account is not None else None
    of_address, of_account = _waits(limit, hashed)
    _refuse(max(of_address, of_account))
    return _note(limit, hashed)


def may_mail(email: str) -> bool:
    """Whether one more message may go to an address somebody asked for; counts it. Over that, nobody is told.

    Raises `TooManyRequests` for whoever asks too often, whatever the address.
    """
    hashed = _hashed(email)
    of_address, of_account = _waits(MAIL, hashed)
    _refuse(of_address)
    _note(MAIL, None if of_account else hashed)
    return not of_account


def worth_noting() -> bool:
    """Whether a try that came too often is noted: ten a minute from one address tell as much as ten thousand would,
    and the record of access is never cleared."""
    try:
        reserve(NOTES)
    except TooManyRequests:
        return False
    return True


def unlock(person: Person) -> None:
    """Clear the failures at this account, wherever they came from. The caller commits."""
    _clear(Attempt.account.in_(_accounts_of(person)))


def forget_wrong_passwords(person: Person) -> None:
    """Clear the wrong passwords of somebody who has a new one. Wrong codes stay counted: whoever reads a person's mail
    would try as many as they like. The caller commits."""
    _clear(Attempt.kind == PASSWORD.kind, Attempt.account == _hashed(person.email))


def is_locked(person: Person) -> bool:
    """Whether somebody has to wait somewhere before the next try at this account."""
    return person.id in locked([person])


def locked(people: Iterable[Person]) -> set[UUID]:
    """Those of these people at whose accounts somebody has to wait somewhere."""
    owners = {hashed: person.id for person in people for hashed in _accounts_of(person)}
    failed = (
        select(Attempt.kind, Attempt.account, Attempt.address, Attempt.attempted_at)
        .where(Attempt.account.in_(owners), Attempt.succeeded.is_(False), Attempt.attempted_at > clock.now() - DAY)
        .where(Attempt.kind.in_((PASSWORD.kind, CODE.kind)))
        .order_by(Attempt.kind, Attempt.account, Attempt.address, Attempt.attempted_at)
    )
    rows, now = db.session.execute(failed).all(), clock.now()
    together = groupby(rows, key=lambda row: (row.account, row.kind, row.address))
    here = {owners[key[0]] for key, some in together if pause([row.attempted_at for row in some], now)}
    codes = sorted((row.account, row.attempted_at) for row in rows if row.kind == CODE.kind)
    anywhere = groupby(codes, key=lambda code: code[0])
    return here | {owners[key] for key, some in anywhere if _too_many_codes([moment for _, moment in some], now)}


def _too_many_codes(failures: Sequence[datetime], now: datetime) -> bool:
    """Whether these wrong codes of one account, oldest first, make everybody wait everywhere."""
    lately = [failure for failure in failures if failure > now - HOUR]
    return bool(CODE.anywhere and _wait(lately, CODE.anywhere, HOUR, now))


def _waits(limit: Limit, account: bytes | None) -> tuple[timedelta, timedelta]:
    """How long the address has to wait, and how long the account. From here on nobody else counts for either."""
    _lock(f"{limit.kind} at {_address()}")
    if limit.anywhere and account:
        _lock(f"{limit.kind} of {account.hex()}")
    now = clock.now()
    return _wait_of_address(limit, now), _wait_of_account(limit, account, now) if account else NOW


def _wait_of_address(limit: Limit, now: datetime) -> timedelta:
    query = select(Attempt.attempted_at, Attempt.succeeded).order_by(Attempt.attempted_at)
    query = query.where(Attempt.kind == limit.kind, Attempt.address == _address(), Attempt.attempted_at > now - MINUTE)
    rows = db.session.execute(query).all()
    wait = _wait([row.attempted_at for row in rows], limit.attempts, MINUTE, now)
    if limit.failures:
        failed = [row.attempted_at for row in rows if not row.succeeded]
        wait = max(wait, _wait(failed, limit.failures, MINUTE, now))
    return wait


def _wait_of_account(limit: Limit, account: bytes, now: datetime) -> timedelta:
    failed = select(Attempt.attempted_at).order_by(Attempt.attempted_at)
    failed = failed.where(Attempt.kind == limit.kind, Attempt.account == account, Attempt.succeeded.is_(False))
    wait = NOW
    if limit.guesses:
        here = failed.where(Attempt.address == _address(), Attempt.attempted_at > now - DAY)
        wait = pause(db.session.scalars(here).all(), now)
    if limit.anywhere:
        lately = failed.where(Attempt.attempted_at > now - HOUR)
        wait = max(wait, _wait(db.session.scalars(lately).all(), limit.anywhere, HOUR, now))
    return wait


def _wait(times: Sequence[datetime], most: int, window: timedelta, now: datetime) -> timedelta:
    """How long until fewer than `most` of these times, oldest first, lie in the window that ends now."""
    return max(times[-most] + window - now, NOW) if len(times) >= most else NOW


def _refuse(wait: timedelta) -> None:
    if wait:
        _commit()  # lets the locks go
        raise TooManyRequests.after(math.ceil(wait.total_seconds()))


def _note(limit: Limit, account: bytes | None) -> int:
    row = Attempt(kind=limit.kind, account=account, address=_address(), attempted_at=clock.now())
    db.session.add(row)
    _forget_old()
    _commit()
    return row.id


def _withdraw(reserved: int) -> None:
    db.session.execute(delete(Attempt).where(Attempt.id == reserved))
    _commit()


def _clear(*which: object) -> None:
    # in one order, and leaving to another what it clears right now
    failed = select(Attempt.id).where(*which, Attempt.succeeded.is_(False)).order_by(Attempt.id)  # type: ignore[arg-type]
    ids = failed.with_for_update(skip_locked=True).scalar_subquery()
    db.session.execute(update(Attempt).where(Attempt.id.in_(ids)).values(succeeded=True))


def _forget_old() -> None:
    old = select(Attempt.id).where(Attempt.attempted_at < clock.now() - DAY).limit(100)
    ids = old.with_for_update(skip_locked=True).scalar_subquery()
    db.session.execute(delete(Attempt).where(Attempt.id.in_(ids)))


def _lock(name: str) -> None:
    db.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, _LOCK))))


def _commit() -> None:
    # also where the commit of an effect is held back: a try that is not counted until then could be made twice
    cast(HeldSession, db.session()).commit_anyway()


def _accounts_of(person: Person) -> tuple[bytes, bytes]:
    """Passwords are counted by address, as it is all that is known of nobody; codes by the person's id."""
    return _hashed(person.email), _hashed(str(person.id))


def _hashed(account: str) -> bytes:
    return hmac.digest(_key(current().secret_key), account.encode(), "sha256")


@lru_cache(maxsize=4)
def _key(secret: str) -> bytes:
    return derive(secret, b"attempts")


def _address() -> str:
    return neighbourhood(logs.client_address.get())
