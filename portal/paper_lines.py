"""What paper says of a medicine, a patient's allergies and a prescription's state, before it is cut into pages.

The words are the prescription service's own, as they were at signing; here is only which stand beside which.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from portal.api.prescriptions import Coverage, Medicine, Prescription, Structured
from portal.numbers import figures

UNCHECKED = "Not from the medicine list, not checked."
CONTROLLED = "Controlled medicine: hand signature required."
WATERMARKS = {
    "draft": "DRAFT – NOT VALID",
    "on-hold": "ON HOLD",
    "completed": "COMPLETED",
    "cancelled": "CANCELLED",
    "stopped": "STOPPED",
    "entered-in-error": "ENTERED IN ERROR",
}


UNSIGNABLE = frozenset({"draft", "cancelled", "stopped", "entered-in-error"})
"""States in which nobody is to sign the paper."""


@dataclass(frozen=True)
class Bit:
    """A few words that stay together, behind what they are."""

    part: str
    words: str
    strong: bool = False

    @property
    def text(self) -> str:
        """All of it."""
        return f"{self.part}: {self.words}" if self.part else self.words


Row = list[Bit]
"""Bits on one line where they fit, else on lines of their own."""


def rows(medicine: Medicine, shown: Sequence[str]) -> list[Row]:
    """What stands under the name of a medicine; `shown` is its arithmetic, sum by sum."""
    if medicine.structured is None:
        taken = [Bit("Dosage", medicine.dosage), Bit("Duration", medicine.duration)]
        said = [[Bit("Instructions", medicine.instructions)]] if medicine.instructions else []
        return [taken, *said]
    return _structured(medicine.structured, shown)


def _structured(one: Structured, shown: Sequence[str]) -> list[Row]:
    by_weight = [text for text in shown if "mg/kg" in text] or _by_weight(one)
    substitution = f"no – {one.no_substitution_reason}" if not one.substitution_allowed else "allowed"
    supplied = [Bit("Supply", one.quantity_words, strong=True)]
    found = [
        [Bit("", one.directions)],
        *([Bit("Dose by weight", text)] for text in by_weight),
        [*(Bit("", text) for text in shown if text not in by_weight), *supplied],
        [Bit("Repeats", one.repeats_words), Bit("Substitution", substitution, strong=not one.substitution_allowed)],
    ]
    found += [[Bit("For", one.indication)]] if one.indication else []
    found += [[Bit("To the pharmacist", one.note_to_pharmacist)]] if one.note_to_pharmacist else []
    return found


def _by_weight(one: Structured) -> list[str]:
    """What a dose was reckoned from where there was no weight to reckon with."""
    return [f"{figures(Decimal(str(one.mg_per_kg)))} mg/kg"] if one.mg_per_kg else []


def below(medicine: Medicine) -> str | None:
    """The small line at the end of a medicine."""
    if medicine.structured is None:
        return UNCHECKED
    return CONTROLLED if medicine.structured.controlled else None


def by_hand(prescription: Prescription) -> bool:
    """Whether a pharmacy takes it only with a signature by hand."""
    return any(one.structured is not None and one.structured.controlled for one in prescription.medicines)


def micro(clinic_name: str, number: str) -> str:
    """The tiny line to sign on: who issued what, over and over."""
    once = f"{clinic_name} {number} ".upper()
    return once * (700 // len(once) + 1)


def sums(prescription: Prescription) -> dict[int, list[str]]:
    """The arithmetic by the position of its medicine: one with a dose by weight has two sums."""
    found: dict[int, list[str]] = {}
    for one in prescription.coverage.arithmetic if prescription.coverage else []:
        found.setdefault(one.position, []).append(one.shown)
    return found


def allergies(coverage: Coverage | None) -> str:
    """Known, known to be none, or not recorded: three answers that are never taken for each other."""
    if coverage is None or coverage.allergy_state == "not-asked":
        return "ALLERGIES: NOT RECORDED"
    if coverage.allergy_state == "none-known":
        return "NO KNOWN DRUG ALLERGY"
    return f"ALLERGIES: {'; '.join(coverage.allergies) or 'on record, ask the clinic'}"


def considered(prescription: Prescription) -> str:
    """The alerts that the prescriber has answered, each with the reason."""
    answered = [alert for alert in prescription.alerts if alert.decision != "shown"]
    return "\n".join(
        (f"Medicine {alert.position}: " if alert.position else "")
        + alert.message
        + (f" Reason: {alert.reason}" if alert.reason else "")
        for alert in answered
    )


def watermark(prescription: Prescription, today: date) -> str | None:
    """What stands across the page of a prescription that is not, or no longer, to be supplied."""
    if prescription.status != "active":
        return WATERMARKS.get(prescription.status, prescription.status.upper())
    return "EXPIRED" if prescription.valid_until and today > prescription.valid_until else None
