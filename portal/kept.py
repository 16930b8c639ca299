"""What somebody typed, kept for a quarter of an hour and for the same person only.

It travels in signed cookies of its own, so nothing is stored and any worker can read it. One holds the form that was on
its way when a sign-in ran out, the other the answers of a booking, so that Back and Reload work while they are checked.
"""

from typing import Any, cast

from flask import Response, current_app, request
from itsdangerous import BadData, URLSafeTimedSerializer

from portal import session

FORM = "kept"
BOOKING = "booking"
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


def put(response: Response, cookie: str, value: Any) -> bool:
    """Keep a JSON value for the signed-in person. False when it is too much for a cookie."""
    sealed = _seal(cookie).dumps({"person": session.me().id, "value": value})
    if len(sealed) > LARGEST:
        return False
    response.set_cookie(cookie, sealed, max_age=LIFE, httponly=True, samesite="Lax", secure=request.is_secure)
    return True


def get(cookie: str) -> Any:
    """What was kept for the signed-in person, or None."""
    try:
        kept = _seal(cookie).loads(request.cookies.get(cookie, ""), max_age=LIFE)
    except BadData:
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


def _seal(cookie: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(cast(str, current_app.secret_key), salt=f"kept-{cookie}")
