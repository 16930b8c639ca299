"""What somebody typed, kept for a quarter of an hour and for the same person only.

It travels in encrypted cookies of its own, so nothing is stored, any worker can read it and nobody else can. One holds
the form that was on its way when a sign-in ran out, the other the answers of a booking, so that Back and Reload work
while they are checked.
"""

import base64
import hashlib
import json
import zlib
from typing import Any, cast

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import Response, current_app, request

from portal import session

FORM = "kept"
BOOKING = "booking"
LIFE = 15 * 60
LARGEST = 3800
"""Browsers take about 4 kB in one cookie."""
NEVER = frozenset({"csrf_token", "who", "password"})

Fields = list[tuple[str, str]]


def fields() -> Fields:
    """The fields of the form in this request that may be sent again: all but passwords and the form token."""
    return [(name, value) for name, value in request.form.items(multi=True) if name not in NEVER]


def owner() -> str:
    """What a form says of who it was made for; empty for a visitor."""
    somebody = session.person()
    return hashlib.sha256(somebody.id.encode()).hexdigest()[:16] if somebody else ""


def is_somebody_elses() -> bool:
    """Whether the form of this request was made for another person than the one who is signed in now."""
    return session.person() is not None and request.form.get("who", "") != owner()


def from_our_own_page() -> bool:
    """Whether a page of this portal sent this form. Fields from elsewhere are never offered back."""
    if site := request.headers.get("Sec-Fetch-Site"):
        return site == "same-origin"
    return request.headers.get("Origin") == request.host_url.rstrip("/")


def put(response: Response, cookie: str, value: Any) -> bool:
    """Keep a JSON value for the signed-in person. False when it is too much for a cookie."""
    plain = json.dumps({"person": session.me().id, "value": value}).encode()
    sealed = _cipher(cookie).encrypt(zlib.compress(plain)).decode()
    if len(sealed) > LARGEST:
        return False
    response.set_cookie(cookie, sealed, max_age=LIFE, httponly=True, samesite="Lax", secure=request.is_secure)
    return True


def get(cookie: str) -> Any:
    """What was kept for the signed-in person, or None."""
    try:
        sealed = request.cookies.get(cookie, "").encode("utf-8", "replace")
        kept = json.loads(zlib.decompress(_cipher(cookie).decrypt(sealed, ttl=LIFE)))
    except InvalidToken:
        return None
    return kept["value"] if kept["person"] == session.me().id else None


def forget(response: Response, *cookies: str) -> None:
    """Let go of what was kept."""
    for cookie in cookies:
        response.delete_cookie(cookie, httponly=True, samesite="Lax", secure=request.is_secure)


def keep_form(response: Response) -> bool:
    """Keep the form of this request, if it is one of ours and a person sent it."""
    if request.method != "POST" or session.person() is None or not from_our_own_page():
        return False
    return put(response, FORM, {"path": request.path, "fields": fields()})


def find_form() -> tuple[str, Fields] | None:
    """The path and fields of the form that was kept."""
    kept = get(FORM)
    return (kept["path"], [(name, value) for name, value in kept["fields"]]) if kept else None


def _cipher(cookie: str) -> Fernet:
    """Encryption under a key of this cookie's own, from the portal's one secret (HKDF, RFC 5869)."""
    derived = HKDF(hashes.SHA256(), 32, salt=None, info=f"kept-{cookie}".encode())
    return Fernet(base64.urlsafe_b64encode(derived.derive(cast(str, current_app.secret_key).encode())))
