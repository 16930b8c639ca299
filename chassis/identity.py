"""Who is asking: the principal of a request, and which roles a view lets in (nobody, unless it says so)."""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar
from uuid import UUID

from flask import Flask, g, request
from werkzeug.exceptions import NotFound as NoRoute

from chassis.errors import Forbidden, InvalidRequest, TokenMissing

V = TypeVar("V", bound=Callable[..., Any])


class DoctorNotVerified(Forbidden):
    """403: the clinic has not verified this doctor's licence, or has suspended it."""

    code, title = "doctor-not-verified", "Licence not verified"
    detail = "The clinic has not verified this doctor's licence yet."


@dataclass(frozen=True)
class Principal:
    """The person a token speaks for, as the auth service saw them when it signed the token."""

    id: UUID
    role: str
    name: str
    session_id: UUID
    version: int = 0
    birth_date: date | None = None
    licence_state: str | None = None
    licence_number: str | None = None
    licence_register: str | None = None
    auth_time: int | None = None
    """When they last proved who they are (OpenID Connect): seconds since the epoch."""


PROGRAM = Principal(id=UUID(int=0), role="service", name="A program of the clinic", session_id=UUID(int=0))
"""Who asks with the key that the clinic's programs share. It is nobody's account, so it has nobody's id."""


def principal() -> Principal:
    """The person of this request. Only views behind a token may ask."""
    found: Principal = g.principal
    return found


def bearer_token() -> str:
    """The token in the Authorization header (RFC 6750), the only place it is read from."""
    header = request.headers.get("Authorization", "")
    if "," in header:
        raise InvalidRequest("Send one Authorization header.")
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise TokenMissing
    return token


def public(view: V) -> V:
    """Let anybody call this view, signed in or not."""
    view.access = "public"  # type: ignore[attr-defined]
    return view


def allow(*roles: str, unverified: bool = False) -> Callable[[V], V]:
    """Let people of these roles call this view. Doctors need a verified licence unless `unverified` is set.

    `service` is no person's role: it lets in our own programs, by the key that they share.
    """

    def decorate(view: V) -> V:
        view.access = (frozenset(roles), unverified)  # type: ignore[attr-defined]
        return view

    return decorate


def guard(
    app: Flask,
    verify: Callable[[str], Principal],
    check_person: Callable[[Principal], None] | None = None,
    service_key: str = "",
) -> None:
    """Ask for a token before every view that is not public; `verify` turns a token into a principal.

    `check_person` may refuse a principal whose token holds. In place of a token our own programs send `service_key`;
    where that is empty, nobody comes as one of them. A view whose use is noted hears of refusals by role
    (`note_refusal`).
    """

    @app.before_request
    def check_token() -> None:
        if request.endpoint is None or request.routing_exception is not None:
            return
        view = app.view_functions[request.endpoint]
        access = getattr(view, "access", None)
        if access == "public":
            return
        g.principal = person = _who_shows(bearer_token(), verify, check_person, service_key)
        if access is None:
            raise NoRoute
        try:
            _let_in(person, *access)
        except Forbidden:
            if note_refusal := getattr(view, "note_refusal", None):
                note_refusal()
            raise


def _who_shows(
    token: str,
    verify: Callable[[str], Principal],
    check_person: Callable[[Principal], None] | None,
    service_key: str,
) -> Principal:
    if service_key and hmac.compare_digest(token.encode(), service_key.encode()):
        return PROGRAM
    person = verify(token)
    if check_person:
        check_person(person)
    return person


def _let_in(person: Principal, roles: frozenset[str], unverified: bool) -> None:
    if person.role not in roles:
        raise Forbidden
    if person.role == "doctor" and person.licence_state != "verified" and not unverified:
        raise DoctorNotVerified
