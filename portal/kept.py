"""What somebody typed when their sign-in or form token ran out: kept for the same person, and offered back.

It travels in a signed cookie of its own that lives fifteen minutes, so nothing is stored and any worker can read it.
"""

from typing import Any, cast

from flask import Response, current_app, request
from itsdangerous import BadData, URLSafeTimedSerializer

from portal import session

COOKIE = "kept"
LIFE = 15 * 60
LARGEST = 3800
"""Browsers take about 4 kB in one cookie."""
NEVER = frozenset({"csrf_token", "password"})

Fields = list[tuple[str, str]]


def fields() -> Fields:
    """The fields of the form in this request that may be sent again: all but passwords and the form token."""
    return [(name, value) for name, value in request.form.items(multi=True) if name not in NEVER]


def from_our_own_page() -> bool:
    """Whether a page of this portal sent this form. Fields from elsewhere are never offered back."""
    if site := request.headers.get("Sec-Fetch-Site"):
        return site == "same-origin"
    return request.headers.get("Origin") == request.host_url.rstrip("/")


def keep(response: Response) -> bool:
    """Keep this request's form for the person it belongs to. False when there is nothing to keep, or too much."""
    somebody = session.person()
    if request.method != "POST" or somebody is None or not from_our_own_page():
        return False
    sealed = _seal().dumps({"person": somebody.id, "path": request.path, "fields": fields()})
    if len(sealed) > LARGEST:
        return False
    response.set_cookie(COOKIE, sealed, max_age=LIFE, httponly=True, samesite="Lax", secure=request.is_secure)
    return True


def find() -> tuple[str, Fields] | None:
    """The path and fields kept for the signed-in person, if any."""
    try:
        kept: dict[str, Any] = _seal().loads(request.cookies.get(COOKIE, ""), max_age=LIFE)
    except BadData:
        return None
    if kept["person"] != session.me().id:
        return None
    return kept["path"], [(name, value) for name, value in kept["fields"]]


def forget(response: Response) -> None:
    """Let go of what was kept."""
    response.delete_cookie(COOKIE, httponly=True, samesite="Lax", secure=request.is_secure)


def _seal() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(cast(str, current_app.secret_key), salt="kept")
