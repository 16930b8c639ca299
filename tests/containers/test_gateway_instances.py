"""Instances come, go, are killed and replaced under load, and nobody who asks notices."""

import subprocess
import sys

import pytest

from tests.containers.compose import until
from tests.containers.load import Ask, Load, under_way
from tests.containers.production import Production
from tests.figures import Figure
from tests.thorough import times

pytestmark = pytest.mark.timeout(1800)  # the first test here waits for the images
APPOINTMENT = "appointment-service"


def visits(production: Production) -> list[Ask]:
    """Reads, and writes that are refused for what they say: an instance answers each, and none changes anything."""
    maya = production.sign_in()
    api = "/api/appointment"
    return [
        Ask("GET", f"{api}/doctors", 200),
        Ask("GET", f"{api}/appointments", 200, maya),
        Ask("POST", f"{api}/appointments", 422, maya, {}),
        Ask("GET", "/doctors", 200),
        Ask("GET", f"{api}/visit-types", 200),
    ]


def known(production: Production) -> set[str]:
    """The addresses of the appointment service that the gateway spreads requests over."""
    pool = production.inside("gateway", "cat", "/tmp/gateway/appointment.pool")
    return {line.split()[1].split(":")[0] for line in pool.splitlines() if line.strip().startswith("server")}


def there(production: Production) -> set[str]:
    """The addresses that its running instances have."""
    network = f"{production.project}_clinic"
    found = production.containers(APPOINTMENT)
    return {each["NetworkSettings"]["Networks"][network]["IPAddress"] for each in found if each["State"]["Running"]}


def in_step(production: Production, count: int) -> bool:
    running = there(production)
    return len(running) == count and known(production) == running


def scale(production: Production, count: int) -> None:
    production.up("--no-deps", "--no-recreate", "--no-build", "--scale", f"{APPOINTMENT}={count}", APPOINTMENT)
    until(lambda: in_step(production, count), 120)


def more(load: Load, count: int) -> None:
    """Wait for so many more requests."""
    before = load.done
    until(lambda: load.done >= before + count, 1200)


def test_instances_that_come_and_go_are_noticed(production: Production) -> None:
    with under_way(production, lambda: visits(production), people=4) as load:
        more(load, 20)
        scale(production, 5)
        more(load, 20)
        scale(production, 2)
        more(load, 20)
        scale(production, 3)
        more(load, 20)

    assert load.failed == [], str(load)


@pytest.mark.fault
def test_a_killed_instance_costs_its_connections_one_request_each_at_most(
    production: Production, figure: Figure
) -> None:
    people = 4
    with under_way(production, lambda: visits(production), people) as load:
        for _ in range(times(1, 5)):
            more(load, 100)
            victim = production.containers(APPOINTMENT)[0]
            subprocess.run(["docker", "kill", victim["Id"]], check=True, capture_output=True)
            more(load, 200)
            subprocess.run(["docker", "start", victim["Id"]], check=True, capture_output=True)
            until(lambda: in_step(production, 3), 120)

    sys.stdout.write(f"killed: {load}\n")
    assert len(load.failed) <= people * times(1, 5), str(load)
    assert {said.split()[0] for said in load.failed} <= {"POST"}, str(load)  # what may be asked twice is
    measured = f"{len(load.failed)} of {load.done} failed"
    figure("instance killed behind the gateway", must="one request a connection at most", measured=measured)


@pytest.mark.fault
def test_a_rolling_restart_loses_no_request(production: Production, figure: Figure) -> None:
    before = {each["Id"] for each in production.containers(APPOINTMENT, "portal")}
    with under_way(production, lambda: visits(production), people=4) as load:
        more(load, 100)
        production.roll(*times_to_roll())
        more(load, 100)
        until(lambda: load.done >= times(500, 20_000), 3000)

    sys.stdout.write(f"rolling restart: {load}\n")
    assert not before & {each["Id"] for each in production.containers(*times_to_roll())}
    assert load.failed == [], str(load)
    figure("rolling restart behind the gateway", must="no request fails", measured=f"0 of {load.done} failed")


def times_to_roll() -> list[str]:
    """The appointment service, and with THOROUGH=1 every program that people reach."""
    everything = ["auth-service", APPOINTMENT, "prescription-service", "portal"]
    return everything if times(0, 1) else [APPOINTMENT]
