"""Allergies in words people use, and the form that records one."""

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
CLASSES = {
    "penicillin": "Penicillins",
    "cephalosporin": "Cephalosporins",
    "beta_lactam": "Beta-lactam antibiotics, exact one not known",
    "macrolide": "Macrolides",
    "fluoroquinolone": "Fluoroquinolones",
    "tetracycline": "Tetracyclines",
    "sulfonamide_antibiotic": "Sulfonamide antibiotics",
    "nitroimidazole": "Nitroimidazoles",
    "lincosamide": "Lincosamides",
    "nitrofuran": "Nitrofurans",
    "azole_antifungal": "Azole antifungals",
    "nsaid": "NSAIDs, such as ibuprofen",
    "salicylate": "Aspirin and salicylates",
    "opioid": "Opioids",
    "ace_inhibitor": "ACE inhibitors",
    "arb": "Angiotensin receptor blockers",
    "statin": "Statins",
    "benzodiazepine": "Benzodiazepines",
    "ssri": "SSRIs",
    "corticosteroid": "Corticosteroids",
    "insulin": "Insulins",
}
"""The groups that the safety checks know, by the service's keys."""
ALSO = {
    "penicillin": "penicillin",
    "aspirin": "salicylate",
    "nsaid": "nsaid",
    "nsaids": "nsaid",
    "sulfa": "sulfonamide_antibiotic",
    "sulfonamides": "sulfonamide_antibiotic",
    "cephalosporin": "cephalosporin",
    "statin": "statin",
    "opioid": "opioid",
    "macrolide": "macrolide",
    "tetracycline": "tetracycline",
}
"""What people type for a group."""


def class_of(typed: str) -> str | None:
    """The key of the group somebody means, where the words are plain."""
    said = typed.strip().lower()
    return {words.lower(): key for key, words in CLASSES.items()}.get(said) or ALSO.get(said)


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
