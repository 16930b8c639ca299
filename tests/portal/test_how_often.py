"""What a doctor types is understood as one thing, or refused with what to write."""

from decimal import Decimal
from typing import Any

import pytest

from portal.how_often import SHORTCUTS, SUGGESTED, understand
from portal.numbers import NotUnderstood, figures, understood
from prescription_service import shortcuts

CASES: list[tuple[str, dict[str, Any], str]] = [
    ("TDS", {"kind": "per-day", "times": 3}, "3 times a day"),
    ("3 times a day", {"kind": "per-day", "times": 3}, "3 times a day"),
    ("three times daily", {"kind": "per-day", "times": 3}, "3 times a day"),
    ("3x a day", {"kind": "per-day", "times": 3}, "3 times a day"),
    ("twice a day", {"kind": "per-day", "times": 2}, "2 times a day"),
    ("once daily", {"kind": "per-day", "times": 1}, "once a day"),
    ("every day", {"kind": "per-day", "times": 1}, "once a day"),
    ("Once a day in the morning", {"kind": "per-day", "times": 1, "when": "morning"}, "once a day in the morning"),
    ("once a day at night", {"kind": "per-day", "times": 1, "when": "bedtime"}, "once a day at bedtime"),
    ("ON", {"kind": "per-day", "times": 1, "when": "bedtime"}, "once a day at bedtime"),
    ("q8h", {"kind": "every-hours", "every": 8}, "every 8 hours"),
    ("every 8 hours", {"kind": "every-hours", "every": 8}, "every 8 hours"),
    ("every hour", {"kind": "every-hours", "every": 1}, "every hour"),
    ("every other day", {"kind": "every-days", "every": 2}, "every 2 days"),
    ("every 2 weeks on Monday", {"kind": "every-weeks", "every": 2, "weekdays": ["Monday"]}, "every 2 weeks on Monday"),
    ("every month", {"kind": "every-months", "every": 1}, "every month"),
    ("once a week on mon", {"kind": "per-week", "times": 1, "weekdays": ["Monday"]}, "once a week on Monday"),
    (
        "2 times a week on Thursday and Monday",
        {"kind": "per-week", "times": 2, "weekdays": ["Monday", "Thursday"]},
        "2 times a week on Monday and Thursday",
    ),
    ("once, now", {"kind": "once"}, "once, now"),
    ("stat", {"kind": "once"}, "once, now"),
    ("PRN", {"kind": "as-needed"}, "when needed"),
    ("1-0-1", {"kind": "parts-of-day", "morning": 1, "noon": 0, "evening": 1}, "1 in the morning, 1 in the evening"),
    (
        "0,5-0-1-2",
        {"kind": "parts-of-day", "morning": 0.5, "noon": 0, "evening": 1, "night": 2},
        "0.5 in the morning, 1 in the evening, 2 at night",
    ),
    (
        "1 in the morning, 2 at night",
        {"kind": "parts-of-day", "morning": 1, "night": 2},
        "1 in the morning, 2 at night",
    ),
]


@pytest.mark.parametrize(("typed", "sent", "words"), CASES)
def test_it_is_understood(typed: str, sent: dict[str, Any], words: str) -> None:
    found = understand(typed)

    assert (found.sent, found.words) == (sent, words)


@pytest.mark.parametrize("suggested", SUGGESTED)
def test_what_is_suggested_and_what_is_shown_is_understood_as_itself(suggested: str) -> None:
    found = understand(suggested)

    assert understand(found.words).sent.items() <= found.sent.items()


@pytest.mark.parametrize("short", sorted(shortcuts.SHORTCUTS))
def test_shortcuts_mean_here_what_they_mean_to_the_service(short: str) -> None:
    meant = shortcuts.SHORTCUTS[short]
    if meant.kind == "per-week":
        with pytest.raises(NotUnderstood, match="Name the weekday"):
            understand(short)
        return

    sent = understand(short).sent

    assert sent == {name: value for name, value in vars(meant).items() if value not in (None, ())}
    assert short.lower() in SHORTCUTS


@pytest.mark.parametrize(
    "typed",
    [
        *("", "x", "3", "three", "3 times", "13 times a day", "0 times a day", "every 73 hours", "every 0 days"),
        *("once a week", "2 times a week on Monday", "7 times a week on Monday", "every 3 days on Monday"),
        *("2 times a day in the morning", "0-0-0", "11-0-0", "1-0", "1-0-1-0-1", "1 in the morning, 2 in the morning"),
        *("TDS or so", "1/2-0-1", "³ times a day", "every other", "q99h", "-1-0-1"),
    ],
)
def test_what_is_not_clear_is_refused(typed: str) -> None:
    with pytest.raises(NotUnderstood):
        understand(typed)


@pytest.mark.parametrize(
    ("typed", "value"),
    [("2", "2"), ("0,5", "0.5"), ("0.5", "0.5"), (".5", "0.5"), ("0,125", "0.125"), ("12,5", "12.5"), ("1.0", "1")],
)
def test_a_number_may_have_a_point_or_a_comma(typed: str, value: str) -> None:
    assert figures(understood(typed)) == value
    assert understood(typed) == Decimal(value)


@pytest.mark.parametrize(
    "typed", ["", ".", "1.000", "1,000", "12,500", "1.2.3", "-1", "1e3", "½", "٣", "1 000", "0.1234"]
)
def test_a_number_that_could_be_two_is_refused(typed: str) -> None:
    with pytest.raises(NotUnderstood):
        understood(typed)
