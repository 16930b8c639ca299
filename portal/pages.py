"""How a view answers with a page, and what every template can count on."""

from typing import Any

from flask import Flask, render_template
from flask.typing import ResponseReturnValue
from jinja2 import StrictUndefined
from wtforms import Form

from chassis.errors import Refusal, RequestInProgress, TooManyRequests, Unavailable
from portal import allergies, forms, kept, navigation, session
from portal.clinic import clinic
from portal.outages import outage
from portal.visit_steps import STATES


def page(
    template: str,
    *,
    form: Form | None = None,
    refusal: Refusal | None = None,
    status: int | None = None,
    **context: Any,
) -> ResponseReturnValue:
    """Render a page. Errors of the form, or a service's refusal, stand on top of it and set the status.

    A refusal that names fields puts its messages at those fields; any other one is shown as a notice in its own words.
    """
    notice = None
    if refusal is not None:
        placed = form is not None and forms.place(refusal, form)
        notice = None if placed else _words(refusal)
    errors = forms.summary(form) if form is not None else []
    if status is None:
        status = refusal.status if refusal is not None else 422 if errors else 200
    unconfirmed = isinstance(refusal, RequestInProgress) or (refusal is not None and refusal.status == 503)
    context |= {"form": form, "errors": errors, "notice": notice, "unconfirmed": unconfirmed}
    headers = {"Retry-After": refusal.headers["Retry-After"]} if isinstance(refusal, TooManyRequests) else {}
    return render_template(template, **context), status, headers


def _words(refusal: Refusal) -> str:
    if isinstance(refusal, Unavailable):
        return outage(refusal)
    return too_many(refusal.seconds) if isinstance(refusal, TooManyRequests) else refusal.detail


def too_many(seconds: int) -> str:
    """Kind words for somebody who has to wait, with how long."""
    minutes = -(-seconds // 60)
    wait = "a minute" if minutes < 2 else f"{minutes} minutes" if minutes < 120 else f"{-(-minutes // 60)} hours"
    return f"That was tried too often in a short time. To keep accounts safe, wait {wait}, then try again."


def init_app(app: Flask) -> None:
    """Strict templates with the clinic, the person and the way around in them."""
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(form_owner=kept.owner, reactions=allergies.REACTIONS, visit_states=STATES)
    app.context_processor(
        lambda: {"clinic": clinic(), "person": session.person(), "navigation": navigation.items(session.person())}
    )
