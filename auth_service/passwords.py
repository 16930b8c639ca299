"""Passwords: argon2id as OWASP advises (19 MiB, 2 passes, 1 lane), and which ones are refused."""

import threading
from collections.abc import Iterable
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from pydantic_core import PydanticCustomError

from chassis.errors import Unavailable

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_places = threading.BoundedSemaphore(2)
WAIT = 2.0

# the most used ones that are long enough to be accepted otherwise
COMMON = frozenset(
    """
    12345678 123456789 1234567890 password password1 password12 password123 passw0rd qwertyui qwerty123 qwertyuiop
    1q2w3e4r 1q2w3e4r5t 1qaz2wsx 11111111 00000000 88888888 12341234 123123123 87654321 987654321 abcd1234 abc12345
    iloveyou iloveyou1 sunshine princess football baseball superman trustno1 letmein1 welcome1 welcome123 admin123
    administrator changeme starwars computer michelle jennifer whatever asdfghjkl asdf1234 zxcvbnm1 liverpool
    charlie1 passwort hallo123 doctor123 patient1 patient123 clinic123 hospital larkfield
    """.split()  # noqa: SIM905 - read as words, not as a list of strings
)


def hash_password(password: str) -> str:
    """The encoded argon2id hash. At most two are worked out at once; after a short wait the answer is 503."""
    with _Place():
        return _hasher.hash(password)


def matches(password: str, encoded: str | None) -> bool:
    """Whether the password is the one hashed. None stands for nobody, and takes as long."""
    with _Place():
        try:
            return _hasher.verify(encoded or _nobody(), password) and encoded is not None
        except (VerificationError, InvalidHashError):
            return False


@cache
def _nobody() -> str:
    return _hasher.hash("nobody has this password")


def refuse_guessable(password: str, about: Iterable[str]) -> None:
    """Refuse a common password, or one that is the person's own address or name."""
    given = password.casefold()
    own = {text.casefold() for text in about} | {text.split("@")[0].casefold() for text in about}
    if given in COMMON or given in own:
        raise PydanticCustomError("password_guessable", "Choose a password that is harder to guess.")


class _Place:
    """One of two places at the hashing table: 20 MiB each, and the processor is needed for others too."""

    def __enter__(self) -> None:
        if not _places.acquire(timeout=WAIT):
            raise Unavailable("Many people are signing in right now. Try again in a moment.")

    def __exit__(self, *_: object) -> None:
        _places.release()
