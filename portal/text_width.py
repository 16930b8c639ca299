"""How many lines a text takes on paper: an estimate that is rather one too many than one too few.

The widths are measured: the widest of the typefaces in `static/print.css` for the letters each of them sets.
"""

import unicodedata
from collections.abc import Iterable

POINT = 25.4 / 72
"""Millimetres in a point."""
LEADING = 1.25

_MEASURED = {
    **dict.fromkeys(" .,;:'|!il’", 0.3),
    **dict.fromkeys("jtfrI()[]/-`", 0.4),
    **dict.fromkeys("aceksvxyz", 0.54),
    **dict.fromkeys("mw", 0.85),
    **dict.fromkeys("MW@%&—…æœÆŒ", 1.0),
}
_BOLD = 1.09


def width(character: str, *, bold: bool = False) -> float:
    """The width of one character in ems."""
    return _plain(character) * (_BOLD if bold else 1)


def _plain(character: str) -> float:
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    if character in _MEASURED:
        return _MEASURED[character]
    if unicodedata.east_asian_width(character) in {"W", "F"}:
        return 1.0
    if character < "\u0370":
        return 0.72 if character.isupper() else 0.6
    return 0.76 if character < "\u0530" else 0.9


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


def tall(texts: Iterable[str], size: float, width: float, *, bold: bool = False) -> float:
    """Millimetres that these paragraphs take, set in this size on this width."""
    ems = width / (size * POINT)
    return sum(lines(text, ems, bold=bold) for text in texts) * size * POINT * LEADING
