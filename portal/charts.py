"""Bar charts as plain SVG: where each bar lies and how long it is. A table beside it says the same in numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 320
"""Units of a whole chart, labels and numbers included; about a pixel each on a phone."""
NUMBER = 58
"""Units kept at the end of the longest bar for its number."""
LONGEST = 34
"""Characters of a label above its bar; what is longer is cut, and whole in the table."""


@dataclass(frozen=True)
class Row:
    """What one bar says: of what, how much (None: nothing known), and the number as people read it."""

    label: str
    value: float | None
    words: str


@dataclass(frozen=True)
class Bar:
    """One bar: its label at (`label_x`, `label_y`), its box, and its number at (`number_x`, `number_y`)."""

    label: str
    words: str
    label_y: float
    x: float
    y: float
    width: float
    height: float
    number_x: float
    number_y: float


@dataclass(frozen=True)
class Chart:
    """All bars of a chart, and how high it is."""

    bars: list[Bar]
    height: float
    width: int = WIDTH


def chart(rows: Sequence[Row], label_width: int = 0) -> Chart:
    """Bars from the left, the greatest value the longest. Without `label_width` labels stand above their bars."""
    most = max((row.value or 0 for row in rows), default=0) or 1
    step, thick = (24, 16) if label_width else (46, 16)
    room = WIDTH - label_width - NUMBER
    bars = []
    for number, row in enumerate(rows):
        top = number * step + (2 if label_width else 22)
        length = round(room * (row.value or 0) / most, 1)
        bars.append(
            Bar(
                label=row.label if len(row.label) <= LONGEST else f"{row.label[: LONGEST - 1]}…",
                words=row.words,
                label_y=top + 13 if label_width else top - 6,
                x=label_width,
                y=top,
                width=max(length, 1),
                height=thick,
                number_x=round(label_width + max(length, 1) + 6, 1),
                number_y=top + 13,
            )
        )
    return Chart(bars, len(rows) * step + 2)
