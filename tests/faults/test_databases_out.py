"""PostgreSQL goes away under running services that many people use: 503 in time for all of them, and back by itself."""

import contextlib
import time
from collections.abc import Callable

import psycopg2
import pytest
from flask import Flask

from tests import make
from tests.faults.crowd import Answered, Crowd, reading
from tests.faults.proxy import Proxy
from tests.faults.stage import BESIDE_OTHERS, SERVICES, SLOW, Stage
from tests.figures import Figure
from tests.thorough import times

EACH = 6
"""People at each service, at once."""
OUT_FOR = times(3, 10)
ANSWERED_WITHIN, BACK_WITHIN, SOON = 2.5, 1.0, 10.0
MUST = "503 in 2.5 s for everybody, back by itself within 1 s"
READS = {"auth": "/auth/me", "appointment": "/appointments", "prescription": "/prescriptions"}
TABLES = ("auth.person", "appointment.appointment", "prescription.prescription")

WAYS: dict[str, Callable[[Proxy], None]] = {
    "down": Proxy.refuse,
    "black-holed": Proxy.hole,
    "slow": lambda wire: wire.delay(SLOW),
    "cut in its answers": lambda wire: wire.cut(down=0),
}


def crowd_of(stage: Stage, auth: Flask, each: int = EACH) -> Crowd:
    """So many people at each of the three services."""
    people = [make.person(auth) for _ in range(each)]
    urls = [stage.program(name).url + READS[name] for name in SERVICES]
    return Crowd([reading(url, one.token) for url in urls for one in people])


def judged(crowd: Crowd, gone: float, back: float) -> str:
    """What people were answered between these moments and afterwards, in words. Fails where it is not what was said."""
    refused = [one for one in crowd.answers if one.status != 200]
    assert {(one.status, one.out) for one in refused} == {(503, "database")}
    assert all(one.at > gone for one in refused)
    slowest = max(one.took for one in refused)
    after = max((one.at - back for one in refused), default=0.0)
    served = [one for one in crowd.answers if one.status == 200 and one.at > back]
    assert len(served) >= 3 * EACH
    assert slowest <= ANSWERED_WITHIN + BESIDE_OTHERS
    assert after <= BACK_WITHIN + BESIDE_OTHERS
    return f"{len(refused)} refused, the slowest in {slowest:.2f} s; the last {max(after, 0):.2f} s after it was back"


def whole(answers: list[Answered], since: float) -> bool:
    """Whether everybody is served again."""
    return len([one for one in answers if one.status == 200 and one.at > since]) >= 6 * EACH


def wait_until_whole(crowd: Crowd, since: float) -> None:
    while not whole(crowd.answers, since):
        assert time.monotonic() < since + SOON, "did not recover"
        time.sleep(0.05)


@pytest.mark.fault
@pytest.mark.parametrize("way", list(WAYS)[: times(2, 4)])
def test_the_database_goes_and_comes_back(stage: Stage, auth: Flask, way: str, figure: Figure) -> None:
    with crowd_of(stage, auth).going_on() as crowd:
        crowd.wait_for(6 * EACH)
        gone = time.monotonic()
        for wire in stage.databases.values():
            WAYS[way](wire)
        time.sleep(OUT_FOR)
        for wire in stage.databases.values():
            wire.restore()
        back = time.monotonic()
        wait_until_whole(crowd, back)

    figure(f"database {way}, 3 services", must=MUST, measured=judged(crowd, gone, back))


@pytest.mark.fault
def test_every_connection_waits_for_somebody(
    stage: Stage, auth: Flask, environment: dict[str, str], figure: Figure
) -> None:
    """More people than connections, and all of these wait for a table that somebody holds: the pool is empty."""
    with (
        contextlib.closing(psycopg2.connect(environment["ADMIN_URL"])) as admin,
        admin.cursor() as cursor,
        crowd_of(stage, auth, 2 * EACH).going_on() as crowd,
    ):
        crowd.wait_for(6 * EACH)
        gone = time.monotonic()
        cursor.execute(f"LOCK TABLE {', '.join(TABLES)} IN ACCESS EXCLUSIVE MODE")
        time.sleep(OUT_FOR)
        admin.rollback()
        back = time.monotonic()
        wait_until_whole(crowd, back)

    figure("database pool empty, 3 services", must=MUST, measured=judged(crowd, gone, back))
