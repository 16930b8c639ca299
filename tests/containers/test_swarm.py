"""The same compose files as a Docker Swarm stack: three instances of a service, rolled under load, and one killed."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests

from tests import make, thorough
from tests.containers.compose import FILE, ROOT, SETTINGS, missing, until
from tests.containers.conftest import some_network
from tests.containers.production import OVER, Production, prepared

pytestmark = pytest.mark.timeout(1800)  # waits for the images
APPOINTMENT = "appointment-service"
SERVICES = () if thorough.THOROUGH else ("gateway", "auth-service", APPOINTMENT)
"""Those that booking needs; with THOROUGH=1 all of them."""
IMAGES = ("gateway", "auth-service", APPOINTMENT, "prescription-service", *([] if SERVICES else ["portal"]))
"""What these are made of, and the migrations, which are run for all."""
BOOKED_EACH = 4
"""By each person; five may be to come."""


def docker(*arguments: str, check: bool = True) -> str:
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0 or not check, f"{arguments}: {done.stderr[-2000:]}"
    return done.stdout


@dataclass
class Stack(Production):
    """The three files as a stack."""

    files: tuple[Path, ...] = (FILE, OVER, ROOT / "deploy" / "swarm.yml")

    def deploy(self) -> None:
        """`deploy/swarm` as documented."""
        kept = {name: value for name, value in os.environ.items() if name not in SETTINGS}
        mine = {"STACK": self.project, "ENV_FILE": str(self.env_file), "RESOLVE_IMAGE": "never"}
        done = subprocess.run(
            [str(ROOT / "deploy" / "swarm"), *SERVICES],
            cwd=ROOT,
            env={**kept, **self.settings, **mine},
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
        )
        assert done.returncode == 0, f"{done.stdout[-1000:]}\n{done.stderr[-2000:]}"

    def instances(self, service: str) -> set[str]:
        """The running containers of a service."""
        label = f"com.docker.swarm.service.name={self.project}_{service}"
        return set(docker("ps", "-q", "--filter", f"label={label}").split())

    def pool(self) -> set[str]:
        """The instances that the gateway spreads calls of the appointment service over."""
        (gateway,) = self.instances("gateway")
        told = docker("exec", gateway, "cat", "/tmp/gateway/appointment.pool")
        return {line.split()[1] for line in told.splitlines() if line.strip().startswith("server ")}

    def remove(self) -> None:
        """Containers, networks, secrets, data and images of this stack."""
        docker("stack", "rm", self.project, check=False)
        mine = ("--filter", f"label=com.docker.stack.namespace={self.project}")
        until(lambda: not docker("ps", "-q", *mine), 90)
        if left := docker("ps", "-aq", *mine).split():
            docker("rm", "-f", "-v", *left, check=False)
        for volume in docker("volume", "ls", "-q", *mine).split():
            docker("volume", "rm", volume, check=False)
        docker("rmi", "-f", *(f"{self.settings['REGISTRY']}/{each}" for each in images_of(self)), check=False)


def images_of(stack: Stack) -> list[str]:
    return [f"{each.removesuffix('-service')}:{version}" for each in IMAGES for version in (1, 2)]


@pytest.fixture(scope="module")
def swarm() -> Iterator[None]:
    """This engine as a swarm of one, as it was found afterwards."""
    if reason := missing():
        pytest.skip(f"Swarm: {reason}")
    mine = "active" not in docker("info", "--format", "{{.Swarm.LocalNodeState}}").split()
    if mine:
        docker("swarm", "init", "--advertise-addr", "127.0.0.1")
    yield
    if mine:
        docker("swarm", "leave", "--force")


@pytest.fixture(scope="module")
def stack(swarm: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The stack with the demo's people, and a second version of its images that is the same as the first."""
    made = prepared(tmp_path_factory.mktemp("swarm"), some_network())
    stack = Stack(made.env_file, {**made.settings, "VERSION": "1"})
    stack.settings["REGISTRY"] = stack.project
    stack.run("build", *IMAGES)
    for image in images_of(stack)[::2]:
        docker("tag", f"{stack.project}/{image}", f"{stack.project}/{image[:-1]}2", check=False)
    try:
        stack.deploy()
        until(lambda: stack.get("/api/appointment/doctors").status_code == 200 and len(stack.pool()) == 3, 120)
        yield stack
    finally:
        stack.remove()


def signed_in(stack: Stack, account: dict[str, str]) -> str:
    """An access token. The one auth instance checks two passwords at once, and says 503 to a third."""

    def token() -> str:
        answer = stack.http.post(f"{stack.base}/api/auth/auth/login", json=account, timeout=60)
        assert answer.status_code in {200, 503}, answer.text
        return str(answer.json().get("access_token", ""))

    return until(token)


@dataclass
class Person:
    """A patient who books one time after the other, each with a key of its own, and looks at them in between."""

    stack: Stack
    slots: list[dict[str, Any]]
    token: str = ""
    asked: int = 0
    failed: list[str] = field(default_factory=list)
    booked: set[str] = field(default_factory=set)
    keys: list[str] = field(default_factory=lambda: [uuid4().hex for _ in range(BOOKED_EACH)])

    def __post_init__(self) -> None:
        self.http = requests.Session()
        self.http.trust_env, self.http.verify = False, self.stack.http.verify
        account = {"email": f"{uuid4().hex}@example.com", "password": "TestPass123"}
        names = {"first_name": "Sam", "last_name": "Patient", "role": "patient"}
        until(lambda: self._ask("POST", "/api/auth/auth/register", {**account, **names}).status_code in {201, 409})
        self.token = signed_in(self.stack, account)

    def _ask(self, method: str, path: str, json: Any = None, key: str = "") -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        headers |= {"Idempotency-Key": key} if key else {}
        return self.http.request(method, self.stack.base + path, json=json, headers=headers, timeout=60)

    def step(self, wish: int) -> None:
        """Look, then ask for the wish of that number; whoever asks for it again is told of the same appointment."""
        slot = self.slots[wish]
        booking = {"doctor_id": slot["doctor_ids"][0], "appointment_time": slot["start"]}
        for method, json, key in (("GET", None, ""), ("POST", booking, self.keys[wish])):
            self.asked += 1
            try:
                answer = self._ask(method, "/api/appointment/appointments", json, key)
            except requests.RequestException as error:
                self.failed.append(f"{method} {type(error).__name__}")
                continue
            if answer.status_code != (201 if json else 200):
                self.failed.append(f"{method} {answer.status_code} {answer.text[:200]}")
            elif json:
                self.booked.add(answer.json()["id"])

    def listed(self) -> set[str]:
        """The appointments there are."""
        return {each["id"] for each in self._ask("GET", "/api/appointment/appointments").json()["items"]}


@dataclass
class Load:
    """Everybody together."""

    people: list[Person]
    wish: int = 0

    @property
    def asked(self) -> int:
        return sum(person.asked for person in self.people)

    @property
    def failed(self) -> list[str]:
        return [said for person in self.people for said in person.failed]

    def more(self, count: int) -> None:
        """Wait for so many more requests."""
        before = self.asked
        until(lambda: self.asked >= before + count, 900)


@contextmanager
def under_way(stack: Stack, count: int) -> Iterator[Load]:
    """So many people go on asking while the block runs; `wish` is what they book now. Afterwards each is there once."""
    slots = free_times(stack)
    load, stop = Load([Person(stack, slots[n::count][:BOOKED_EACH]) for n in range(count)]), threading.Event()

    def go_on(person: Person) -> None:
        while not stop.is_set():
            person.step(load.wish)

    with ThreadPoolExecutor(count) as pool:
        running = [pool.submit(go_on, person) for person in load.people]
        try:
            yield load
        finally:
            stop.set()
    for each in running:
        each.result()
    for person in load.people:
        listed = person.listed()
        assert person.booked <= listed
        assert len(listed) <= load.wish + 1, "a time that was asked for again was booked again"
    assert sum(len(person.booked) for person in load.people) > count


def free_times(stack: Stack) -> list[dict[str, Any]]:
    """Times of different doctors or hours; no two of them meet."""
    token = signed_in(stack, {"email": "maya@example.com", "password": "TestPass123"})
    maya = {"Authorization": f"Bearer {token}"}
    days = f"doctor_id=any&from={make.clinic_day(7).isoformat()}&to={make.clinic_day(20).isoformat()}"
    found = stack.get(f"/api/appointment/slots?{days}", headers=maya).json()["days"]
    return [slot for day in found for slot in day["slots"][::3]]


def test_a_new_version_rolls_in_and_no_request_is_lost(stack: Stack) -> None:
    before = stack.instances(APPOINTMENT)
    with under_way(stack, 4) as load:
        load.more(thorough.times(20, 2_000))
        load.wish = 1
        image = f"{stack.project}/appointment:2"
        docker("service", "update", "--quiet", "--no-resolve-image", "--image", image, f"{stack.project}_{APPOINTMENT}")
        load.wish = 2
        until(lambda: len(stack.pool()) == 3 and len(stack.instances(APPOINTMENT)) == 3, 120)
        load.more(thorough.times(20, 2_000))

    sys.stdout.write(f"rolled: {len(load.failed)} of {load.asked} failed\n")
    assert len(before) == 3
    assert not before & stack.instances(APPOINTMENT)
    assert load.failed == []


def test_a_killed_instance_costs_each_connection_one_request_at_most_and_is_replaced(stack: Stack) -> None:
    victim = sorted(stack.instances(APPOINTMENT))[0]
    with under_way(stack, 4) as load:
        load.more(20)
        load.wish = 1
        docker("kill", "--signal", "KILL", victim)
        load.more(20)
        until(lambda: len(stack.instances(APPOINTMENT)) == len(stack.pool()) == 3, 120)
        load.wish = 2
        load.more(thorough.times(20, 2_000))

    sys.stdout.write(f"killed: {len(load.failed)} of {load.asked} failed: {load.failed}\n")
    assert victim not in stack.instances(APPOINTMENT)
    assert len(load.failed) <= 4
    assert {said.split()[0] for said in load.failed} <= {"POST"}  # what may be asked twice is
