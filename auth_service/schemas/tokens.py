"""What other programs ask about tokens, and what they are told."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import StringConstraints

from chassis.schemas import In, Out


class TokenIn(In):
    """A token to look at (RFC 7662)."""

    token: Annotated[str, StringConstraints(min_length=1, max_length=20000)]
    token_type_hint: Annotated[str, StringConstraints(max_length=100)] | None = None


class IntrospectionOut(Out):
    """Whether a token holds right now (RFC 7662). Of one that does not, nothing else is told."""

    active: bool
    valid: bool
    sub: UUID | None = None
    role: str | None = None
    name: str | None = None
    licence: dict[str, Any] | None = None
    sid: UUID | None = None
    jti: UUID | None = None
    iss: str | None = None
    aud: list[str] | None = None
    iat: int | None = None
    exp: int | None = None
    auth_time: int | None = None
    token_type: Literal["Bearer"] | None = None


class RevocationsIn(In):
    """The last sequence number one knows of, in digits; 0 reads the list from its beginning."""

    after: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,18}$")] = "0"


class RevocationOut(Out):
    """A session that has ended, or of which tokens older than `version` hold no longer."""

    sequence: int
    session_id: UUID
    version: int | None


class RevocationsOut(Out):
    """Part of the list, in the order in which they took effect; `last` is what to ask for `after` the next time."""

    revocations: list[RevocationOut]
    last: int
