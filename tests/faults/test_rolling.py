"""Instances are restarted one after the other while people read, book and cancel: no request fails."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

import pytest
import requests
from flask import Flask

from tests import make
from tests.faults.conftest import signed_in
from tests.faults.crowd import PATIENCE, Ask, Crowd, reading
from tests.faults.stage import Stage, seconds_until
from tests.figures import Figure
from tests.servers import Program
from tests.thorough import times

REQUESTS = times(400, 20_000)
BREATH = 0.1 / times(1, 10)
ROLLED = ("appointment", "prescription", "auth")[: times(1, 3)]
SOON = 30.0


@contextmanager
def twin(stage: Stage, name: str, logs: Path) -> Iterator[Program]:
    """A second instance behind the same wire."""
    first, wire = stage.program(name), stage.wires[name]
    second = Program(first.package, first.environment, logs / f"{name}.log")
    second.start()
    second.wait()
    wire.targets.append(second.port)
    try:
        yield second
    finally:
        wire.targets.remove(second.port)
        second.stop()


def restart(program: Program) -> None:
    """As an engine does it: told to stop, waited for, started again."""
    assert program.process
    program.process.send_signal(signal.SIGTERM)
    assert program.process.wait(SOON) == 0
    program.start()
    program.wait()


def workers_of(program: Program) -> set[str]:
    assert program.process
    found = subprocess.run(["pgrep", "-P", str(program.process.pid)], capture_output=True, text=True, check=False)
    return set(found.stdout.split())


def reload(program: Program) -> None:
    """All workers are replaced, and the address stays."""
    assert program.process
    before = workers_of(program)
    os.kill(program.process.pid, signal.SIGHUP)
    seconds_until(lambda: not before & workers_of(program), SOON)


def booking(stage: Stage, doctor: make.Person, token: str, days: int) -> Ask:
    """Books and cancels in turn, without a key: nothing of this may be tried again by anybody."""
    url, headers = f"{stage.wires['appointment'].url}/appointments", {"Authorization": f"Bearer {token}"}
    turns, held = count(), [""]

    def ask(session: requests.Session) -> requests.Response:
        if next(turns) % 2:
            return session.post(f"{url}/{held[0]}/cancel", json={}, headers=headers, timeout=PATIENCE)
        booked = session.post(url, json=make.wish(doctor.id, days=days), headers=headers, timeout=PATIENCE)
        held[0] = booked.json().get("id", "")
        return booked

    return ask


def pages(stage: Stage, who: make.Person) -> Ask:
    """Opens a page of the portal that asks the appointment service."""
    cookies = signed_in(stage, who).session.cookies.get_dict()
    url = f"{stage.clinic.portal.url}/appointments"
    return lambda session: session.get(url, cookies=cookies, timeout=PATIENCE, allow_redirects=False)


def people(stage: Stage, auth: Flask, doctor: make.Person) -> list[Ask]:
    tokens = make.signed_in_patients(auth, 6)
    bookers = [booking(stage, doctor, token, days=3 + n) for n, token in enumerate(tokens[:2])]
    urls = [stage.wires["appointment"].url + "/appointments", stage.wires["prescription"].url + "/prescriptions"]
    readers = [reading(url, token) for token in tokens[2:5] for url in urls]
    return [*bookers, *readers, pages(stage, make.person(auth))]


@pytest.mark.fault
def test_no_request_fails_while_every_instance_is_restarted(
    stage: Stage, auth: Flask, doctor: make.Person, tmp_path: Path, figure: Figure
) -> None:
    with ExitStack() as twins:
        rolled = [(stage.program(name), twins.enter_context(twin(stage, name, tmp_path))) for name in ROLLED]
        with Crowd(people(stage, auth, doctor), BREATH).going_on() as crowd:
            crowd.wait_for(REQUESTS // 4)
            for pair in rolled:
                for program in pair:
                    restart(program)
            crowd.wait_for(REQUESTS // 4)
            reload(stage.clinic.portal)
            crowd.wait_for(max(REQUESTS - len(crowd.answers), REQUESTS // 4))

    done = f"{', '.join(ROLLED)} ×2 restarted, the portal reloaded"
    measured = f"{len(crowd.failed())} of {len(crowd.answers)} failed ({done})"
    figure("rolling restart under load", must="no request fails", measured=measured)
    assert crowd.failed() == []


@pytest.mark.fault
def test_the_load_notices_an_instance_that_is_killed(
    stage: Stage, auth: Flask, doctor: make.Person, tmp_path: Path, figure: Figure
) -> None:
    with twin(stage, "appointment", tmp_path) as second, Crowd(people(stage, auth, doctor)).going_on() as crowd:
        crowd.wait_for(REQUESTS // 4)
        second.kill()
        crowd.wait_for(100)

    figure("rolling restart under load", control=f"an instance killed instead: {len(crowd.failed())} failed")
    assert crowd.failed()
