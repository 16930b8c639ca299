"""The table of faults: what was broken, what must hold, what was measured, and the control that must fail.

A test marked `fault` puts its line there by the fixture `figure`; the table is printed when all tests are done,
whichever process ran them.
"""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

Figure = Callable[..., None]
PARTS = ("fault", "must hold", "measured", "control")


@pytest.fixture
def figure(record_property: Callable[[str, object], None]) -> Figure:
    """Note what was measured, or what the control gave, under the name of its fault."""

    def note(fault: str, *, must: str = "", measured: str = "", control: str = "") -> None:
        record_property("figure", [fault, must, measured, control])

    return note


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print what was measured, one line a fault."""
    reports = [one for kind in ("passed", "failed") for one in terminalreporter.stats.get(kind, [])]
    noted = [value for one in reports if one.when == "call" for name, value in one.user_properties if name == "figure"]
    if noted:
        terminalreporter.section("what it survives")
        for line in table(noted):
            terminalreporter.write_line(line)


def table(noted: Iterable[list[str]]) -> list[str]:
    """Lines in Markdown; what several tests say of one fault stands in its one line."""
    rows: dict[str, list[list[str]]] = {}
    for fault, *said in noted:
        for cell, words in zip(rows.setdefault(fault, [[], [], []]), said, strict=True):
            cell += [words] if words and words not in cell else []
    cells = [(fault, *("; ".join(cell) for cell in row)) for fault, row in rows.items()]
    return [f"| {' | '.join(row)} |" for row in (PARTS, ("---",) * 4, *cells)]
