"""Numbers as people read them on a prescription: one formatter for all, and words beside the figures.

After ISMP's rules: no trailing zero, a zero before the point, a comma from 1,000, words for halves and quarters.
"""

from decimal import Decimal

_ONES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_ONES += ["thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_PARTS = {Decimal("0.25"): "a quarter", Decimal("0.5"): "half", Decimal("0.75"): "three quarters"}
SAME_FOR_MANY = ("mL", "mg", "g", "units", "micrograms")


def figures(value: Decimal | int) -> str:
    """500.0 is `500`, .5 is `0.5`, 20000 is `20,000`."""
    text = f"{Decimal(value):,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def words(value: Decimal | int) -> str:
    """`twenty-one`; what follows the point is read digit by digit."""
    whole, _, rest = figures(value).replace(",", "").partition(".")
    said = _whole(int(whole))
    return f"{said} point {' '.join(_ONES[int(digit)] for digit in rest)}" if rest else said


def _whole(number: int) -> str:
    if number < 20:
        return _ONES[number]
    if number < 100:
        tens, ones = divmod(number, 10)
        return _TENS[tens] + (f"-{_ONES[ones]}" if ones else "")
    for size, name in ((1000, "thousand"), (100, "hundred")):
        if number >= size:
            many, rest = divmod(number, size)
            joint = " and " if rest < 100 else " "
            return f"{_whole(many)} {name}" + (f"{joint}{_whole(rest)}" if rest else "")
    raise AssertionError(number)


def amount(value: Decimal, unit: str) -> str:
    """`1 capsule`, `2 tablets`, `half a tablet`, `1 and a half tablets`, `2.5 mL`."""
    if unit in SAME_FOR_MANY:
        return f"{figures(value)} {unit}"
    whole, part = divmod(value, 1)
    if part and part not in _PARTS:
        return f"{figures(value)} {plural(unit)}"
    if not part:
        return f"{figures(whole)} {unit if whole == 1 else plural(unit)}"
    if not whole:
        article = "an" if unit[0] in "aeiou" else "a"
        return f"half {article} {unit}" if part == Decimal("0.5") else f"{_PARTS[part]} of {article} {unit}"
    half = "a half" if part == Decimal("0.5") else _PARTS[part]
    return f"{figures(whole)} and {half} {plural(unit)}"


def plural(unit: str) -> str:
    """More than one of a unit."""
    return unit if unit in SAME_FOR_MANY else f"{unit}s"
