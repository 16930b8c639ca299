"""How often a test repeats what only repetition shows: a few times always, as often as promised with `THOROUGH=1`."""

import os


def times(quick: int, full: int) -> int:
    return full if os.environ.get("THOROUGH") == "1" else quick
