"""One strict JSON reader (RFC 8259 without its liberties): UTF-8 only, no duplicate names, no NaN, bounded depth."""

import json
import math
from typing import Any, NoReturn

from chassis.errors import Malformed

MAX_DEPTH = 20


def parse(body: bytes) -> Any:
    """The value that `body` holds, or `Malformed`."""
    try:
        value = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_object,
            parse_constant=_refuse_constant,
            parse_float=_finite,
        )
    except (ValueError, RecursionError) as error:
        raise Malformed from error
    if _deeper_than(value, MAX_DEPTH):
        raise Malformed(f"The body nests deeper than {MAX_DEPTH} levels.")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Malformed("The body has the same name twice in one object.")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise Malformed(f"{name} is not JSON.")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise Malformed("The body holds a number that is too large.")
    return number


def _deeper_than(value: Any, limit: int) -> bool:
    """Whether there are more than `limit` arrays and objects inside one another."""
    level = [value]
    for _ in range(limit):
        level = [child for item in level for child in _children(item)]
        if not level:
            return False
    return True


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [child for child in value.values() if isinstance(child, dict | list)]
    return [child for child in value if isinstance(child, dict | list)] if isinstance(value, list) else []
