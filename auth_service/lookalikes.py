"""E-mail addresses that look like others: letters of other alphabets that read as Latin ones (UTS 39).

Such an address is another account and may well be somebody's own, so it is not refused: admins see a warning.
"""

import re
from typing import Literal

from confusable_homoglyphs import confusables  # type: ignore[import-untyped]

EmailWarning = Literal["mixed-scripts", "looks-latin"]


def warning(email: str) -> EmailWarning | None:
    """What an admin should look at twice: a part in several alphabets, or one in another that reads as if Latin."""
    parts = [part for part in re.split(r"[\W\d_]+", email) if not part.isascii()]
    if any(confusables.is_mixed_script(part) for part in parts):
        return "mixed-scripts"
    return "looks-latin" if any(all(map(_reads_as_latin, part)) for part in parts) else None


def _reads_as_latin(letter: str) -> bool:
    """Whether this letter of another alphabet can be taken for one of a to z."""
    found = confusables.is_confusable(letter, preferred_aliases=["latin"]) or []
    return any(twin["c"].isascii() for one in found for twin in one["homoglyphs"])
