"""What doctors type for a frequency, turned into what is meant. Typing help: no shortcut is ever stored or shown."""

import re
from decimal import Decimal, InvalidOperation

from prescription_service.structure import Frequency

_FIXED = {
    "OD QD": Frequency("per-day", times=1),
    "OM": Frequency("per-day", times=1, when="morning"),
    "ON": Frequency("per-day", times=1, when="bedtime"),
    "BD BID": Frequency("per-day", times=2),
    "TDS TID": Frequency("per-day", times=3),
    "QDS QID": Frequency("per-day", times=4),
    "AD QOD": Frequency("every-days", every=2),
    "QWK": Frequency("per-week", times=1),
    "STAT": Frequency("once"),
    "PRN SOS": Frequency("as-needed"),
}
SHORTCUTS = {word: frequency for words, frequency in _FIXED.items() for word in words.split()}
_HOURS = re.compile(r"Q(\d{1,2})H", re.ASCII)
_GRID = re.compile(r"\d+(\.\d+)?(-\d+(\.\d+)?){2,3}", re.ASCII)


def expand(typed: str) -> Frequency | None:
    """What `TDS`, `Q8H` or `1-0-1` means; None for what is no shortcut."""
    word = typed.strip().upper()
    if hours := _HOURS.fullmatch(word):
        return Frequency("every-hours", every=int(hours[1]))
    if _GRID.fullmatch(word):
        return _grid(word)
    return SHORTCUTS.get(word)


def _grid(word: str) -> Frequency | None:
    try:
        amounts = [Decimal(part) for part in word.split("-")]
    except InvalidOperation:
        return None
    morning, noon, evening, *night = amounts
    return Frequency("parts-of-day", morning=morning, noon=noon, evening=evening, night=night[0] if night else None)
