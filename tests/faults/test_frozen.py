"""A process stands still, as one does that is swapped out or stopped: the others go on, and it goes on afterwards."""

import os
import signal
import time

import pytest
import requests
from flask import Flask

from tests import make
from tests.faults import stage as ways
from tests.faults.crowd import PATIENCE, Ask, Crowd, reading
from tests.faults.stage import BESIDE_OTHERS, Stage
from tests.faults.test_rolling import pages, workers_of
from tests.figures import Figure

STANDS_STILL = 3.0
PAGE_WITHIN = 2.5


def fresh(url: str) -> Ask:
    """Over a new connection each time, as a balancer may."""
    return lambda _: requests.get(url, timeout=PATIENCE)


@pytest.mark.fault
def test_the_portal_stands_still_and_answers_everybody_afterwards(stage: Stage, auth: Flask, figure: Figure) -> None:
    with Crowd([pages(stage, make.person(auth)) for _ in range(3)]).going_on() as crowd:
        crowd.wait_for(10)
        with ways.frozen(stage, "portal"):
            time.sleep(0.2)  # what was under way has come
            before = len(crowd.answers)
            time.sleep(1)
            assert len(crowd.answers) == before
        crowd.wait_for(30)

    assert crowd.failed() == []
    measured = f"0 of {len(crowd.answers)} pages lost"
    figure("portal frozen", must="whoever waits is answered when it goes on", measured=measured)


@pytest.mark.fault
def test_one_worker_stands_still_and_hardly_anybody_notices(stage: Stage, auth: Flask, figure: Figure) -> None:
    """One of the two of the appointment service. Nobody waits longer than for any service that is out."""
    people = [make.person(auth) for _ in range(4)]
    urls = [f"{stage.wires['appointment'].url}/doctors", f"{stage.wires['prescription'].url}/prescriptions"]
    with (
        Crowd([pages(stage, one) for one in people]).going_on() as visitors,
        Crowd([reading(urls[1], one.token) for one in people]).going_on() as elsewhere,
    ):
        visitors.wait_for(20)
        still = int(min(workers_of(stage.clinic.appointment)))
        os.kill(still, signal.SIGSTOP)
        try:
            time.sleep(STANDS_STILL)
        finally:
            os.kill(still, signal.SIGCONT)
        visitors.wait_for(20)

    assert elsewhere.failed() == []
    assert {one.status for one in visitors.failed()} <= {503}
    slowest = max(one.took for one in visitors.answers)
    assert visitors.answers[-1].status == 200
    assert slowest <= PAGE_WITHIN + BESIDE_OTHERS
    measured = f"{len(visitors.failed())} of {len(visitors.answers)} pages said so, the slowest after {slowest:.2f} s"
    must = "pages say so within 2.5 s or are whole; other services go on"
    figure("one of two workers frozen", must=must, measured=measured)
