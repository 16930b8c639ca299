"""Numbers as doctors type them. What could mean two things is refused, never guessed: `1.000` is one, or a thousand."""

import re
from decimal import Decimal

_PLAIN = re.compile(r"\d{0,5}(?:[.,]\d{1,3})?", re.ASCII)
_THOUSANDS = re.compile(r"[1-9]\d{0,2}[.,]\d{3}", re.ASCII)


class NotUnderstood(ValueError):  # noqa: N818 - as refusals are named here
    """A sentence that says what to write instead."""


def understood(typed: str) -> Decimal:
    """The number somebody means; the decimal mark may be a point or a comma. Raises `NotUnderstood`."""
    if _THOUSANDS.fullmatch(typed):
        whole = re.sub(r"[.,]", "", typed)
        short = figures(Decimal(typed.replace(",", ".")))
        raise NotUnderstood(f"“{typed}” can mean two numbers. Write {whole} or {short}.")
    if not typed or not _PLAIN.fullmatch(typed) or typed in {".", ","}:
        raise NotUnderstood("Write a number in figures, for example 2 or 0.5.")
    return Decimal(typed.replace(",", "."))


def whole(typed: str) -> int:
    """A whole number. Raises `NotUnderstood`."""
    value = understood(typed)
    if value % 1:
        raise NotUnderstood("Write a whole number.")
    return int(value)


def figures(value: Decimal) -> str:
    """500.0 is `500`, .5 is `0.5`."""
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def sent(value: Decimal) -> int | float:
    """As JSON carries it."""
    return int(value) if value == value.to_integral_value() else float(value)
