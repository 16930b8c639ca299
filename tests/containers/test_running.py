"""How the clinic lives in containers: what it starts, what it may, how it heals, stops and keeps its data."""

import subprocess
import sys
from typing import Any

import pytest

from tests import make
from tests.containers.compose import PORTS, SECRETS, Compose, free_ports, service_of, until

pytestmark = pytest.mark.timeout(900)  # the first test here may wait for the images

PROGRAMS = {
    "auth-service": "auth_service",
    "appointment-service": "appointment_service",
    "prescription-service": "prescription_service",
    "portal": "portal",
}
WORKER = "appointment-worker"
HOLDERS = {
    "AUTH_SECRET_KEY": {"auth-migrate", "auth-service"},
    "APPOINTMENT_SECRET_KEY": {"appointment-migrate", "appointment-service", "appointment-worker"},
    "SERVICE_KEY": {"auth-service", "appointment-worker", "prescription-service"},
    "PRESCRIPTION_SECRET_KEY": {"prescription-migrate", "prescription-service"},
    "PORTAL_SECRET_KEY": {"portal"},
    "POSTGRES_PASSWORD": {"postgres", "provision"},
    "AUTH_DATABASE_PASSWORD": {"provision", "auth-migrate", "auth-service"},
    "APPOINTMENT_DATABASE_PASSWORD": {"provision", "appointment-migrate", "appointment-service", "appointment-worker"},
    "PRESCRIPTION_DATABASE_PASSWORD": {"provision", "prescription-migrate", "prescription-service"},
}
KILL_THE_SERVER = """
import os, pathlib, signal
for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
    pid, _, rest = stat.read_text().partition(" ")
    if rest.rpartition(")")[2].split()[1] == "1" and int(pid) != os.getpid():
        os.kill(int(pid), signal.SIGKILL)
"""


def secrets_of(project: Compose) -> dict[str, str]:
    lines = project.env_file.read_text().splitlines()
    return {name: value for name, _, value in (line.partition("=") for line in lines) if name in SECRETS}


def sign_in(clinic: Compose, email: str = "maya@example.com") -> Any:
    account = {"email": email, "password": "TestPass123"}
    return clinic.http.post(f"{clinic.url('auth-service')}/auth/login", json=account, timeout=10)


def test_auth_alone_brings_what_it_needs(brought_by_auth: set[str]) -> None:
    assert brought_by_auth == {"postgres", "provision", "auth-migrate", "auth-service"}


def test_one_shots_end_well(containers: Compose) -> None:
    once = [each for each in containers.containers() if service_of(each) not in {*PORTS, WORKER}]

    assert {service_of(each): each["State"]["ExitCode"] for each in once} == {
        "provision": 0,
        "auth-migrate": 0,
        "appointment-migrate": 0,
        "prescription-migrate": 0,
    }


def test_nobody_is_root_and_nothing_can_be_written(containers: Compose) -> None:
    for each in containers.containers(*PORTS, WORKER):
        told = subprocess.run(
            ["docker", "top", each["Id"], "-eo", "pid,uid"], check=True, capture_output=True, text=True
        )
        assert "0" not in [line.split()[1] for line in told.stdout.splitlines()], told.stdout
    for service in (*PROGRAMS, WORKER):
        assert "Read-only file system" in containers.inside(service, "sh", "-c", "touch /here 2>&1 || true")
    for each in containers.containers():
        assert each["HostConfig"]["CapDrop"] == ["ALL"]
        assert "no-new-privileges:true" in each["HostConfig"]["SecurityOpt"]
        assert each["HostConfig"]["ReadonlyRootfs"]


@pytest.mark.parametrize("service", PROGRAMS)
def test_an_image_carries_its_own_package_and_the_chassis(containers: Compose, service: str) -> None:
    carried = containers.inside(service, "ls", "-A", "/app").split()

    of_its_own = {"templates", "static"} if service == "portal" else set()
    assert set(carried) == {"chassis", PROGRAMS[service]} | of_its_own


def test_secrets_are_in_no_image_and_only_where_they_are_needed(containers: Compose) -> None:
    values = secrets_of(containers)
    found = containers.containers()
    images = {each["Image"] for each in found}
    told = subprocess.run(["docker", "inspect", *images], check=True, capture_output=True, text=True).stdout
    histories = [
        subprocess.run(["docker", "history", "--no-trunc", image], check=True, capture_output=True, text=True).stdout
        for image in images
    ]

    assert not [name for name, value in values.items() if value in told + "".join(histories)]
    held = {
        name: {service_of(each) for each in found if any(value in line for line in each["Config"]["Env"])}
        for name, value in values.items()
    }
    assert held == HOLDERS


def test_published_on_this_machine_only(containers: Compose) -> None:
    published = {
        binding["HostIp"]
        for each in containers.containers(*PORTS)
        for bindings in each["HostConfig"]["PortBindings"].values()
        for binding in bindings
    }

    assert published == {"127.0.0.1"}


@pytest.mark.parametrize("service", PROGRAMS)
def test_only_its_own_hosts_are_answered_to(containers: Compose, service: str) -> None:
    def status(host: str) -> int:
        answer = containers.http.get(f"{containers.url(service)}/health", headers={"Host": host}, timeout=10)
        return int(answer.status_code)

    until(lambda: containers.healthy(service))
    assert [status(host) for host in ("localhost", "localhost:8000", service, "elsewhere.example")] == [
        200,
        200,
        200,
        400,
    ]


TRY = """
import json, sys, urllib.request
from urllib.error import HTTPError
body = json.dumps({"email": "nobody@example.com", "password": "WrongPass123"}).encode()
for n in range(6):
    headers = {"Content-Type": "application/json", "X-Forwarded-For": f"198.51.100.{n}"}
    try:
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
            urllib.request.Request(sys.argv[1] + "/auth/login", body, headers)
        )
    except HTTPError as refused:
        print(refused.code)
"""


def test_neighbours_are_believed_about_where_a_request_comes_from_and_nobody_else(containers: Compose) -> None:
    until(lambda: containers.healthy("auth-service"))
    through_the_port = subprocess.run(
        [sys.executable, "-c", TRY, containers.url("auth-service")], check=True, capture_output=True, text=True
    ).stdout
    from_a_neighbour = containers.inside("portal", "python", "-c", TRY, "http://auth-service:8001")

    assert through_the_port.split() == ["401"] * 5 + ["429"]
    assert from_a_neighbour.split() == ["401"] * 6


def test_a_killed_service_comes_back(containers: Compose) -> None:
    containers.inside("auth-service", "python", "-c", KILL_THE_SERVER, check=False)

    until(lambda: containers.containers("auth-service")[0]["RestartCount"], 20)
    until(lambda: containers.healthy("auth-service"), 20)
    assert sign_in(containers).status_code == 200


def test_a_database_that_broke_off_comes_back(containers: Compose) -> None:
    containers.run("exec", "-T", "--user", "postgres", "postgres", "sh", "-c", "kill -QUIT 1", check=False)

    until(lambda: containers.containers("postgres")[0]["RestartCount"], 20)
    until(lambda: containers.healthy("auth-service"), 20)
    assert sign_in(containers).status_code == 200


def test_letters_leave_also_after_that(containers: Compose) -> None:
    patient = {"Authorization": f"Bearer {sign_in(containers).json()['access_token']}"}
    appointments = containers.url("appointment-service")
    until(lambda: containers.healthy("appointment-service"), 20)
    days = {"doctor_id": "any", "from": make.clinic_day(7).isoformat(), "to": make.clinic_day(14).isoformat()}
    found = containers.http.get(f"{appointments}/slots", params=days, headers=patient, timeout=10).json()
    slot = next(slot for day in found["days"] for slot in day["slots"])
    wish = {"doctor_id": slot["doctor_ids"][0], "appointment_time": slot["start"]}
    booked = containers.http.post(f"{appointments}/appointments", json=wish, headers=patient, timeout=10)
    assert booked.status_code == 201, booked.text

    def letters() -> str:
        return containers.inside(WORKER, "sh", "-c", "cat /tmp/mail/*", check=False)

    until(lambda: "Your appointment is booked" in letters())


def test_stopping_is_orderly_and_data_stays(containers: Compose) -> None:
    account = {"email": "kept@example.com", "password": "TestPass123", "role": "patient"}
    names = {"first_name": "Kim", "last_name": "Kept"}
    url = f"{containers.url('auth-service')}/auth/register"
    assert containers.http.post(url, json=account | names, timeout=10).status_code == 201

    containers.run("stop")
    codes = {service_of(each): each["State"]["ExitCode"] for each in containers.containers(*PORTS, WORKER)}
    containers.run("down")
    containers.up("auth-service")

    assert codes.pop(WORKER) in {0, 143}, codes  # by the signal itself, where it was still starting
    assert set(codes.values()) == {0}, codes  # who is not done within the grace is killed, and ends with 137
    until(lambda: containers.healthy("auth-service"))
    assert sign_in(containers, "kept@example.com").status_code == 200


def test_a_service_can_be_scaled_over_a_range_of_ports(containers: Compose) -> None:
    first, last = free_ports(2)
    containers.settings["APPOINTMENT_PORT"] = f"{first}-{last}"

    containers.up("--scale", "appointment-service=2", "appointment-service")

    for port in (first, last):
        containers.settings["APPOINTMENT_PORT"] = str(port)
        until(lambda: containers.healthy("appointment-service"), 20)
    containers.settings["APPOINTMENT_PORT"] = f"{first}-{last}"
