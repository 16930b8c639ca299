"""The figures in docs/operations/scaling.md follow from its own measurements and assumptions by its own formulas."""

import math
import re

import pytest

from chassis.database import ENGINE_OPTIONS
from tests.servers import ROOT

PAGE = (ROOT / "docs" / "operations" / "scaling.md").read_text()
COLUMNS = ("one clinic", "a region of 1,000", "a country")


def cells(heading: str) -> list[list[str]]:
    """The rows of the table below a heading, without its head."""
    part = PAGE.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = [line.strip("|").split("|") for line in part.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def number(cell: str) -> float:
    return float(cell.replace(",", ""))


def given(column: int) -> dict[str, float]:
    """What is measured and assumed, by its sign, for one of the columns."""
    measured = {sign.strip("`"): number(figure) for sign, _, figure, _ in cells("Measured")}
    assumed = {row[0].strip("`"): number(row[2 + column]) for row in cells("Assumed")}
    return measured | assumed


def two_figures(value: float) -> float:
    return float(f"{value:.2g}")


@pytest.mark.parametrize("column", range(len(COLUMNS)), ids=COLUMNS)
def test_every_figure_follows_from_its_formula(column: int) -> None:
    known = given(column)
    rows = cells("What follows")

    for sign, _, formula, *figures in rows:
        value = eval(formula.strip("`"), {"__builtins__": {}, "ceil": math.ceil, "max": max}, known)
        known[sign.strip("`")] = value
        assert number(figures[column]) == two_figures(value), (sign, value)
    assert len(rows) > 8


def test_the_pool_is_the_one_that_programs_open() -> None:
    assert given(0)["pool"] == 2 * ENGINE_OPTIONS["pool_size"]


def test_every_sign_is_used() -> None:
    formulas = " ".join(row[2] for row in cells("What follows"))

    assert {*given(0)} <= set(re.findall(r"[a-z_]+", formulas))
