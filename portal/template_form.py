"""The form that gives a template its name."""

import hashlib

from wtforms import HiddenField

from chassis.errors import Refusal
from portal.forms import AtMost, Form, Line, Required, Text, plain_characters
from portal.medicine_fields import own_key


class TemplateForm(Form):
    """A name, and the notes for the patient that go with it."""

    attempt = HiddenField(filters=[own_key])
    name = Line("Name", [Required("Enter a name for it."), AtMost(80, "The name"), plain_characters])
    notes = Text("Notes for the patient", [AtMost(2000, "The notes"), plain_characters])

    @property
    def key(self) -> str:
        """What makes keeping it twice under this name the same as once."""
        return f"template-{self.attempt.data}-{hashlib.sha256(self.name.data.lower().encode()).hexdigest()[:12]}"

    def placed(self, refusal: Refusal) -> Refusal | None:
        """A name that is taken is said at its box; any other refusal is given back to be shown."""
        if refusal.code not in {"template-name-taken", "idempotency-mismatch"}:
            return refusal
        self.name.errors = [*self.name.errors, "You already have a template with this name."]
        return None
