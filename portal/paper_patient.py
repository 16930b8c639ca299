"""The patient on paper: SURNAME, given names in full, sex, address and weight, as they were at signing.

Prescriptions that were signed before these were kept have the one name they were signed with.
"""

from collections.abc import Iterable
from decimal import Decimal

from portal.api.prescriptions import Prescription
from portal.dates import age_words, date_words, local
from portal.numbers import figures
from portal.text_width import LEADING, POINT, lines, tall

_KEPT = {"ß": "ẞ"} | {chr(letter): chr(letter) for letter in range(0x10D0, 0x1100)}
"""Capitals that keep a name as long as it is. Georgian has none that typefaces could be trusted to draw."""

NAME_LINES = 3
"""What a name may take in large type. A longer one is set small, or it would push the signature off the paper."""
_NAME, _SMALL_NAME = 12, 8
_LEFT, _RIGHT = 0.58, 0.38
"""The name's and address's part of the width, and that of the birth date and what stands under it."""


def name(prescription: Prescription) -> str:
    """`LINDQVIST, Maya Linnéa`"""
    known = prescription.patient_details
    if known is None:
        return prescription.patient_name
    surname = "".join(_KEPT.get(letter) or letter.upper() for letter in known.family_name)
    return ", ".join(part for part in (surname, known.given_names) if part)


def address(prescription: Prescription) -> str | None:
    """On one line, or that there is none; None where nobody could know."""
    known = prescription.patient_details
    if known is None:
        return None
    return ", ".join(line.strip(" ,") for line in known.address.splitlines() if line.strip(" ,")) or "not recorded"


def sex(prescription: Prescription) -> str | None:
    """In a word, or that there is none; None where nobody could know."""
    known = prescription.patient_details
    if known is None:
        return None
    return known.sex if known.sex and known.sex != "unknown" else "not recorded"


def weight(prescription: Prescription) -> str | None:
    """`22.5 kg (20 November 2026)`, where somebody was weighed."""
    known = prescription.patient_weight
    return f"{figures(Decimal(str(known.kg)))} kg ({date_words(known.measured_on)})" if known else None


def born(prescription: Prescription) -> str:
    """`14 March 1988 (38 years)`"""
    day = prescription.patient_birth_date
    return f"{date_words(day)} ({age_words(day, local(prescription.issued_at).date())})" if day else "Not recorded"


def facts(prescription: Prescription) -> Iterable[str]:
    """The lines under the birth date."""
    said = {"Sex": sex(prescription), "Weight": weight(prescription)}
    return [f"{what} {words}" for what, words in said.items() if words]


def small(prescription: Prescription, width: float) -> bool:
    """Whether the name is too long for large type, on paper so many millimetres wide."""
    return lines(name(prescription), width * _LEFT / (_NAME * POINT), bold=True) > NAME_LINES


def height(prescription: Prescription, width: float) -> float:
    """Millimetres of the patient's row: name and address on the left, birth date, sex and weight on the right."""
    label, where = 8 * POINT * LEADING, address(prescription)
    size = _SMALL_NAME if small(prescription, width) else _NAME
    left = tall([name(prescription)], size, width * _LEFT, bold=True)
    left += tall([f"Address: {where}"], 10, width * _LEFT) if where else 0
    right = tall([born(prescription)], 10, width * _RIGHT, bold=True) + tall(facts(prescription), 10, width * _RIGHT)
    return label + max(left, right)
