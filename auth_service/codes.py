"""Codes of the second factor: of an authenticator (TOTP, RFC 6238) or a recovery code. Each opens once."""

import base64
import re
import secrets
from functools import lru_cache
from uuid import UUID

import pyotp
from cryptography.fernet import Fernet, InvalidToken
from pyotp.exceptions import OTPVerificationError
from sqlalchemy import delete, func, select

from auth_service.models import RecoveryCode, SecondFactor, db
from auth_service.opaque import hashed
from auth_service.signing_keys import derive
from chassis import clock
from chassis.errors import Unauthenticated

WINDOW = 1
"""Steps of 30 seconds that a clock may be off, both ways."""
RECOVERY_CODES = 10
LETTERS = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
"""Without those that are taken for one another. The 17 of a code are 83 bits."""
GROUPS = (4, 4, 4, 5)


class SecondFactorRefused(Unauthenticated):
    """401: the code is wrong, too old, or was used before."""

    code, title = "second-factor-refused", "Code not accepted"
    detail = "This code is not right, or was used before. Wait for the next one and try again."


def accept(person_id: UUID, code: str, secret: str, *, confirmed: bool = True) -> SecondFactor:
    """Use up a code of this person, whose row is locked or being signed in. The caller commits.

    Of the same code twice at once, one is taken. Raises `SecondFactorRefused`.
    """
    factor = db.session.get(SecondFactor, person_id, with_for_update=True, populate_existing=True)
    if factor is None or (factor.confirmed_at is None) is confirmed:
        raise SecondFactorRefused
    plain = re.sub(r"[\s-]", "", code).upper()
    if len(plain) == 6 and plain.isascii() and plain.isdigit():
        factor.last_step = _step(factor, plain, secret)
    else:
        _use_recovery_code(person_id, plain)
    return factor


def _step(factor: SecondFactor, code: str, secret: str) -> int:
    """The time step of a right code that is newer than the last one accepted."""
    try:
        authenticator = pyotp.TOTP(_cipher(secret).decrypt(factor.secret).decode())
        step = authenticator.verify_and_get_timecode(code, for_time=clock.now().timestamp(), valid_window=WINDOW)
    except (OTPVerificationError, InvalidToken) as error:  # under another key only recovery codes go on
        raise SecondFactorRefused from error
    if step <= factor.last_step:
        raise SecondFactorRefused
    return step


def _use_recovery_code(person_id: UUID, code: str) -> None:
    row = db.session.get(RecoveryCode, hashed(code), with_for_update=True, populate_existing=True)
    if row is None or row.person_id != person_id or row.used_at:
        raise SecondFactorRefused
    row.used_at = clock.now()


def new_recovery_codes(person_id: UUID) -> list[str]:
    """Ten fresh codes, shown once; older ones open nothing any more. The caller commits."""
    forget_recovery_codes(person_id)
    codes = ["-".join(_letters(length) for length in GROUPS) for _ in range(RECOVERY_CODES)]
    db.session.add_all(RecoveryCode(hash=hashed(code.replace("-", "")), person_id=person_id) for code in codes)
    return codes


def forget_recovery_codes(person_id: UUID) -> None:
    """Let no recovery code of this person open anything. The caller commits."""
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person_id))


def recovery_codes_left(person_id: UUID) -> int:
    """How many have not been used."""
    unused = select(func.count()).where(RecoveryCode.person_id == person_id, RecoveryCode.used_at.is_(None))
    return db.session.scalar(unused) or 0


def sealed(plain: str, secret: str) -> bytes:
    """An authenticator's secret as it is stored."""
    return _cipher(secret).encrypt(plain.encode())


def _letters(length: int) -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(length))


@lru_cache(maxsize=2)
def _cipher(secret: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(derive(secret, b"second factors")))
