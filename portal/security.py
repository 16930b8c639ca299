"""What every answer carries and what no request may do: headers, cross-site posts, sizes, caching."""

import hashlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from flask import Flask, Response, current_app, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import Forbidden

POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
}
LARGEST_FORM = 256 * 1024
LARGEST_FILE = 8 * 1024 * 1024
View = TypeVar("View", bound=Callable[..., ResponseReturnValue])
YEAR = 365 * 24 * 3600


@lru_cache(maxsize=64)
def _fingerprint(path: Path, changed: int) -> str:
    """Part of the file's hash; `changed` makes a new file a new question."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def fingerprint(filename: str) -> str | None:
    """What the URL of a static file carries, so that it may be cached for ever."""
    path = Path(current_app.static_folder or "") / filename
    return _fingerprint(path, path.stat().st_mtime_ns) if path.is_file() else None


def static_url(filename: str) -> str:
    """The address of a static file with its hash."""
    return url_for("static", filename=filename, v=fingerprint(filename))


class FromElsewhere(Forbidden):
    """403: a form that a page of another site has sent in this person's name."""


def takes_file(view: View) -> View:
    """Let this view take a file: a larger body, so that one that is too large can be told so beside the box."""
    view.largest = LARGEST_FILE  # type: ignore[attr-defined]
    return view


def _refuse_cross_site() -> None:
    if request.method == "POST" and request.headers.get("Sec-Fetch-Site") == "cross-site":
        raise FromElsewhere


def _allow_file() -> None:
    view = current_app.view_functions.get(request.endpoint or "")
    request.max_content_length = getattr(view, "largest", LARGEST_FORM)


def _send_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", f"max-age={YEAR}")
    if request.endpoint == "calendar_feed.read":
        response.headers.setdefault("Cache-Control", "no-store")
    elif request.endpoint not in {"static", "clinic.logo"}:
        response.headers["Cache-Control"] = "no-store"
    elif request.endpoint == "static" and response.status_code in {200, 206, 304}:
        _cache(response)
    return response


def _cache(response: Response) -> None:
    """For ever when the URL names the content (fonts by their file name), else ask again each time."""
    filename = str((request.view_args or {}).get("filename", ""))
    named = filename.startswith("fonts/") or request.args.get("v") == fingerprint(filename)
    response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable" if named else "no-cache"


def init_app(app: Flask) -> None:
    """Put all of it in place."""
    app.config.update(MAX_CONTENT_LENGTH=LARGEST_FORM, MAX_FORM_MEMORY_SIZE=LARGEST_FORM, MAX_FORM_PARTS=600)
    app.before_request(_refuse_cross_site)
    app.before_request(_allow_file)
    app.after_request(_send_headers)
    app.jinja_env.globals["static_url"] = static_url
