"""Abbreviations and numbers that have killed people by being misread, and what to write instead.

After the lists of ISMP and the Joint Commission. Capitals matter only where the same letters are a common word.
"""

import re
from collections.abc import Iterator

_SAFE = {
    "OD|QD|o\\.d\\.|q\\.d\\.": "once a day",
    "QOD|q\\.o\\.d\\.": "every 2 days",
    "BD|BID|b\\.d\\.|b\\.i\\.d\\.": "2 times a day",
    "TDS|TID|t\\.i\\.d\\.|t\\.d\\.s\\.": "3 times a day",
    "QDS|QID|q\\.i\\.d\\.|q\\.d\\.s\\.": "4 times a day",
    "QWK|QW|TIW": "the number of times a week",
    "Q\\d{1,2}H|QH": "every so many hours",
    "QHS|QPM|QAM|qn": "once a day and when",
    "PRN|SOS": "when needed for a reason",
    "STAT": "once, now",
    "IU|iu": "units",
    "cc": "mL",
    "[µμ]g|mcg": "micrograms",
    "SQ|subq": "under the skin",
    "D/C": "stop, or discharge",
    "MSO4|MgSO4": "the name of the medicine",
    "HCT|HCTZ|AZT|AZA|CPZ|MTX|PCA|PTU|TAC": "the name of the medicine",
}
_SAFE_IN_CAPITALS = {
    "HS|BT": "at bedtime, or half-strength",
    "SC": "under the skin",
    "OS|OU|AD|AU": "which eye or ear, in words",
    "MS": "the name of the medicine",
    "U": "units",
}
_NUMBERS = {
    r"(?<![\d,.])\.\d+": "a zero before the point",
    r"\b\d[\d,]*\.\d*0\b": "the number without the zero at its end",
    r"\b\d{5,}\b": "a comma after the thousands",
    r"\d\s?[uU](?![a-zA-Z])": "units",
    r"\d\s?/\s?[24]\b": "half or quarter in words",
}
_ALONE = r"(?<![\w/])(?:{})(?![\w/])"
_PATTERNS = [
    *((re.compile(_ALONE.format(tokens), re.IGNORECASE), safe) for tokens, safe in _SAFE.items()),
    *((re.compile(_ALONE.format(tokens)), safe) for tokens, safe in _SAFE_IN_CAPITALS.items()),
    *((re.compile(number), safe) for number, safe in _NUMBERS.items()),
]


def found_in(text: str) -> Iterator[tuple[str, str]]:
    """Every dangerous piece of a text, with what to write instead."""
    for pattern, safe in _PATTERNS:
        for match in pattern.finditer(text):
            yield match[0], safe
