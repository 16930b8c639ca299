"""What comes in and goes out when people prove themselves twice."""

from typing import Annotated, Literal, Self

from pydantic import StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from chassis.schemas import In, Line, Out

Code = Annotated[Line, StringConstraints(min_length=6, max_length=40)]
"""Six digits of an authenticator, or a recovery code; spaces and hyphens do not count."""


class CodeIn(In):
    """A code."""

    code: Code


class ChallengeIn(In):
    """The challenge of a sign-in with the code that answers it."""

    challenge: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$")]
    code: Code


class ReauthenticationIn(In):
    """One's own password, or a code of one's second factor: one of the two."""

    password: Annotated[str, StringConstraints(min_length=1, max_length=128)] | None = None
    code: Code | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.password is None) is (self.code is None):
            raise PydanticCustomError("one_proof", "Give the password or a code, one of the two.")
        return self


class OwnPasswordIn(In):
    """One's own password, to show that it is still the same person."""

    password: Annotated[str, StringConstraints(min_length=1, max_length=128)]


class SecondFactorOut(Out):
    """Whether a code is asked for at sign-in, and how many recovery codes are left."""

    state: Literal["off", "on", "required"]
    recovery_codes_left: int


class ProposedOut(Out):
    """An authenticator to be: its secret in base32, and as an `otpauth:` address for a camera."""

    secret: str
    uri: str


class RecoveryCodesOut(Out):
    """Ten single-use codes, told this once."""

    recovery_codes: list[str]
