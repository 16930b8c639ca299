"""`make run`, really run: what it prints, heals and leaves. The tests share one copy and follow its life in order."""

import signal
import socket
import subprocess
from collections.abc import Iterator

import pytest
import requests
from playwright.sync_api import Browser

from tests.development.running import Checkout, until
from tests.journeys import walk
from tests.mailbox import Mailbox


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    checkout = Checkout(tmp_path_factory.mktemp("run") / "a clinic")
    try:
        checkout.start()
        yield checkout
    finally:
        checkout.remove()


def restarted(clinic: Checkout) -> Checkout:
    if clinic.run is None or clinic.run.poll() is not None:
        clinic.start()
    until(clinic.healthy)
    return clinic


def test_the_address_and_the_demo_sign_ins_are_printed(clinic: Checkout) -> None:
    said = clinic.said()

    assert f"http://127.0.0.1:{clinic.ports['PORTAL_PORT']}" in said
    for email in ("maya@example.com", "dr.okafor@example.com", "admin@example.com"):
        line = next(line for line in said.splitlines() if email in line)
        assert "TestPass123" in line
        assert clinic.sign_in(email).status_code == 200
    assert len(said.splitlines()) < 20


@pytest.mark.timeout(180)
def test_a_patient_books_and_a_doctor_prescribes(clinic: Checkout, browser: Browser) -> None:
    paper = walk.visit(browser, f"http://127.0.0.1:{clinic.ports['PORTAL_PORT']}")

    assert (paper.pages, paper.size) == (1, walk.A5)
    assert "LINDQVIST, Maya" in paper.text


def test_what_was_booked_is_confirmed_by_letter(clinic: Checkout) -> None:
    letters = Mailbox(clinic.place / "var" / "mail")

    subjects = until(lambda: [letter["Subject"] for letter in letters.letters("maya@example.com")])

    assert subjects == ["Your appointment is booked – Larkfield Clinic"]


def test_only_its_own_names_are_answered(clinic: Checkout) -> None:
    for program in ("auth", "appointment", "prescription", "portal"):
        answer = requests.get(clinic.url(program, "/health"), headers={"Host": "evil.test"}, timeout=10)
        assert answer.status_code == 400


def test_secrets_are_readable_by_their_owner_only(clinic: Checkout) -> None:
    kept = clinic.place / "var" / "secrets.json"

    assert kept.stat().st_mode & 0o777 == 0o600
    assert (clinic.place / "var" / "log").stat().st_mode & 0o777 == 0o700


def test_a_second_run_in_the_same_checkout_is_refused(clinic: Checkout) -> None:
    second = subprocess.run(**clinic.command("development.run"), capture_output=True, text=True, timeout=30)

    assert second.returncode == 1
    assert f"already running from here (process {clinic.run.pid})" in second.stdout
    assert clinic.healthy()


@pytest.mark.parametrize("part", ["auth", "portal", "appointment-worker", "postgres", "guard", "supervisor"])
def test_a_killed_part_comes_back(clinic: Checkout, part: str) -> None:
    restarted(clinic)

    killed = clinic.kill(part)

    until(lambda: clinic.pid(part) not in (None, killed))
    until(clinic.healthy)
    assert until(lambda: clinic.sign_in().status_code == 200)


def test_term_leaves_no_process_and_the_next_run_has_the_data(clinic: Checkout) -> None:
    restarted(clinic)
    person = {"email": "kept@example.com", "password": "TestPass123", "role": "patient"}
    person |= {"first_name": "Kim", "last_name": "Kept"}
    made = requests.post(clinic.url("auth", "/auth/register"), json=person, timeout=10)

    status = clinic.stop(signal.SIGTERM)
    left = clinic.processes()
    clinic.start()

    assert made.status_code == 201
    assert status == 0
    assert left == []
    assert clinic.sign_in("kept@example.com").status_code == 200
    assert "Preparing" not in clinic.said()


def test_a_backup_taken_while_it_runs_comes_back_beside_what_was_there(clinic: Checkout) -> None:
    restarted(clinic)
    assert backup(clinic, "take").returncode == 0
    (copy,) = (clinic.place / "backups" / "daily").glob("*.dump")
    person = {"email": "later@example.com", "password": "TestPass123", "role": "patient"}
    requests.post(clinic.url("auth", "/auth/register"), json=person | {"first_name": "L", "last_name": "L"}, timeout=10)

    running = backup(clinic, "restore", str(copy), "1")
    clinic.stop()
    not_empty = backup(clinic, "restore", str(copy))
    restored = backup(clinic, "restore", str(copy), "1")
    left = clinic.processes()
    clinic.start()

    assert "is already running" in running.stdout
    assert "overwrites nothing" in not_empty.stderr
    assert restored.returncode == 0, restored.stderr
    assert left == []
    assert clinic.sign_in("maya@example.com").status_code == 200
    assert clinic.sign_in("later@example.com").status_code == 401


def backup(clinic: Checkout, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = clinic.command("development.backup", *arguments)
    return subprocess.run(**command, capture_output=True, text=True, check=False)  # type: ignore[call-overload,no-any-return]


def test_a_killed_runner_takes_everything_with_it(clinic: Checkout) -> None:
    restarted(clinic)

    clinic.stop(signal.SIGKILL)

    assert until(lambda: clinic.processes() == [])


def test_a_start_after_everything_was_killed_heals_and_keeps_the_data(clinic: Checkout) -> None:
    restarted(clinic)
    for part in ("guard", "supervisor"):
        clinic.kill(part)
    clinic.stop(signal.SIGKILL)  # leaves the programs and the database without anybody to stop them

    clinic.start()

    assert clinic.healthy()
    assert clinic.sign_in("kept@example.com").status_code == 200


def test_a_taken_port_is_named_with_its_setting(clinic: Checkout) -> None:
    if clinic.run.poll() is None:
        clinic.stop()
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", clinic.ports["AUTH_PORT"]))
        holder.listen()
        refused = subprocess.run(**clinic.command("development.run"), capture_output=True, text=True, timeout=30)

    assert refused.returncode == 1
    assert f"Port {clinic.ports['AUTH_PORT']} (AUTH_PORT) is taken by" in refused.stdout
    assert clinic.processes() == []
