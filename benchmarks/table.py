"""One row a promise: what it is, its bound, and what was measured."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from benchmarks.house import House


@dataclass(frozen=True)
class Row:
    """What was measured, in `unit` ("x" is a ratio), and the `goal` that it must not exceed (None: told, not promised).

    `how` is what it came from: absolute figures, counts.
    """

    name: str
    goal: float | None
    measured: float
    unit: str = "x"
    how: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the promise is kept."""
        return None if self.goal is None else round(self.measured, 2) <= self.goal


Case = Callable[[House], Iterator[Row]]
"""A module's `rows`: measures in the house, and gives a row at a time."""

LINE = "{:<58} {:>9} {:>9}  {:<4} {}"


def head() -> None:
    """Say what the columns are."""
    _say(LINE.format("what", "goal", "measured", "met", "how"))


def show(row: Row) -> None:
    """Print one row, at once."""
    goal = "" if row.goal is None else f"<= {row.goal:g}"
    met = {True: "yes", False: "NO", None: "-"}[row.met]
    _say(LINE.format(row.name, goal, f"{row.measured:.2f} {row.unit}", met, row.how))


def _say(line: str) -> None:
    sys.stdout.write(line.rstrip() + "\n")
    sys.stdout.flush()
