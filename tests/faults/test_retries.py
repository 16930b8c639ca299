"""Whatever is wrong with a neighbour, callers ask it hardly more often than people ask them. Counted on the wire, where
nobody can leave a try out."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from uuid import uuid4

import pytest
import requests
from flask import Flask

from tests import make
from tests.faults import stage as ways
from tests.faults.crowd import PATIENCE, Ask, Crowd
from tests.faults.stage import Stage
from tests.figures import Figure
from tests.thorough import times

PEOPLE = 6
REQUESTS = times(400, 1000)
"""Each process has saved a few retries beside their share of requests: of fewer requests those would be too many."""
AT_MOST = 1.10
HOP = b"GET /appointments/"
"""What the prescription service asks, once for each prescription that somebody wants to sign."""
Out = Callable[[Stage, str], AbstractContextManager[None]]


@contextmanager
def one_in_three_failing(stage: Stage, name: str) -> Iterator[None]:
    """The worst there is for retries: never so bad that a breaker opens."""
    with ways.on_the_wire(stage, name, lambda wire: wire.cut(up=0, of=HOP, every=3)):
        yield


WAYS: list[Out] = [
    *(one_in_three_failing, ways.hanging_up, ways.black_holed),
    *(ways.cut, ways.slow, ways.dripping, ways.frozen),
]


def signing(stage: Stage, doctor: make.Person) -> Ask:
    """Asks for a prescription for no appointment: one call of the appointment service, and 404."""
    url, headers = f"{stage.clinic.prescription.url}/prescriptions", {"Authorization": f"Bearer {doctor.token}"}

    def ask(session: requests.Session) -> requests.Response:
        wish = {"appointment_id": str(uuid4()), "medicines": [make.MEDICINE]}
        return session.post(url, json=wish, headers=headers, timeout=PATIENCE)

    return ask


@pytest.mark.fault
@pytest.mark.parametrize("out", WAYS[: times(3, len(WAYS))], ids=lambda way: way.__name__)
def test_a_neighbour_in_need_is_not_asked_more(stage: Stage, auth: Flask, out: Out, figure: Figure) -> None:
    doctors = [make.person(auth, "doctor") for _ in range(PEOPLE)]
    with Crowd([signing(stage, one) for one in doctors]).going_on() as well:
        well.wait_for(10 * PEOPLE)
    assert well.answers[-1].status == 404
    stage.wires["appointment"].requests.clear()
    with out(stage, "appointment"), Crowd([signing(stage, one) for one in doctors]).going_on() as crowd:
        crowd.wait_for(REQUESTS)

    assert set(crowd.statuses()) <= {404, 503}
    assert crowd.statuses()[503] > 0
    tries = [line for _, line in stage.wires["appointment"].requests if line.startswith(HOP)]
    ratio = len(tries) / len(crowd.answers)
    measured = f"{out.__name__.replace('_', ' ')} {ratio:.2f}"
    figure("retries", must=f"attempts / requests ≤ {AT_MOST:.2f}", measured=measured)
    assert 0 < ratio <= AT_MOST
