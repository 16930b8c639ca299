"""How often a medicine is taken, read from the words or the shortcut a doctor types.

A strict little language: what it does not know it refuses, with examples. What it understood is shown beside the box
and again, in the prescription service's own words, before anything is signed.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from portal.numbers import NotUnderstood, figures, sent

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
PARTS = {"morning": "in the morning", "noon": "at noon", "evening": "in the evening", "night": "at night"}
SUGGESTED = (
    *("once a day", "once a day in the morning", "once a day at bedtime", "2 times a day", "3 times a day"),
    *("4 times a day", "every 4 hours", "every 6 hours", "every 8 hours", "every 12 hours", "every 2 days"),
    *("once a week on Monday", "once, now", "when needed", "1-0-1"),
)
HELP = "Write for example 3 times a day, every 8 hours, once a week on Monday, 1-0-1, or TDS."
_SHORT = {
    "od qd daily": "once a day",
    "om": "once a day in the morning",
    "on nocte": "once a day at bedtime",
    "bd bid": "2 times a day",
    "tds tid": "3 times a day",
    "qds qid": "4 times a day",
    "ad qod": "every 2 days",
    "weekly qwk": "once a week",
    "stat now once": "once, now",
    "prn sos": "when needed",
}
SHORTCUTS = {short: words for shorts, words in _SHORT.items() for short in shorts.split()}
_NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_NUMBER = re.compile(rf"\b({'|'.join(_NUMBERS)})\b")
_AMOUNT = r"\d{1,2}(?:[.,]\d{1,3})?"


@dataclass(frozen=True)
class HowOften:
    """What was understood: for the prescription service, for people, and for the sum."""

    sent: dict[str, Any]
    words: str
    daily: Decimal | None = None
    """What the parts of a day hold together; None where each time has one dose."""

    @property
    def only_when_needed(self) -> bool:
        """Whether it has no times at all."""
        return bool(self.sent["kind"] == "as-needed")

    def doses(self, days: int) -> int:
        """How many doses so many days take, a part of a period counted whole."""
        kind, times, every = self.sent["kind"], self.sent.get("times", 1), self.sent.get("every", 1)
        if kind in {"once", "parts-of-day"}:
            return 1 if kind == "once" else days
        each = {"per-day": (times, 1), "per-week": (times, 7), "every-days": (1, every), "every-weeks": (1, 7 * every)}
        many, period = {**each, "every-months": (1, 30 * every)}.get(kind, (24, every))
        return int(-(-days * many // period))


def understand(typed: str) -> HowOften:
    """What was typed, as one of the kinds the prescription service knows. Raises `NotUnderstood`."""
    said = SHORTCUTS.get(typed.lower().strip(" ."), typed.lower().strip(" ."))
    said = _NUMBER.sub(lambda found: str(_NUMBERS.index(found[1]) + 1), said)
    said = re.sub(r"\btwice\b", "2 times", re.sub(r"\bonce (?=an? |daily|weekly)", "1 times ", said))
    for pattern, read in _GRAMMAR:
        if found := re.fullmatch(pattern, said, re.ASCII):
            return read(found)
    raise NotUnderstood(f"“{typed}” is not understood. {HELP}")


def said(sent: dict[str, Any]) -> str:
    """The words for what the prescription service keeps; `understand` reads them back."""
    kind, every, days = sent["kind"], sent.get("every") or 1, sent.get("weekdays") or []
    if kind in {"once", "as-needed"}:
        return {"once": "once, now", "as-needed": "when needed"}[kind]
    if kind == "parts-of-day":
        amounts = {part: Decimal(str(sent[part])) for part in PARTS if sent.get(part)}
        return ", ".join(f"{figures(amount)} {PARTS[part]}" for part, amount in amounts.items())
    on = f" on {' and '.join(days)}" if days else ""
    if kind in {"per-day", "per-week"}:
        when = {"morning": " in the morning", "bedtime": " at bedtime"}.get(sent.get("when") or "", "")
        return f"{_times(sent['times'])} a {kind[4:]}{on}{when}"
    unit = kind.removeprefix("every-").removesuffix("s")
    return (f"every {unit}" if every == 1 else f"every {every} {unit}s") + on


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


def _within(number: int, most: int) -> int:
    if not 1 <= number <= most:
        raise NotUnderstood(f"This goes from 1 to {most}. {HELP}")
    return number


def _a_day(found: re.Match[str]) -> HowOften:
    times = _within(int(found[1]), 12)
    when = {None: None, "in the morning": "morning"}.get(found[2], "bedtime")
    if when and times > 1:
        raise NotUnderstood("Morning or bedtime goes with once a day. For amounts at each time write 1-0-1.")
    words = f"{_times(times)} a day" + ({"morning": " in the morning", "bedtime": " at bedtime"}[when] if when else "")
    return HowOften({"kind": "per-day", "times": times} | ({"when": when} if when else {}), words)


def _a_week(found: re.Match[str]) -> HowOften:
    times, days = _within(int(found[1]), 6), _days(found[2])
    if len(days) != times:
        raise NotUnderstood(f"Name the weekday{'' if times == 1 else 's'}, for example once a week on Monday.")
    words = f"{_times(times)} a week on {' and '.join(days)}"
    return HowOften({"kind": "per-week", "times": times, "weekdays": days}, words)


def _days(typed: str | None) -> list[str]:
    found = re.findall(r"mon|tue|wed|thu|fri|sat|sun", typed or "")
    return [day for day in WEEKDAYS if day[:3].lower() in found]


def _every(found: re.Match[str]) -> HowOften:
    other = {None: 1, "other ": 2, "second ": 2}
    every, unit = int(found[2]) if found[2] else other[found[1]], found[3]
    every = _within(every, 72 if unit == "hour" else 12)
    if unit == "day" and every == 1:
        return HowOften({"kind": "per-day", "times": 1}, "once a day")
    days = _days(found[4])
    if days and (unit != "week" or len(days) > 1):
        raise NotUnderstood("One weekday goes with weeks, for example every 2 weeks on Monday.")
    words = f"every {unit}" if every == 1 else f"every {every} {unit}s"
    sent_days = {"weekdays": days} if days else {}
    words += f" on {days[0]}" if days else ""
    return HowOften({"kind": f"every-{unit}s", "every": every} | sent_days, words)


def _grid(found: re.Match[str]) -> HowOften:
    amounts = [Decimal(part.replace(",", ".")) for part in found[0].split("-")]
    return _parts(dict(zip(PARTS, amounts, strict=False)))


def _said_parts(found: re.Match[str]) -> HowOften:
    amounts: dict[str, Decimal] = {}
    for amount, when in re.findall(rf"({_AMOUNT}) (?:in the|at) (morning|noon|evening|night)", found[0]):
        if when in amounts:
            raise NotUnderstood(f"The {when} is named twice.")
        amounts[when] = Decimal(amount.replace(",", "."))
    return _parts(amounts)


def _parts(amounts: dict[str, Decimal]) -> HowOften:
    if not any(amounts.values()) or max(amounts.values()) > 10:
        raise NotUnderstood("Write at least one amount, and none over 10, for example 1-0-1.")
    words = ", ".join(f"{figures(amount)} {PARTS[part]}" for part, amount in amounts.items() if amount)
    numbers = {part: sent(amount) for part, amount in amounts.items()}
    return HowOften({"kind": "parts-of-day"} | numbers, words, sum(amounts.values(), Decimal(0)))


_IN_THE = r"(?: (in the morning|at bedtime|at night))?"
_ON = r"(?: (on .+|every .+))?"
_GRAMMAR: list[tuple[str, Callable[[re.Match[str]], HowOften]]] = [
    (rf"(\d{{1,3}})(?: ?x| ?times?)? (?:a|per|each|every|daily|/) ?(?:day)?{_IN_THE}", _a_day),
    (rf"(\d{{1,3}})(?: ?x| ?times?)? (?:a week|per week|weekly){_ON}", _a_week),
    (r"every (other |second )?(?:(\d{1,3}) )?(hour|day|week|month)s?(?: (on .+))?", _every),
    (r"q()(\d{1,2})(h)()", lambda found: understand(f"every {found[2]} hours")),
    (rf"{_AMOUNT}(?:-{_AMOUNT}){{2,3}}", _grid),
    (rf"(?:{_AMOUNT} (?:in the morning|at noon|in the evening|at night)(?:,| and|, and)? ?)+", _said_parts),
    (r"once, now", lambda _: HowOften({"kind": "once"}, "once, now")),
    (r"when needed|as needed", lambda _: HowOften({"kind": "as-needed"}, "when needed")),
]
