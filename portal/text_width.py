"""How many lines a text takes on paper: an estimate that is too tall rather than too short.

Widths are in ems, for the widest sans-serif we print with (DejaVu Sans, the fallback), so that any font fits.
"""

import unicodedata

_NARROW = frozenset("iljtfrI.,;:'|!()[]/-`’ ")
_WIDE = frozenset("mwMW@%&—…ЖШЩЮФМжшщюфмыЫ")
SAFETY = 1.06


def width(character: str, *, bold: bool = False) -> float:
    """The width of one character in ems."""
    if unicodedata.combining(character) or unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    if unicodedata.east_asian_width(character) in {"W", "F"}:
        return 1.05
    if character in _NARROW:
        plain = 0.41
    elif character in _WIDE:
        plain = 1.0
    elif character.isupper():
        plain = 0.74
    elif character.isascii():
        plain = 0.62
    else:
        plain = 0.68
    return plain * (1.11 if bold else 1) * SAFETY


def lines(text: str, ems: float, *, bold: bool = False) -> int:
    """How many lines a paragraph takes in a column of this many ems, words kept whole where they fit."""
    count, used = 1, 0.0
    for word in text.split():
        long = sum(width(character, bold=bold) for character in word)
        space = width(" ", bold=bold) if used else 0
        if used and used + space + long > ems:
            count, used, space = count + 1, 0.0, 0
        rows = int((used + space + long) // ems)
        count, used = count + rows, (used + space + long) - rows * ems
    return count
