"""How often a test repeats what only repetition shows: a few times always, as often as promised with `THOROUGH=1`."""

import os

THOROUGH = os.environ.get("THOROUGH") == "1"


def times(quick: int, full: int) -> int:
    return full if THOROUGH else quick
