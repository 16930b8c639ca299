"""Every failure as a page in human words: what happened, that nothing was lost, and where to go."""

from typing import Any

from flask import Flask, flash, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, SecurityError

from chassis.errors import InvalidCursor, Refusal, Unauthenticated, Unavailable
from portal import idle, kept, outages, session
from portal.pages import page
from portal.security import FromElsewhere

WORDS = {
    400: ("We could not read that", "Something in the request was not in order. Go back and try again."),
    403: ("This page is not for your account", "You are signed in, but this page belongs to somebody else's work."),
    404: ("Page not found", "The address may have a typing error, or the page has moved."),
    405: ("Page not found", "This address cannot be opened like that. Start again from the home page."),
    409: ("This has changed", "Something changed in the meantime. Go back and look again."),
    413: ("That is too much text", "The form was larger than we accept. Shorten it and send it again."),
    422: ("We could not use that", "Something in the request was not in order. Go back and try again."),
    429: ("A little too fast", "Wait a moment, then try again."),
    500: ("Something went wrong on our side", "It is not your fault. Try again in a minute."),
}

FROM_ELSEWHERE = "To keep your account safe we only take forms from our own pages. Nothing was done."
SIGNED_OUT = "You were signed out."
GO_ON = "Sign in to go on where you left off."
CHANGED = "The clinic has changed your account. This is your page now."
NO_SUCH_PART = "This part of the list cannot be opened any more. Open the list again from its beginning."
SOMEBODY_ELSE = "Somebody else has signed in in this browser since this page was opened. Nothing was sent."
TOO_LONG_TO_KEEP = "What you typed was too long to keep. Go back in your browser to copy it."


def error_page(status: int, detail: str | None = None) -> ResponseReturnValue:
    """The page for a status."""
    title, words = WORDS.get(status, WORDS[500 if status >= 500 else 400])
    return page("errors/error.html", status=status, title=title, words=detail or words)


def _http(error: HTTPException) -> ResponseReturnValue:
    if isinstance(error, SecurityError):
        return error.description or "", 400, {"Content-Type": "text/plain"}  # a host that is not ours has no pages
    if error.code is not None and error.code < 400:
        return error
    if isinstance(error, FromElsewhere):
        return page("errors/error.html", status=403, title="This was sent from another site", words=FROM_ELSEWHERE)
    body = make_response(error_page(error.code or 500))
    if error.code == 405:
        body.headers.extend(list(error.get_headers())[1:])
    return body


def _refused(refusal: Refusal) -> ResponseReturnValue:
    if refusal.status == 403 and request.method == "GET" and session.is_another_now():
        flash(CHANGED, "info")
        return redirect(url_for("home.index"), 303)
    if isinstance(refusal, InvalidCursor):
        return error_page(refusal.status, NO_SUCH_PART)
    known_words = refusal.status in {403, 404}
    return error_page(refusal.status, None if known_words else refusal.detail)


def _out(out: Unavailable) -> ResponseReturnValue:
    somebody = session.person()
    working = outages.still_working(out, somebody.role if somebody else None)
    title = outages.sentence(out)
    answer = make_response(page("errors/out.html", status=503, title=title, working=working, **_again()))
    answer.headers["Retry-After"] = "5"
    return answer


def _again() -> dict[str, Any]:
    """What was typed, to be sent again by one button; only for forms of our own pages."""
    posted = request.method == "POST" and kept.from_our_own_page() and not kept.is_somebody_elses()
    return {"path": request.full_path.rstrip("?"), "fields": kept.fields() if posted else [], "posted": posted}


def _signed_out(error: Unauthenticated) -> ResponseReturnValue:
    """The sign-in has ended, perhaps in the middle of a form: sign in, then go on with what was typed."""
    answer = make_response(session.to_sign_in(url_for("home.resume") if request.method == "POST" else None))
    fits = kept.keep_form(answer)
    session.sign_out()
    why = idle.words() if isinstance(error, idle.WentIdle) else SIGNED_OUT
    flash(f"{why} {TOO_LONG_TO_KEEP if fits is False else GO_ON}", "info")
    return answer


def _stale_form(error: CSRFError) -> ResponseReturnValue:
    if session.person() and request.form.get("who") and kept.is_somebody_elses():
        return page("errors/error.html", status=400, title="Somebody else is signed in here", words=SOMEBODY_ELSE)
    return page("errors/stale.html", status=400, title="This page was open for a long time", **_again())


def _crashed(error: Exception) -> ResponseReturnValue:
    return error_page(500)


def init_app(app: Flask) -> None:
    """Show failures as pages."""
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Refusal, _refused)
    app.register_error_handler(Unavailable, _out)
    app.register_error_handler(Unauthenticated, _signed_out)
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(500, _crashed)
