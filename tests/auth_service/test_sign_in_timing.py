"""Nobody learns from the time of an answer whether there is an account: unknown, wrong and disabled take alike."""

import time
from collections.abc import Callable, Iterator, Sequence
from itertools import count

import psycopg2
import pytest
from flask import Flask

from auth_service import passwords
from tests import make, thorough
from tests.api import Api

PAIRS = thorough.times(30, 600)
BAND = thorough.times(25, 5)
"""How far from 50 of 100 the answer may be. Chance alone moves it by 1.7 with 600 pairs that are alike, by 7.5 with 30:
300 pairs, where it is 2.4, would leave the band of 5 once in thirty times."""


def auc(first: Sequence[float], second: Sequence[float]) -> float:
    """How often one of `first` is greater than one of `second`, of all pairs, ties counting half (Mann-Whitney's U).

    0.5 says that nobody could tell them apart by it, and 0 and 1 that anybody could.
    """
    wins = sum((a > b) + (a == b) / 2 for a in first for b in second)
    return wins / (len(first) * len(second))


def addresses() -> Iterator[str]:
    """One for each try, so that no limit has anything to count."""
    return (f"2001:db8:{n:x}::1" for n in count(1))


def told_apart(tries: Sequence[Callable[[str], int]]) -> float:
    """The AUC of two kinds of failing sign-ins, taken in turn, each first in half of the pairs."""
    whence, seconds = addresses(), ([], [])  # type: tuple[Iterator[str], tuple[list[float], list[float]]]
    for attempt in tries:
        attempt(next(whence))  # what is done once is done
    for pair in range(PAIRS):
        for which in (0, 1) if pair % 2 else (1, 0):
            address = next(whence)
            began = time.perf_counter()
            status = tries[which](address)
            seconds[which].append(time.perf_counter() - began)
            assert status == 401
    return auc(*seconds)


@pytest.fixture
def tries(auth: Flask, environment: dict[str, str]) -> dict[str, Callable[[str], int]]:
    """The ways in which a sign-in fails, each from the address it is given."""
    known, disabled, closed = (make.person(auth) for _ in range(3))
    with psycopg2.connect(environment["ADMIN_URL"]) as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE auth.person SET disabled_at = now() WHERE id IN (%s, %s)", (disabled.id, closed.id))
        cursor.execute("UPDATE auth.person SET closed_at = now() WHERE id = %s", (closed.id,))

    def failing(email: str, password: str) -> Callable[[str], int]:
        def attempt(address: str) -> int:
            body, headers = {"email": email, "password": password}, {"X-Forwarded-For": address}
            return Api(auth).send("POST", "/auth/login", json=body, headers=headers).status_code

        return attempt

    return {
        "unknown": failing("n" * len(known.email), "WrongPass123"),
        "wrong": failing(known.email, "WrongPass123"),
        "disabled": failing(disabled.email, make.PASSWORD),
        "closed": failing(closed.email, make.PASSWORD),
    }


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("other", ["wrong", "disabled", "closed"])
def test_the_time_of_an_answer_does_not_tell_an_account_from_none(
    tries: dict[str, Callable[[str], int]], other: str
) -> None:
    found = told_apart([tries["unknown"], tries[other]])

    print(f"AUC {found:.3f}, {PAIRS} pairs")  # noqa: T201 - a figure for whoever asks with -rP
    assert abs(found - 0.5) * 100 <= BAND


@pytest.mark.timeout(1800)
def test_without_the_hash_for_nobody_it_would_tell(
    tries: dict[str, Callable[[str], int]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    matches = passwords.matches
    monkeypatch.setattr(passwords, "matches", lambda given, encoded: encoded is not None and matches(given, encoded))

    found = told_apart([tries["unknown"], tries["wrong"]])

    print(f"AUC {found:.3f}, {PAIRS} pairs")  # noqa: T201 - a figure for whoever asks with -rP
    assert abs(found - 0.5) * 100 > BAND


def test_the_measure_is_mann_whitneys() -> None:
    assert auc([1, 2], [3, 4]) == 0
    assert auc([3, 4], [1, 2]) == 1
    assert auc([1, 3], [2, 2]) == auc([1, 1], [1, 1]) == 0.5
