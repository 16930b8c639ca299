"""The signed-in person: tokens in one signed cookie that scripts cannot read, refreshed shortly before they expire."""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Literal, TypeVar, cast

from flask import Flask, abort, current_app, g, redirect, request, session, url_for
from flask.sessions import SecureCookieSessionInterface
from flask.typing import ResponseReturnValue
from pydantic import ValidationError

from chassis import clock
from chassis.errors import Invalid, Refusal, TokenMissing, Unauthenticated, Unavailable
from portal.people import Person, Proved, Role, SignedIn

if TYPE_CHECKING:
    from portal.api.auth import Auth

REFRESH_BEFORE = 45
"""Seconds before the access token's end when we ask for a new one."""

UNKEPT: dict[str, bool | set[str]] = {
    **dict.fromkeys(("birth_date", "sex", "address", "phone", "language"), True),
    "licence": {"checked_on", "reason"},
}
"""What the cookie leaves out of a person: no page needs it, and a cookie holds 4 kB."""

Access = Literal["public"] | tuple[Role, ...]
View = TypeVar("View", bound=Callable[..., ResponseReturnValue])


def public(view: View) -> View:
    """Declare a view open to everybody. Every other view needs somebody signed in."""
    view.access = "public"  # type: ignore[attr-defined]
    return view


def only(*roles: Role) -> Callable[[View], View]:
    """Declare a view for people of these roles only."""

    def declare(view: View) -> View:
        view.access = roles  # type: ignore[attr-defined]
        return view

    return declare


def sign_in(signed_in: SignedIn) -> Person:
    """Begin a new session for this person. What was in the old one, its form token too, ends here."""
    session.clear()
    _remember(signed_in)
    return signed_in.user


def sign_out() -> None:
    """End the session here and, where the auth service answers, everywhere this sign-in reached."""
    refresh_token = session.get("refresh")
    session.clear()
    if refresh_token:
        with suppress(Refusal):
            _auth().logout(refresh_token)


def person() -> Person | None:
    """Who is signed in, or None."""
    try:
        return Person.model_validate(session["person"])
    except (KeyError, ValidationError):
        return None


def me() -> Person:
    """Who is signed in, in views where somebody must be."""
    somebody = person()
    if somebody is None:
        raise TokenMissing()
    return somebody


def update(changed: Person) -> None:
    """Remember changed details of the signed-in person."""
    session["person"] = changed.model_dump(mode="json", by_alias=True, exclude=UNKEPT)


def token() -> str:
    """The person's access token, fresh enough for one more page.

    Raises `Unauthenticated` when the sign-in has ended, `Unavailable` when it cannot be renewed right now.
    """
    if "access" not in session:
        raise TokenMissing()
    if session["until"] - REFRESH_BEFORE < time.time():
        _refresh()
    return cast(str, session["access"])


def renew() -> Person:
    """Ask for a new token at once, so that it says what the auth service knows now about this person.

    Raises `Unauthenticated` when the refresh token is no longer one, `Unavailable` when nobody can tell right now.
    """
    if "refresh" not in session:
        raise TokenMissing()
    before = person()
    try:
        renewed = _auth().refresh(session["refresh"])
    except Invalid as refusal:
        raise Unauthenticated from refusal
    _remember(renewed)
    g.is_another_now = before is None or before.standing != renewed.user.standing
    return renewed.user


def go_on(proved: Proved) -> None:
    """Go on with an access token that says that this person has just proved who they are."""
    session["access"] = proved.access_token
    session["until"] = int(time.time()) + proved.expires_in


def is_another_now() -> bool:
    """Whether this person's role or licence turned out to have changed during this request."""
    return bool(g.get("is_another_now"))


def renewed_at() -> float:
    """When the tokens were last renewed, in seconds since the epoch; 0 when nobody can tell."""
    at = session.get("renewed")
    return at if isinstance(at, int) else 0


def _refresh() -> None:
    try:
        renew()
    except Unavailable:
        if session["until"] <= time.time():
            raise


def _remember(signed_in: SignedIn) -> None:
    session["access"] = signed_in.access_token
    session["refresh"] = signed_in.refresh_token
    session["until"] = int(time.time()) + signed_in.expires_in
    session["renewed"] = int(clock.now().timestamp())
    update(signed_in.user)


def _auth() -> "Auth":
    return cast("Auth", current_app.extensions["services"].auth)


def is_public() -> bool:
    """Whether this page is for everybody, or there is no such page."""
    return request.endpoint is None or _access() == "public"


def _access() -> Access | None:
    view = current_app.view_functions[request.endpoint or ""]
    return cast(Access | None, getattr(view, "access", None))


def _guard() -> ResponseReturnValue | None:
    """Default deny: a view that is not declared public needs a person, and one of its roles."""
    if request.endpoint is None or request.endpoint == "static":
        return None
    access = _access()
    if access == "public":
        return None
    somebody = person()
    if somebody is None and request.method == "POST":
        raise TokenMissing  # signed out meanwhile, perhaps in another window: what was typed is worth keeping
    if somebody is None:
        return to_sign_in()
    if access is not None and somebody.role not in access and _role_now(somebody) not in access:
        abort(403)
    return None


def _role_now(somebody: Person) -> Role:
    """The role of somebody who is about to be refused: it may have changed since their token was signed."""
    try:
        return renew().role
    except Unavailable:
        return somebody.role


def to_sign_in(after: str | None = None) -> ResponseReturnValue:
    """Send a visitor to sign in, and back to this page afterwards where going back makes sense."""
    if after is None and request.method in {"GET", "HEAD"}:
        after = request.full_path.rstrip("?")
    return redirect(url_for("accounts.sign_in", next=None if after == "/" else after))


def local_path(target: str | None) -> str:
    """A path inside this portal, or `/`. Never another host, however it is spelled."""
    if not target or not target.startswith("/") or target[1:2] in {"/", "\\"} or target.startswith("/sign-out"):
        return "/"
    return target if target.isprintable() and "\\" not in target else "/"


def cookie_name(name: str) -> str:
    """The name of a cookie; under HTTPS one that binds it to this host."""
    return f"__Host-{name}" if request.is_secure else name


class CookieSession(SecureCookieSessionInterface):
    """Flask's signed cookie; under HTTPS it is `Secure` and bound to this host by its name."""

    def get_cookie_name(self, app: Flask) -> str:
        """`__Host-clinic` under HTTPS, `clinic` on a developer's machine."""
        return cookie_name("clinic")

    def get_cookie_secure(self, app: Flask) -> bool:
        """Secure whenever the page itself came over HTTPS."""
        return request.is_secure


def init_app(app: Flask) -> None:
    """Use the cookie and put the guard before every view."""
    app.session_interface = CookieSession()
    app.config.update(SESSION_COOKIE_HTTPONLY=True, SESSION_COOKIE_SAMESITE="Lax", SESSION_COOKIE_PATH="/")
    app.before_request(_guard)
