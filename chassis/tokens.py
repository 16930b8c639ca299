"""Local verification of access tokens (RFC 9068): every pin is here, and every failure is a 401.

flask-jwt-extended checks the signature and the times. What it leaves open is closed here: the exact header, canonical
base64url, duplicate names, required claims and their types, and the longest life.
"""

import base64
import binascii
import hashlib
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import jwt
from flask import Flask
from flask_jwt_extended import JWTManager, decode_token
from flask_jwt_extended.exceptions import JWTExtendedException

from chassis import strict_json
from chassis.errors import Malformed, Unauthenticated
from chassis.identity import Principal
from chassis.schemas import UUID_PATTERN

ISSUER = "clinic-auth"
ALGORITHM = "ES256"
TYPE = "at+jwt"
LIFE = 300
LEEWAY = 10
LONGEST = 4096
REMEMBERED_FOR = 60
REMEMBERED = 4096

_SEGMENT = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_KID = re.compile(r"[A-Za-z0-9_-]{8,64}", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_UUID = re.compile(UUID_PATTERN, re.ASCII)

PublicKey = Any
KeyFinder = Callable[[str], PublicKey | None]
"""Gives the public key of a `kid`, or None when there is none."""


def configure(app: Flask, audience: str, find_key: KeyFinder) -> None:
    """Pin flask-jwt-extended to our tokens for `audience`."""
    app.config.update(
        JWT_TOKEN_LOCATION=["headers"],
        JWT_ALGORITHM=ALGORITHM,
        JWT_DECODE_ALGORITHMS=[ALGORITHM],
        JWT_DECODE_ISSUER=ISSUER,
        JWT_DECODE_AUDIENCE=audience,
        JWT_DECODE_LEEWAY=LEEWAY,
        JWT_ENCODE_ISSUER=ISSUER,
        JWT_ACCESS_TOKEN_EXPIRES=LIFE,
    )
    manager = JWTManager(app)

    @manager.decode_key_loader
    def key_of(header: dict[str, Any], claims: dict[str, Any]) -> PublicKey:
        key = find_key(header["kid"])
        if key is None:
            raise Unauthenticated
        return key


class Verifier:
    """Turns tokens into principals. Verified tokens are remembered for a minute, by hash.

    Their end, and whether their key is still published, are looked at again each time.
    """

    def __init__(self, find_key: KeyFinder) -> None:
        self._find_key = find_key
        self._lock = threading.Lock()
        self._seen: OrderedDict[bytes, tuple[float, int, str, Principal]] = OrderedDict()

    def __call__(self, token: str) -> Principal:
        """The person a token speaks for, or `Unauthenticated`."""
        digest = hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
        remembered = self._seen.get(digest)
        now = time.time()
        if remembered:
            until, exp, kid, person = remembered
            if until > now and exp + LEEWAY > now and self._find_key(kid) is not None:
                return person
        kid, claims = _verified(token)
        person = _principal(claims)
        with self._lock:
            self._seen[digest] = (now + REMEMBERED_FOR, claims["exp"], kid, person)
            while len(self._seen) > REMEMBERED:
                self._seen.popitem(last=False)
        return person


def verify(token: str) -> dict[str, Any]:
    """The claims of a valid access token, or `Unauthenticated`. Needs an app context with `configure` done."""
    return _verified(token)[1]


def _verified(token: str) -> tuple[str, dict[str, Any]]:
    segments = token.split(".")
    if len(token) > LONGEST or len(segments) != 3:
        raise Unauthenticated
    header, claims = _object(segments[0]), _object(segments[1])
    _canonical(segments[2])
    if header.keys() != {"alg", "typ", "kid"} or header["alg"] != ALGORITHM or header["typ"] != TYPE:
        raise Unauthenticated
    if not _matches(_KID, header["kid"]):
        raise Unauthenticated
    try:
        decode_token(token)
    except (jwt.PyJWTError, JWTExtendedException, ValueError, TypeError, OverflowError) as error:
        raise Unauthenticated from error
    if not _complete(claims):
        raise Unauthenticated
    return header["kid"], claims


def _canonical(segment: str) -> bytes:
    """Decode base64url and insist that it is the one spelling of those bytes."""
    if not _SEGMENT.fullmatch(segment):
        raise Unauthenticated
    try:
        data = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    except (binascii.Error, ValueError) as error:
        raise Unauthenticated from error
    if base64.urlsafe_b64encode(data).rstrip(b"=") != segment.encode():
        raise Unauthenticated
    return data


def _object(segment: str) -> dict[str, Any]:
    try:
        value = strict_json.parse(_canonical(segment))
    except Malformed as error:
        raise Unauthenticated from error
    if not isinstance(value, dict):
        raise Unauthenticated
    return value


def _matches(pattern: re.Pattern[str], value: Any) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _complete(claims: dict[str, Any]) -> bool:
    """Every claim we rely on is there, of its type and within its bounds."""
    times = [claims.get(name) for name in ("iat", "nbf", "exp")]
    return (
        all(map(_is_moment, times))
        and claims["exp"] - claims["iat"] <= LIFE + LEEWAY
        and claims["iat"] <= time.time() + LEEWAY
        and claims.get("type") == "access"
        and all(_matches(_UUID, claims.get(name)) for name in ("sub", "sid", "jti"))
        and UUID(claims["sub"]).int != 0
        and type(claims.get("ver")) is int
        and claims["ver"] >= 0
        and isinstance(claims.get("role"), str)
        and isinstance(claims.get("name"), str)
        and _is_moment(claims.get("auth_time", 1))
        and _is_birthdate(claims.get("birthdate"))
        and _is_licence(claims.get("licence"))
    )


def _is_moment(claim: Any) -> bool:
    """Seconds since the epoch, whole ones."""
    return type(claim) is int and 0 < claim < 2**40


def _is_birthdate(claim: Any) -> bool:
    """None, or a date in the form of OpenID Connect."""
    if claim is None:
        return True
    try:
        return _matches(_DATE, claim) and bool(date.fromisoformat(claim))
    except ValueError:
        return False


def _is_licence(claim: Any) -> bool:
    """None, or the state of a doctor's licence with its number and register."""
    if claim is None:
        return True
    known = isinstance(claim, dict) and isinstance(claim.get("state"), str)
    return known and all(isinstance(claim.get(name), str | None) for name in ("number", "register"))


def _principal(claims: dict[str, Any]) -> Principal:
    born = claims.get("birthdate")
    licence = claims.get("licence") or {}
    return Principal(
        id=UUID(claims["sub"]),
        role=claims["role"],
        name=claims["name"],
        session_id=UUID(claims["sid"]),
        version=claims["ver"],
        birth_date=date.fromisoformat(born) if born else None,
        licence_state=licence.get("state"),
        licence_number=licence.get("number"),
        licence_register=licence.get("register"),
        auth_time=claims.get("auth_time"),
    )
