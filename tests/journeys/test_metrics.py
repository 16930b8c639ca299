"""Two workers of a program count as one, whichever of them is asked, and also when one dies."""

import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
import requests

from tests.containers.compose import until
from tests.scraped import scrape
from tests.servers import Clinic, Program

REQUESTS = 60
ROW = {"method": "GET", "route": "/.well-known/jwks.json", "status": "2xx"}
COUNT = "http_server_request_duration_seconds_count"


@pytest.fixture(scope="module")
def temporary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tmp")


@pytest.fixture(scope="module")
def auth_program(environment: dict[str, str], migrated: None, temporary: Path) -> Iterator[Program]:
    program = Program(
        "auth_service", {**environment, "WEB_CONCURRENCY": "2", "TMPDIR": str(temporary)}, temporary / "auth.log"
    )
    program.start()
    program.wait()
    yield program
    program.stop()


def workers(program: Program) -> list[psutil.Process]:
    assert program.process
    return psutil.Process(program.process.pid).children()


def ask(program: Program, _: int) -> int:
    return requests.get(f"{program.url}/.well-known/jwks.json", headers={"Connection": "close"}, timeout=10).status_code


def test_both_workers_count_together_and_lose_nothing_with_one_of_them(auth_program: Program, temporary: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda n: ask(auth_program, n), range(REQUESTS))) == {200}
    assert [scrape(auth_program.url).value(COUNT, **ROW) for _ in range(6)] == [REQUESTS] * 6

    (folder,) = temporary.glob("clinic-metrics-*")
    first = workers(auth_program)[0]
    assert (folder / f"gauge_livesum_{first.pid}.db").exists()
    first.send_signal(signal.SIGKILL)
    until(lambda: len(workers(auth_program)) == 2 and not first.is_running(), 20)
    until(lambda: not (folder / f"gauge_livesum_{first.pid}.db").exists(), 20)

    assert ask(auth_program, 0) == 200
    found = scrape(auth_program.url)
    assert found.value(COUNT, **ROW) == REQUESTS + 1
    assert found.value("http_server_active_requests") == 1
    assert found.value("db_client_connection_count") == 0


def test_the_figures_are_kept_from_others_and_end_with_the_program(auth_program: Program, temporary: Path) -> None:
    (folder,) = temporary.glob("clinic-metrics-*")
    assert folder.stat().st_mode & 0o777 == 0o700

    auth_program.stop()
    assert list(temporary.glob("clinic-metrics-*")) == []

    auth_program.start()
    auth_program.wait()
    assert scrape(auth_program.url).value(COUNT, **ROW) == 0


def test_every_program_is_measured(clinic: Clinic) -> None:
    for program in (clinic.portal, clinic.auth, clinic.appointment, clinic.prescription):
        found = scrape(program.url)
        assert found.value("http_server_active_requests") >= 1  # neighbours ask too
        assert found.value("clinic_build_info", program=program.package.removesuffix("_service")) == 1
