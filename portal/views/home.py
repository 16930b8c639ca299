"""The first page for everybody: visitors, patients, doctors, administrators."""

from flask import Blueprint, make_response, redirect, url_for
from flask.typing import ResponseReturnValue

from portal import kept, session
from portal.pages import page

pages = Blueprint("home", __name__)


@pages.get("/")
@session.public
def index() -> ResponseReturnValue:
    """The clinic's front page, or the signed-in person's own."""
    return page("home/visitor.html")


@pages.get("/resume")
def resume() -> ResponseReturnValue:
    """Offer back what was typed before the sign-in ran out."""
    found = kept.find()
    if found is None:
        return redirect(url_for("home.index"), 303)
    path, fields = found
    answer = make_response(page("errors/resume.html", path=path, fields=fields))
    kept.forget(answer)
    return answer
