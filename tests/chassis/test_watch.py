"""What a worker does beside its requests: chores that are run again and again, whatever happens to one of them."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from flask import Flask, current_app

from chassis import watch
from chassis.watch import Watch
from tests.servers import Clinic

SOON = 10.0


@pytest.fixture
def app() -> Iterator[Flask]:
    app = Flask(__name__)
    watch.attach(app)
    app.add_url_rule("/", view_func=lambda: "here")
    yield app
    app.extensions["watch"].stop()
    until(lambda: running() == 0)


def until(so: Callable[[], object]) -> None:
    deadline = time.monotonic() + SOON
    while not so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def running() -> int:
    return sum(thread.name == "watch" for thread in threading.enumerate())


def test_a_chore_is_run_again_and_again_inside_the_application(app: Flask) -> None:
    seen: list[Flask] = []
    watched: Watch = app.extensions["watch"]
    watched.add(lambda: seen.append(current_app._get_current_object()), every=0.01)  # type: ignore[attr-defined]

    watched.start()

    until(lambda: len(seen) > 3)
    assert set(seen) == {app}


def test_a_chore_that_fails_is_tried_again_and_stops_no_other(app: Flask) -> None:
    tries: list[int] = []
    done: list[int] = []
    watched: Watch = app.extensions["watch"]

    def fails() -> None:
        tries.append(1)
        raise RuntimeError("out")

    watched.add(fails, every=0.01)
    watched.add(lambda: done.append(1), every=0.01)

    watched.start()

    until(lambda: len(tries) > 3 and len(done) > 3)


def test_a_chore_that_hangs_holds_up_no_other_and_no_start(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Watch, "BEGIN_WITHIN", 0.1)
    hang, done = threading.Event(), []
    watched: Watch = app.extensions["watch"]
    watched.add(lambda: hang.wait(SOON))
    watched.add(lambda: done.append(1), every=0.01)

    watched.start()

    until(lambda: len(done) > 3)
    assert not hang.is_set()
    hang.set()


def test_a_first_request_finds_each_chore_done_once(app: Flask) -> None:
    done: list[int] = []
    watched: Watch = app.extensions["watch"]
    watched.add(lambda: done.append(1))

    watched.start()

    assert done == [1]


def test_a_process_has_one_watch_and_it_ends(app: Flask) -> None:
    watched: Watch = app.extensions["watch"]
    watched.add(lambda: None)
    for _ in range(5):
        watched.start()
    assert running() == 1

    watched.stop()

    until(lambda: running() == 0)


def test_the_first_request_of_a_server_starts_it_and_that_of_a_test_does_not(app: Flask) -> None:
    app.extensions["watch"].add(lambda: None)

    app.test_client().get("/")
    assert running() == 0

    app.test_client().get("/", environ_base={"SERVER_SOFTWARE": "some/1.0"})
    assert running() == 1


def test_a_worker_stops_without_waiting_for_its_chores(clinic: Clinic) -> None:
    """The services' chores run every other second; auth is out, so that they also hang and fail."""
    clinic.auth.stop()
    try:
        clinic.appointment.stop()
        said = clinic.appointment.log.read_text()
        assert "Traceback" not in said
        assert "Fatal" not in said
    finally:
        for program in (clinic.auth, clinic.appointment):
            program.start()
            program.wait()
