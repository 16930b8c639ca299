"""How long the safety checks and the search over the medicine list take: `python -m benchmarks.prescribing`.

Ten medicines against fifty others, and a list of 20,000 rows. Processor time, without the database that a request adds.
"""

import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import cycle

from prescription_service import facts, medicine_list
from prescription_service.checking import Item, KnownAllergy, Patient, check
from prescription_service.forms import FORMS
from prescription_service.medicine_search import Index
from prescription_service.structure import Duration, Frequency, Structure

ROUNDS = 200
ROWS = 20_000


def main() -> None:
    """Print medians and the slowest of a hundred."""
    read = facts.read(medicine_list.shipped())
    listed = list(read.medicines.values())
    items = [item(one, place) for place, one in enumerate(listed[:50:5], 1)]
    others = [item(one, None) for one in listed[50:100]]
    allergies = [KnownAllergy("class", key, key, "rash", "confirmed", "active") for key in ("penicillin", "nsaid")]
    patient = Patient("has", None, allergies, others)
    alerts = len(check(items, (), patient, read).alerts)
    report(f"check {len(items)} against {len(others)}, {alerts} alerts", lambda: check(items, (), patient, read))

    index = Index(many(listed))
    for asked in ("am", "amoxi", "clavulanic", "paracetmol", "metfromin hydro", "bacedifo gulu", "zzzzzz"):
        report(f"search {asked!r} in {ROWS:,} rows", lambda asked=asked: index.find(asked, 20))  # type: ignore[misc]


def item(listed: facts.ListedMedicine, position: int | None) -> Item:
    """One of it every day for a week."""
    unit = FORMS[listed.dose_form].dose_units[0]
    structure = Structure(
        formulary_id=listed.formulary_id,
        strength=listed.strengths[0],
        route=listed.routes[0],
        dose_unit=unit,
        dose=Decimal(1),
        frequency=Frequency("per-day", times=1),
        duration=Duration(7, "days"),
        quantity=Decimal(7),
        repeats=0,
    )
    origin = "" if position else "26-7K4M9QXD-V, Dr Okafor"
    return Item(listed.generic_name, listed, position, origin, structure, date(2027, 3, 1), date(2027, 3, 7))


def many(listed: list[facts.ListedMedicine]) -> list[facts.ListedMedicine]:
    """The list again and again, with names that differ, up to the number of rows."""
    return [
        replace(one, formulary_id=f"{one.formulary_id}-{n}", generic_name=f"{one.generic_name} {syllables(n)}")
        for n, one in zip(range(ROWS), cycle(listed), strict=False)
    ]


def syllables(number: int) -> str:
    """A made-up word."""
    parts = ("ba", "ce", "di", "fo", "gu", "lu", "ma", "ne", "po", "ri", "sa", "te", "vu")
    return "".join(parts[number // 13**place % 13] for place in range(4))


def report(name: str, run: Callable[[], object]) -> None:
    """Time it."""
    took = []
    for _ in range(ROUNDS):
        started = time.process_time()
        run()
        took.append((time.process_time() - started) * 1000)
    took.sort()
    sys.stdout.write(
        f"{name}: median {statistics.median(took):.2f} ms, 99 of 100 within {took[int(ROUNDS * 0.99) - 1]:.2f} ms\n"
    )


if __name__ == "__main__":
    main()
