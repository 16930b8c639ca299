"""Passwords: argon2id as OWASP advises (19 MiB, 2 passes, 1 lane), and which ones are refused."""

import base64
import re
import threading
from collections.abc import Iterable

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn.frequency_lists import FREQUENCY_LISTS  # type: ignore[import-untyped]

from chassis.errors import Unavailable

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_places = threading.BoundedSemaphore(2)
WAIT = 2.0

GUESSABLE = "Choose a password that is harder to guess."
CLINIC_WORDS = ("clinic", "hospital", "doctor", "patient", "larkfield", "password", "passwort", "welcome", "admin")
COMMON = frozenset(password for password in FREQUENCY_LISTS["passwords"] if len(password) >= 8)
"""The most used ones that are long enough to be accepted otherwise: about 11,600, in lower case."""


_NOBODY = _hasher.hash("nobody has this password")
"""Worked out at the start: the first unknown name must not take longer than the second."""


def hash_password(password: str) -> str:
    """The encoded argon2id hash. At most two are worked out at once; after a short wait the answer is 503."""
    with _Place():
        return _hasher.hash(password)


def matches(password: str, encoded: str | None) -> bool:
    """Whether the password is the one hashed. None stands for nobody, and takes as long."""
    with _Place():
        try:
            return _hasher.verify(encoded or _NOBODY, password) and encoded is not None
        except (VerificationError, InvalidHashError):
            return False


def renewed(password: str, encoded: str) -> str | None:
    """A hash of the same password with today's parameters; None when it has them, or all places are taken right now.

    It keeps its salt, which tells one setting of a password from the next (`same`).
    """
    if not _hasher.check_needs_rehash(encoded) or not _places.acquire(blocking=False):
        return None
    try:
        return _hasher.hash(password, salt=base64.b64decode(_salt(encoded) + "=="))
    finally:
        _places.release()


def same(one: str, other: str) -> bool:
    """Whether two hashes stand for one setting of a password, whatever the parameters they were made with."""
    return _salt(one) == _salt(other)


def _salt(encoded: str) -> str:
    """The part of an encoded hash that is drawn anew whenever somebody sets a password."""
    parts = encoded.split("$")
    return parts[4] if len(parts) == 6 else encoded


def guessable(password: str, about: Iterable[str]) -> bool:
    """Whether it is a common password, one character again and again, or the person's or the clinic's own words.

    `about` are the person's address and names. Digits and marks at the ends do not hide a word.
    """
    given = password.casefold()
    own = {word for text in about for word in _words(text.casefold())} | set(CLINIC_WORDS)
    return given in COMMON or len(set(given)) < 3 or given in own or _letters(given) in own


def _words(text: str) -> Iterable[str]:
    """An address or a name, its parts, and the parts without what is between them."""
    local = text.split("@")[0]
    return {text, local, _letters(local), re.sub(r"[\W\d_]+", "", local), *re.split(r"[\W\d_]+", local)} - {""}


def _letters(text: str) -> str:
    """The text without digits, marks and spaces at its ends."""
    return re.sub(r"^[\W\d_]+|[\W\d_]+$", "", text)


class _Place:
    """One of two places at the hashing table: 20 MiB each, and the processor is needed for others too."""

    def __enter__(self) -> None:
        if not _places.acquire(timeout=WAIT):
            raise Unavailable("Many people are signing in right now. Try again in a moment.")

    def __exit__(self, *_: object) -> None:
        _places.release()
