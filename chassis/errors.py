"""The vocabulary of failure. Pure Python: rules raise these, the web renders them, the client raises them again."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class FieldError:
    """One wrong field: a JSON pointer (RFC 6901), a code for programs and a sentence for people."""

    pointer: str
    code: str
    message: str


class Refusal(Exception):  # noqa: N818 - a refusal is an answer, not an accident
    """A request that is answered with no. Subclasses name the rule; the sentence is `detail`.

    Rendered as `application/problem+json` (RFC 9457) with `status`, `code`, `title`, `detail`, `errors` and `extras`.
    """

    status: ClassVar[int] = 400
    code: str = "bad-request"
    title: str = "Bad request"
    detail: str = "The request could not be understood."
    headers: dict[str, str] = {}

    def __init__(self, detail: str | None = None, *, errors: Iterable[FieldError] = (), **extras: Any) -> None:
        self.detail = detail or type(self).detail
        self.errors = list(errors)
        self.extras = extras
        super().__init__(self.detail)

    def problem(self, request_id: str) -> dict[str, Any]:
        """The problem document (RFC 9457)."""
        found = {"type": f"urn:problem-type:{self.code}", "title": self.title, "status": self.status}
        found |= {"detail": self.detail, "code": self.code, "request_id": request_id, **self.extras}
        return found | ({"errors": [vars(error) for error in self.errors]} if self.errors else {})

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        BY_CODE.setdefault(cls.code, cls)


BY_CODE: dict[str, type[Refusal]] = {}
"""Every refusal this process knows, so that a client can raise again what a service refused with."""


class Malformed(Refusal):
    """400: the bytes are not what the content type says."""

    code, title, detail = "malformed-json", "Malformed JSON", "The body is not valid JSON."


class InvalidRequest(Refusal):
    """400: the request contradicts itself or lacks its one input."""

    code, title, detail = "invalid-request", "Invalid request", "The request is not valid."


class InvalidCursor(Refusal):
    """400: the cursor was not given out to this person for this list."""

    code, title, detail = "invalid-cursor", "Invalid cursor", "This cursor does not belong to this list."


class InvalidIdempotencyKey(Refusal):
    """400: `Idempotency-Key` is not 1 to 255 visible ASCII characters."""

    code, title = "invalid-idempotency-key", "Invalid idempotency key"
    detail = "Idempotency-Key takes 1 to 255 visible ASCII characters."


class Unauthenticated(Refusal):
    """401: nobody is signed in, or the token does not hold."""

    status = 401
    code, title, detail = "token-invalid", "Not signed in", "The access token is not valid. Sign in again."
    headers = {"WWW-Authenticate": 'Bearer error="invalid_token"'}


class TokenMissing(Unauthenticated):
    """401: no bearer token was sent (RFC 6750 gives no error code then)."""

    code, detail = "token-missing", "Send an access token in the Authorization header."
    headers = {"WWW-Authenticate": "Bearer"}


class TokenRevoked(Unauthenticated):
    """401: the token was good, but its session has ended or what it says is no longer so. Refresh, or sign in."""

    code, title, detail = "token-revoked", "Signed out", "This sign-in has ended. Sign in again."


class Forbidden(Refusal):
    """403: this kind of person may not do this."""

    status = 403
    code, title, detail = "forbidden", "Not allowed", "You may not do this."


class NotFound(Refusal):
    """404: no such record, or not one of the caller's. Both look the same."""

    status = 404
    code, title, detail = "not-found", "Not found", "There is nothing here, or it is not yours to see."


class Conflict(Refusal):
    """409: the record's state does not allow this."""

    status = 409
    code, title, detail = "conflict-state", "Conflict", "The record has changed and this is no longer possible."


class RequestInProgress(Conflict):
    """409: the same idempotency key is being worked on right now."""

    code, title = "request-in-progress", "Still working"
    detail = "The same request is still being worked on. Ask again in a moment."
    headers = {"Retry-After": "1"}


class TooLarge(Refusal):
    """413: the body is over the limit."""

    status = 413
    code, title, detail = "too-large", "Too large", "The body is larger than this service accepts."


class UnsupportedMediaType(Refusal):
    """415: a body that is not plain `application/json`."""

    status = 415
    code, title, detail = "unsupported-media-type", "Unsupported media type", "Send the body as application/json."


class Invalid(Refusal):
    """422: understood, but it breaks a rule. All field errors at once."""

    status = 422
    code, title, detail = "validation-error", "Invalid", "Some of what was sent needs attention."

    @classmethod
    def field(cls, pointer: str, code: str, message: str) -> "Invalid":
        """The refusal of one field."""
        return cls(message, errors=[FieldError(pointer, code, message)])


class IdempotencyMismatch(Invalid):
    """422: the key was used before with another body."""

    code, title = "idempotency-mismatch", "Key used before"
    detail = "This Idempotency-Key was used before with another body."


class TooManyRequests(Refusal):
    """429: slow down."""

    status = 429
    code, title, detail = "rate-limited", "Too many requests", "Too many requests. Wait a little and try again."
    headers = {"Retry-After": "10"}

    @classmethod
    def after(cls, seconds: int) -> "TooManyRequests":
        """The refusal that says when it makes sense to try again."""
        refusal = cls()
        refusal.headers = {"Retry-After": str(seconds)}
        return refusal

    @property
    def seconds(self) -> int:
        """How long to wait."""
        return int(self.headers["Retry-After"])


class Unavailable(Refusal):
    """503: something this request needs is out. Nothing was written."""

    status = 503
    code, title = "unavailable", "Temporarily unavailable"
    detail = "Part of the system is not available right now. Nothing was changed. Try again in a moment."
    headers = {"Retry-After": "5"}

    @property
    def service(self) -> str | None:
        """The name of the program that is out, where it is known."""
        service = self.extras.get("service")
        return service if isinstance(service, str) else None


class Draining(Unavailable):
    """503: this instance answers what it has begun, and takes nothing new. Another one does."""

    code, title = "draining", "Stopping"
    detail = "This instance is about to stop. Ask another one."
