"""Many pages refresh one token at once: none of them ends the session by mistake, and a thief's replay always does."""

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask

from auth_service import signing_in
from auth_service.signing_in import GRACE
from chassis import clock
from tests import make, thorough
from tests.api import Api

PAGES = 20
ROUNDS = thorough.times(4, 1000)
SOON = 30.0


@pytest.fixture(scope="module")
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(PAGES) as running:
        yield running


def refresh(auth: Flask, token: str) -> tuple[int, str]:
    """Status and successor. More pages ask at once than the pool has connections: told to wait, they ask again."""
    deadline = time.monotonic() + SOON
    while True:
        answer = Api(auth).send("POST", "/auth/refresh", json={"refresh_token": token})
        if answer.status_code != 503 or time.monotonic() > deadline:
            return answer.status_code, answer.get_json().get("refresh_token", "")


def at_once(auth: Flask, pool: ThreadPoolExecutor, token: str) -> Counter[tuple[int, str]]:
    """What so many pages get that refresh this token together."""
    return Counter(pool.map(lambda _: refresh(auth, token), range(PAGES)))


def test_pages_that_refresh_together_agree_and_a_replay_after_the_grace_ends_the_family(
    auth: Flask, pool: ThreadPoolExecutor
) -> None:
    fallen_by_mistake, replays_that_passed = [], []
    for n in range(ROUNDS):
        patient = make.person(auth)
        first = at_once(auth, pool, patient.refresh_token)
        ((status, second),) = first if len(first) == 1 else ((0, ""),)
        if status != 200:
            fallen_by_mistake.append((n, first))
            continue
        _, third = refresh(auth, second)

        with clock.set_to(clock.now() + GRACE + timedelta(seconds=1)):
            stolen = patient.refresh_token if n % 2 else second
            if refresh(auth, stolen)[0] != 401 or refresh(auth, third)[0] != 401:
                replays_that_passed.append(n)

    assert fallen_by_mistake == []
    assert replays_that_passed == []


def test_thieves_who_replay_together_all_fail_and_end_the_family(auth: Flask, pool: ThreadPoolExecutor) -> None:
    for _ in range(ROUNDS // 4):
        patient = make.person(auth)
        _, second = refresh(auth, patient.refresh_token)
        _, third = refresh(auth, second)

        assert at_once(auth, pool, patient.refresh_token) == {(401, ""): PAGES}
        assert refresh(auth, third)[0] == 401


def test_without_the_grace_the_same_pages_end_their_own_session(
    auth: Flask, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control."""
    monkeypatch.setattr(signing_in, "GRACE", timedelta(seconds=-1))

    found = at_once(auth, pool, make.person(auth).refresh_token)

    assert sum(count for (status, _), count in found.items() if status == 401) == PAGES - 1
