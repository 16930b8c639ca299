"""What a page's own clock asks for: to stay signed in, and to leave when nobody is there.

Both are sent by scripts of our pages without a form token, which may be older than it may be. They only do what any
page does by being opened, or what passing time does; other sites are refused.
"""

from flask import Blueprint, abort, flash, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal import idle, kept, session
from portal.errors import SIGNED_OUT

pages = Blueprint("idle", __name__)


@pages.post("/stay")
@session.public
def stay() -> ResponseReturnValue:
    """Somebody is there. 401 when there is no sign-in left to stay in."""
    if not kept.from_our_own_page():
        abort(403)
    return "", 204 if session.person() and not idle.gone() else 401


@pages.post("/leave")
@session.public
def leave() -> ResponseReturnValue:
    """Nobody was there: keep what was typed into `form`, end the sign-in, and lead back to that form or `page`."""
    if not kept.from_our_own_page():
        abort(403)
    if session.person() and kept.is_somebody_elses():
        return redirect(url_for("home.index"), 303)
    form = request.args.get("form")
    after = url_for("home.resume") if form else session.local_path(request.args.get("page"))
    answer = make_response(session.to_sign_in(after))
    if form:
        kept.keep_form(answer, session.local_path(form), sent=False)
    was_away = session.person() and idle.silence() > idle.limit() / 2
    session.sign_out()
    flash(idle.words() if was_away else SIGNED_OUT, "info")
    return answer
