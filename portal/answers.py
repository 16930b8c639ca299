"""The doctor's answers to what the safety checks found, one field or two for each alert."""

from collections.abc import Sequence
from typing import Any

from flask import request
from wtforms.validators import ValidationError

from portal.api.signing import Alert
from portal.forms import AtMost, Form, Line, clean_line, plain_characters
from portal.medicine_fields import Tick
from portal.prescription_form import answers

SHORTEST = 10


class Answers(Form):
    """Base of the form for some alerts. `errors_of` finds what stands at an alert."""


def _a_reason(form: Form, field: Line) -> None:
    if len(field.data or "") < SHORTEST:
        raise ValidationError(f"Say why you prescribe it all the same, in at least {SHORTEST} characters.")


def _considered(form: Form, field: Tick) -> None:
    if not field.data:
        raise ValidationError("Tick that you have thought of this.")


def answer_form(alerts: Sequence[Alert]) -> Answers:
    """The form for these alerts, with what was answered before."""
    fields: dict[str, Any] = {}
    for alert in alerts:
        if alert.tier == "stop" and alert.overridable:
            checks = [_a_reason, AtMost(200, "The reason"), plain_characters]
            fields[f"answer_{alert.key}"] = Line("Why you prescribe it all the same", checks)
        elif alert.tier == "ask":
            fields[f"considered_{alert.key}"] = Tick("I have thought of this", [_considered])
            checks = [AtMost(200, "The reason"), plain_characters]
            fields[f"answer_{alert.key}"] = Line("Your reason", checks)
    form: Answers = type("AnswersToThese", (Answers,), fields)()
    return form


def sent() -> list[dict[str, str]]:
    """The answers as the prescription service takes them."""
    given = dict(answers())
    keys = dict.fromkeys(name.partition("_")[2] for name in given)
    found = {key: clean_line(request.form.get(f"answer_{key}")) for key in keys}
    return [
        {"key": key, "reason": reason}
        for key, reason in found.items()
        if f"considered_{key}" in given or len(reason) >= SHORTEST
    ]
