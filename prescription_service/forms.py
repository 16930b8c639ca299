"""What a dose form is given with: the verb, the unit of a dose, the unit of supply and the routes it can take.

A table of facts, not of rules. A form that is not here cannot be imported, because no words could be made of it.
"""

from dataclasses import dataclass

ROUTES = {
    "oral": "by mouth",
    "sublingual": "under the tongue",
    "oromucosal": "in the mouth",
    "inhalation": "by inhalation",
    "topical": "on the skin",
    "ocular": "into",
    "subcutaneous": "under the skin",
    "intramuscular": "into a muscle",
    "intravenous": "into a vein",
}
"""A route and the words a patient reads for it. The eye is named by the prescription itself."""


@dataclass(frozen=True)
class Form:
    """One dose form. `halves` says whether it may be divided, `whole` whether only whole units are supplied."""

    verb: str
    dose_units: tuple[str, ...]
    supply_units: tuple[str, ...]
    routes: tuple[str, ...]
    halves: bool = False
    whole: bool = True


_TABLET = Form("Take", ("tablet",), ("tablet",), ("oral",), halves=True)
_WHOLE_TABLET = Form("Swallow", ("tablet",), ("tablet",), ("oral",))
_CAPSULE = Form("Swallow", ("capsule",), ("capsule",), ("oral",))
_LIQUID = Form("Take", ("mL",), ("mL",), ("oral",), whole=False)
_SKIN = Form("Apply", ("application",), ("g",), ("topical",), whole=False)

FORMS = {
    "tablet": _TABLET,
    "chewable tablet": Form("Chew", ("tablet",), ("tablet",), ("oral",), halves=True),
    "gastro-resistant tablet": _WHOLE_TABLET,
    "modified-release tablet": _WHOLE_TABLET,
    "capsule": Form("Take", ("capsule",), ("capsule",), ("oral",)),
    "gastro-resistant capsule": _CAPSULE,
    "modified-release capsule": _CAPSULE,
    "oral solution": _LIQUID,
    "oral suspension": _LIQUID,
    "powder for oral solution": Form("Dissolve and drink", ("sachet",), ("sachet",), ("oral",)),
    "cream": _SKIN,
    "ointment": _SKIN,
    "oromucosal gel": Form("Apply", ("application",), ("g",), ("oromucosal",), whole=False),
    "eye drops": Form("Put", ("drop",), ("mL",), ("ocular",), whole=False),
    "pressurised inhaler": Form("Inhale", ("puff",), ("inhaler",), ("inhalation",)),
    "sublingual spray": Form("Spray", ("spray",), ("actuation",), ("sublingual",)),
    "auto-injector": Form("Inject", ("auto-injector",), ("auto-injector",), ("intramuscular",)),
    "solution for injection": Form(
        "Inject", ("units",), ("mL",), ("subcutaneous", "intramuscular", "intravenous"), whole=False
    ),
    "powder for injection": Form(
        "Inject", ("mg", "g"), ("vial",), ("intramuscular", "intravenous", "subcutaneous"), whole=True
    ),
}
