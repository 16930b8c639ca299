"""Allergies in words people use, and the form that records one."""

import time
from collections.abc import Mapping
from typing import cast

from flask import current_app
from wtforms import HiddenField
from wtforms.validators import ValidationError

from portal.api import services
from portal.forms import AtMost, Choice, Form, Line, Pick, Required, plain_characters

Options = list[tuple[str, str, str | None]]

REACTIONS = {
    "": "Choose",
    "anaphylaxis": "Anaphylaxis: collapse, no breath",
    "angioedema": "Swelling of face, lips or throat",
    "severe-skin": "Severe skin reaction with blisters",
    "bronchospasm": "Wheezing, tight chest",
    "urticaria": "Hives",
    "rash": "Rash",
    "cough": "Cough",
    "intolerance": "Intolerance, such as nausea",
    "other": "Something else",
    "unknown": "Not known",
}
ALSO = {
    "aspirin": "salicylate",
    "beta-lactams": "beta_lactam",
    "sulfa": "sulfonamide_antibiotic",
    "sulfonamides": "sulfonamide_antibiotic",
}
"""What people call a group besides its name and its key."""
KEPT_FOR = 300
"""Seconds until the groups are read again: they change when the clinic takes a new medicine list."""


def classes() -> Mapping[str, str]:
    """The groups that the safety checks know: what they are called, by the service's keys."""
    read_at, known = current_app.extensions.get("allergy_classes", (0.0, None))
    if known is None or time.monotonic() - read_at > KEPT_FOR:
        known = services().medicines.allergy_classes()
        current_app.extensions["allergy_classes"] = time.monotonic(), known
    return cast(Mapping[str, str], known)


def class_of(typed: str) -> str | None:
    """The key of the group somebody means, where the words are plain."""
    said, known = typed.strip().lower(), classes()
    for key, label in known.items():
        plain = key.replace("_", " ")
        if said in {label.lower(), plain, f"{plain}s"}:
            return key
    also = ALSO.get(said)
    return also if also in known else None


class AllergyForm(Form):
    """One allergy. `as_what` says what it is recorded as: `ingredient:codeine`, or `text` for words of one's own."""

    what = Line(
        "Allergic to",
        [Required("Enter the medicine or the group of medicines."), AtMost(120, "The name"), plain_characters],
    )
    as_what = Choice("Which of these is it?")
    asked = HiddenField()
    reaction = Pick("What happened", list(REACTIONS.items()))
    note = Line("More about it", [AtMost(200, "The note"), plain_characters])

    def validate_reaction(self, field: Pick) -> None:
        """How strict the checks are hangs on it, so it has no default."""
        if not field.data:
            raise ValidationError("Choose what happened, or that it is not known.")

    @property
    def meant(self) -> tuple[str, str] | None:
        """Kind and key, once it is clear; None while somebody has to choose."""
        group = class_of(self.what.data)
        if group:
            return "class", group
        if self.asked.data != self.what.data:
            return None
        kind, _, key = (self.as_what.data or "").partition(":")
        return {"text": ("text", self.what.data), "ingredient": ("ingredient", key)}.get(kind)

    def record(self, patient_id: str, kind: str, key: str) -> None:
        """Tell the prescription service."""
        given = {"kind": kind, "key": key, "reaction": self.reaction.data, "note": self.note.data}
        services().patients.record_allergy(patient_id, given)


def options(typed: str) -> Options:
    """What a doctor may mean: the substances of medicines that are called so, and the words themselves."""
    found = services().medicines.find(typed, 10) if len(typed) > 1 else []
    substances = dict.fromkeys(name for medicine in found for name in medicine.ingredients)
    listed: Options = [
        (f"ingredient:{name}", name, "Compared with every medicine that holds it") for name in substances
    ]
    return [*listed, ("text", f"Keep “{typed}” in these words", "Not compared with any medicine")]
