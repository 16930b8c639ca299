"""The check of a paper prescription by whoever holds it: genuine or not, its state, and nothing of what is on it.

The token in the QR code and the typed code are derived from a key of this service, so that they can be printed again;
kept are keyed hashes of them only. Every answer that is not "genuine" is the same one and costs the same work.
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from chassis import clock, logs
from chassis.errors import TooManyRequests
from chassis.proxies import neighbourhood
from prescription_service.models import Medicine, Prescription, audit, db
from prescription_service.numbers import ALPHABET, check_character
from prescription_service.verification_tables import BlindCheck, VerificationCode, VerificationTry

LENGTH = 12
"""Characters of a typed code before its check character: 60 random bits."""
DAY = timedelta(days=1)
LIMITS = ((10, timedelta(minutes=10)), (50, DAY))
"""So many failures of one address in so long (of IPv6: one /64)."""
BLIND_CHECKS = 5
"""Comparisons of one prescription in 24 hours."""
_ALIKE = str.maketrans({"O": "0", "I": "1", "L": "1"})
_BETWEEN = str.maketrans("", "", " -–.\t\n\r\u00a0")

Compared = Literal["matches", "differs", "no-more", "none"]


@dataclass(frozen=True)
class Keys:
    """Three keys from the one secret of this service. Whoever changes that secret makes printed codes unknown."""

    token: bytes
    code: bytes
    pepper: bytes

    @classmethod
    def of(cls, secret: str) -> "Keys":
        """The keys for this secret."""
        return cls(*(_hmac(secret.encode(), f"verification {name}".encode()) for name in ("token", "code", "pepper")))


@dataclass(frozen=True)
class Secrets:
    """What is printed: the token inside the QR code, and the code to type."""

    token: str
    code: str


@dataclass(frozen=True)
class Genuine:
    """Everything the holder of a paper is told."""

    issued_at: datetime
    state: str
    version: int = 1


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, hashlib.sha256).digest()


def secrets_of(prescription_id: UUID, keys: Keys) -> Secrets:
    """The same for the same prescription, each time it is printed."""
    token = base64.urlsafe_b64encode(_hmac(keys.token, prescription_id.bytes)).rstrip(b"=").decode()
    bits = int.from_bytes(_hmac(keys.code, prescription_id.bytes)[:8], "big")
    body = "".join(ALPHABET[bits >> 5 * place & 31] for place in range(LENGTH))
    groups = [body[at : at + 4] for at in range(0, LENGTH, 4)]
    return Secrets(token, "-".join([*groups, check_character(body)]))


def put_on_paper(prescription: Prescription, keys: Keys) -> Secrets:
    """The secrets to print. From the first print on they are known here, by their hashes. The caller commits."""
    found = secrets_of(prescription.id, keys)
    row = {
        "prescription_id": prescription.id,
        "token_hash": _hashed("token", found.token, keys),
        "code_hash": _hashed("code", _plain(found.code), keys),
        "created_at": clock.now(),
    }
    db.session.execute(insert(VerificationCode).values(row).on_conflict_do_nothing())
    return found


def look_up(typed: str, keys: Keys, today: date) -> Genuine | None:
    """What to tell the holder of this token or code; None for any that is not ours. Raises `TooManyRequests`."""
    found = _try(typed, keys)
    db.session.commit()
    return Genuine(found.issued_at, state(found, today)) if found else None


def compare(typed: str, position: int, quantity: Decimal, keys: Keys) -> Compared:
    """Whether the paper says the quantity that was signed. A medicine that is not there, or has none, `differs`.

    Raises `TooManyRequests`.
    """
    found = _try(typed, keys)
    answer: Compared = "none" if found is None else _compared(found, position, quantity)
    db.session.commit()
    return answer


def state(prescription: Prescription, today: date) -> str:
    """The status; `replaced` when there is a newer paper, `expired` once the last day is over."""
    if prescription.replaced_by_id and prescription.status in {"cancelled", "stopped"}:
        return "replaced"
    over = prescription.valid_until is not None and today > prescription.valid_until
    return "expired" if prescription.status == "active" and over else prescription.status


def _try(typed: str, keys: Keys) -> Prescription | None:
    """Look for it, one try of an address at a time, and count it."""
    address = neighbourhood(logs.client_address.get())
    db.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"verify {address}", 0))))
    _refuse_too_many(address)
    found = _find(typed, keys)
    db.session.add(VerificationTry(address=address, tried_at=clock.now(), found=found is not None))
    if found:
        audit.note("prescription.verify", None, record_id=found.id, patient_id=found.patient_id)
    return found


def _find(typed: str, keys: Keys) -> Prescription | None:
    token, code = _hashed("token", typed.strip(), keys), _hashed("code", _plain(typed), keys)
    known = select(VerificationCode.prescription_id).where(
        (VerificationCode.token_hash == token) | (VerificationCode.code_hash == code)
    )
    return db.session.scalar(select(Prescription).where(Prescription.id.in_(known)))


def _hashed(kind: str, text: str, keys: Keys) -> bytes:
    """A plain hash of the short code could be searched through by whoever gets hold of the table."""
    return _hmac(keys.pepper, f"{kind} {text}".encode(errors="replace"))


def _plain(typed: str) -> str:
    """A code as it is meant: any capitals, with or without hyphens, and letters that look like digits."""
    return typed.upper().translate(_BETWEEN).translate(_ALIKE)


def _refuse_too_many(address: str) -> None:
    now = clock.now()
    db.session.execute(delete(VerificationTry).where(VerificationTry.tried_at <= now - DAY))
    failed = select(VerificationTry.tried_at).where(
        VerificationTry.address == address, VerificationTry.found.is_(False)
    )
    times = db.session.scalars(failed.order_by(VerificationTry.tried_at.desc()).limit(LIMITS[-1][0])).all()
    wait = max(_wait(times, most, window, now) for most, window in LIMITS)
    if wait > timedelta():
        db.session.rollback()
        raise TooManyRequests.after(int(wait.total_seconds()) + 1)


def _wait(newest_first: Sequence[datetime], most: int, window: timedelta, now: datetime) -> timedelta:
    """How long until there are fewer than `most` in the window."""
    return newest_first[most - 1] + window - now if len(newest_first) >= most else timedelta()


def _compared(prescription: Prescription, position: int, quantity: Decimal) -> Compared:
    one = VerificationCode.prescription_id == prescription.id
    db.session.execute(select(VerificationCode.prescription_id).where(one).with_for_update())
    today = (BlindCheck.prescription_id == prescription.id) & (BlindCheck.checked_at > clock.now() - DAY)
    if (db.session.scalar(select(func.count()).where(today)) or 0) >= BLIND_CHECKS:
        return "no-more"
    db.session.add(BlindCheck(prescription_id=prescription.id, checked_at=clock.now()))
    signed = [_quantity(medicine) for medicine in prescription.medicines if medicine.position == position]
    return "matches" if signed == [quantity] else "differs"


def _quantity(medicine: Medicine) -> Decimal | None:
    return Decimal(str(medicine.structure["quantity"])) if medicine.structure else None
