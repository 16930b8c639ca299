"""Signing out whoever has left: after some minutes without a request the sign-in ends, with scripts or without.

When the last request came stands in a small cookie of its own. With the tokens in one cookie, a slow answer that tells
of an older request would bring older tokens back.
"""

import math
from typing import cast

from flask import Flask, Response, current_app, flash, request
from itsdangerous import BadSignature, URLSafeSerializer

from chassis import clock
from chassis.errors import Unauthenticated
from portal import kept, session
from portal.settings import PortalSettings

COOKIE = "clinic-seen"
WARNING = 120
"""Seconds before the end when a page begins to warn."""
NO_SIGN_OF_LIFE = {"static", "health", "clinic.logo", "idle.leave"}
UNCHECKED = NO_SIGN_OF_LIFE | {"idle.stay"}


class WentIdle(Unauthenticated):
    """Nothing was heard of this person for too long."""

    code = "idle"


def limit() -> float:
    """Seconds without a request after which a sign-in ends."""
    return cast(float, current_app.extensions["idle"])


def warning() -> float:
    """Seconds before the end when a page begins to warn: two minutes, or less where two minutes is nearly all."""
    return min(WARNING, limit() / 3)


def words() -> str:
    """Why somebody was signed out who was away."""
    minutes = math.ceil(limit() / 60)
    so_long = "a minute" if minutes == 1 else f"{minutes} minutes"
    return f"You were signed out, because nothing happened here for {so_long}."


def gone() -> bool:
    """Whether the person who is signed in has been silent for too long."""
    return session.person() is not None and silence() > limit()


def silence() -> float:
    """Seconds since the signed-in person was last heard of."""
    return clock.now().timestamp() - _seen()


def _seen() -> float:
    """When this person was last heard of: as the cookie says, and not before the tokens were last renewed."""
    try:
        owner, at = _signed().loads(request.cookies.get(session.cookie_name(COOKIE), ""))
    except (BadSignature, ValueError, TypeError):
        return session.renewed_at()
    return max(at if owner == kept.owner() else 0.0, session.renewed_at())


def _check() -> None:
    """End the sign-in of somebody who was away. A page for everybody is still shown."""
    if request.endpoint in UNCHECKED or not gone():
        return
    if request.method == "POST" or not session.is_public():
        raise WentIdle
    session.sign_out()
    flash(words(), "info")


def _remember(response: Response) -> Response:
    name = session.cookie_name(COOKIE)
    if request.endpoint in NO_SIGN_OF_LIFE:
        return response
    if gone():
        return response
    if session.person() is not None:
        sealed = _signed().dumps([kept.owner(), clock.now().timestamp()])
        response.set_cookie(name, sealed, httponly=True, samesite="Lax", secure=request.is_secure)
    elif name in request.cookies:
        response.delete_cookie(name, httponly=True, samesite="Lax", secure=request.is_secure)
    return response


def _signed() -> URLSafeSerializer:
    return URLSafeSerializer(cast(str, current_app.secret_key), salt="seen")


def init_app(app: Flask, settings: PortalSettings) -> None:
    """Keep the time between requests, and tell the pages of it."""
    app.extensions["idle"] = settings.idle_minutes * 60
    app.before_request(_check)
    app.after_request(_remember)
    app.jinja_env.globals.update(idle_limit=limit, idle_warning=warning)
