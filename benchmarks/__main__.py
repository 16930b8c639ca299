"""Measure all of it, or the cases named: `python -m benchmarks lists booking`."""

import sys
import tempfile
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path

from benchmarks import table
from benchmarks.house import House

CASES = ("lists", "booking", "races", "signing", "token_check", "portal_home", "weight", "storage", "growth")
"""Modules of this package, each with a function `rows` (`table.Case`), in the order of the table."""


def main(wanted: list[str]) -> None:
    """Print the table. A promise that is not kept is told, and ends nothing: the machine may have been busy."""
    if unknown := set(wanted) - set(CASES):
        sys.exit(f"There is no {', '.join(sorted(unknown))}. There are: {', '.join(CASES)}.")
    with ExitStack() as stack:
        house = House(stack, Path(stack.enter_context(tempfile.TemporaryDirectory())))
        table.head()
        for name in wanted or CASES:
            rows: table.Case = import_module(f"benchmarks.{name}").rows
            for row in rows(house):
                table.show(row)


if __name__ == "__main__":
    main(sys.argv[1:])
