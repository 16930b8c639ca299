"""What somebody typed, kept for a while and for the same person only.

It travels in encrypted cookies of its own, so nothing is stored, any worker can read it and nobody else can. One holds
the form that was on its way when a sign-in ran out, the second the answers of a booking, so that Back and Reload work
while they are checked, the third the secret of a new authenticator until its first code, and the fourth what a doctor
looks for among their patients.
"""

import base64
import hashlib
import json
import zlib
from dataclasses import dataclass
from typing import Any, cast

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import Response, current_app, request

from portal import session

FORM = "kept"
BOOKING = "booking"
AUTHENTICATOR = "authenticator"
PATIENTS = "patients"
LIFE = {FORM: 4 * 3600, BOOKING: 3600, AUTHENTICATOR: 15 * 60, PATIENTS: 15 * 60}
"""Seconds. A form that nobody came back to waits for the end of a long round; a booking's times are gone sooner."""
LARGEST = 3800
"""Browsers take about 4 kB in one cookie."""
NEVER = frozenset({"csrf_token", "who", "code"})

Fields = list[tuple[str, str]]


def fields() -> Fields:
    """The fields of the form in this request that may be sent again: all but passwords, codes and the form token."""
    sent = request.form.items(multi=True)
    return [(name, value) for name, value in sent if name not in NEVER and "password" not in name]


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


def put(response: Response, cookie: str, value: Any, *, whose: str | None = None) -> bool:
    """Keep a JSON value for the signed-in person, or the `owner` given. False when it is too much for a cookie."""
    plain = json.dumps({"owner": whose or owner(), "value": value}).encode()
    sealed = _cipher(cookie).encrypt(zlib.compress(plain)).decode()
    if len(sealed) > LARGEST:
        return False
    name, life = session.cookie_name(cookie), LIFE[cookie]
    response.set_cookie(name, sealed, max_age=life, httponly=True, samesite="Lax", secure=request.is_secure)
    return True


def get(cookie: str) -> Any:
    """What was kept for the signed-in person, or None."""
    try:
        sealed = request.cookies.get(session.cookie_name(cookie), "").encode("utf-8", "replace")
        kept = json.loads(zlib.decompress(_cipher(cookie).decrypt(sealed, ttl=LIFE[cookie])))
    except InvalidToken:
        return None
    return kept["value"] if kept.get("owner") == owner() else None


def forget(response: Response, *cookies: str) -> None:
    """Let go of what was kept."""
    for cookie in cookies:
        response.delete_cookie(session.cookie_name(cookie), httponly=True, samesite="Lax", secure=request.is_secure)


def keep_form(response: Response, path: str | None = None, *, sent: bool = True) -> bool | None:
    """Keep the form of this request for the person it was made for, who may have been signed out meanwhile.

    `path` is where it goes, unless it came there itself; `sent` is whether that person has sent it. False when it was
    too long, None when there is nothing of ours to keep.
    """
    whose = request.form.get("who")
    if request.method != "POST" or not whose or not from_our_own_page() or is_somebody_elses():
        return None
    return put(response, FORM, {"path": path or request.path, "fields": fields(), "sent": sent}, whose=whose)


@dataclass(frozen=True)
class KeptForm:
    """A form as it was typed: where it goes, its fields, and whether it was on its way already."""

    path: str
    fields: Fields
    sent: bool


def find_form() -> KeptForm | None:
    """The form that was kept for the signed-in person."""
    kept = get(FORM)
    return KeptForm(kept["path"], [(name, value) for name, value in kept["fields"]], kept["sent"]) if kept else None


def _cipher(cookie: str) -> Fernet:
    """Encryption under a key of this cookie's own, from the portal's one secret (HKDF, RFC 5869)."""
    derived = HKDF(hashes.SHA256(), 32, salt=None, info=f"kept-{cookie}".encode())
    return Fernet(base64.urlsafe_b64encode(derived.derive(cast(str, current_app.secret_key).encode())))
