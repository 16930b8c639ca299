"""What programs count, in this process: what is a row, what is none, and that the figures are right."""

import io
import logging
import re
import time
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from flask import Flask
from prometheus_client.metrics_core import Metric

from chassis import metrics, web
from chassis.breaker import Breaker
from chassis.client import ServiceClient
from chassis.errors import Unavailable
from chassis.settings import Settings
from tests import make
from tests.api import Api
from tests.chassis.conftest import Service
from tests.scraped import scrape
from tests.servers import free_port

COUNT = "http_server_request_duration_seconds_count"
ACTIONS = "clinic_actions_total"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    logger, stream = logging.getLogger("chassis"), io.StringIO()
    before = logger.handlers[0].setStream(stream)  # type: ignore[attr-defined]
    yield stream
    logger.handlers[0].setStream(before)  # type: ignore[attr-defined]


def test_every_program_tells_what_it_is(services: list[Service], portal: Flask, root: Path) -> None:
    version = tomllib.loads((root / "pyproject.toml").read_text())["project"]["version"]
    for name, app in [*((service.name, service.app) for service in services), ("portal", portal)]:
        assert scrape(app).value("clinic_build_info", program=name, version=version) == 1


def test_a_request_is_counted_by_its_route_whatever_the_ids(appointment: Flask, auth: Flask) -> None:
    patient, doctor = make.person(auth), make.doctor(auth, appointment)
    booked = make.appointment(appointment, patient, doctor)
    row = {"method": "GET", "route": "/appointments/<id:appointment_id>"}
    before = scrape(appointment)

    Api(appointment, patient.token).get(f"/appointments/{booked['id']}")
    Api(appointment, patient.token).get(f"/appointments/{doctor.id}", expect=404)

    after = scrape(appointment)
    for status in ("2xx", "4xx"):
        assert after.value(COUNT, status=status, **row) == before.value(COUNT, status=status, **row) + 1


def test_what_strangers_make_up_is_one_row(services: list[Service]) -> None:
    for service in services:
        for made_up in ("/nothing", "/wp-login.php", f"/{make.PASSWORD}", "/%ff"):
            for method in ("GET", "BREW", "PROPFIND"):
                Api(service.app).send(method, made_up)

        found = [row for row in scrape(service.app).labels(COUNT) if row["route"] == metrics.UNKNOWN]
        assert {row["method"] for row in found} <= {*metrics.METHODS, "other"}
        assert {row["status"] for row in found} <= {"4xx"}


def test_no_row_holds_an_id_or_what_somebody_sent(
    services: list[Service], doctor: make.Person, auth: Flask, appointment: Flask
) -> None:
    patient = make.person(auth)
    make.appointment(appointment, patient, make.doctor(auth, appointment))
    for service in services:
        service.read(doctor.token)
        service.write(doctor.token, json={**service.valid, "odd": "Kanarienvogel"})
        for row in (row for name in scrape(service.app).names for row in scrape(service.app).labels(name)):
            said = " ".join(row.values())
            assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}|@|Kanarienvogel", said), row


def test_what_is_done_and_what_is_refused_are_counted_by_code(appointment: Flask, auth: Flask) -> None:
    patient, other, doctor = make.person(auth), make.person(auth), make.doctor(auth, appointment)
    before = scrape(appointment)

    make.appointment(appointment, patient, doctor, at=make.time(9))
    wish = make.wish(doctor.id, at=make.time(9))
    Api(appointment, other.token).post("/appointments", json=wish, expect=409)
    Api(appointment, doctor.token).post("/appointments", json=wish, expect=403)

    after = scrape(appointment)
    for outcome in ("done", "slot-taken", "forbidden"):
        row = {"action": "appointment.book", "outcome": outcome}
        assert after.value(ACTIONS, **row) == before.value(ACTIONS, **row) + 1, outcome


def test_a_booking_that_is_sent_twice_is_counted_once(appointment: Flask, auth: Flask) -> None:
    patient, doctor = make.person(auth), make.doctor(auth, appointment)
    before = scrape(appointment)

    for _ in range(2):
        headers = {"Idempotency-Key": "twice"}
        wish = make.wish(doctor.id, at=make.time(9))
        Api(appointment, patient.token).post("/appointments", json=wish, expect=201, headers=headers)

    row = {"action": "appointment.book", "outcome": "done"}
    assert scrape(appointment).value(ACTIONS, **row) == before.value(ACTIONS, **row) + 1


def test_sign_ins_are_counted_by_what_became_of_them(auth: Flask) -> None:
    person = make.person(auth)
    before = scrape(auth)

    Api(auth).post("/auth/login", json={"email": person.email, "password": make.PASSWORD})
    Api(auth).post("/auth/login", json={"email": person.email, "password": "not this one"}, expect=401)

    for outcome in ("done", "invalid-credentials"):
        row = {"action": "session.begin", "outcome": outcome}
        assert scrape(auth).value(ACTIONS, **row) == before.value(ACTIONS, **row) + 1


def test_a_draft_is_no_signed_prescription(prescription: Flask, auth: Flask, appointment: Flask) -> None:
    patient, doctor = make.person(auth), make.doctor(auth, appointment)
    booked = make.appointment(appointment, patient, doctor)
    before = scrape(prescription)

    wish = {"appointment_id": booked["id"], "medicines": [make.MEDICINE]}
    Api(prescription, doctor.token).post("/prescriptions", json={**wish, "status": "draft"}, expect=201)
    make.prescription(prescription, doctor, booked["id"])

    for action in ("draft.write", "prescription.write"):
        row = {"action": action, "outcome": "done"}
        assert scrape(prescription).value(ACTIONS, **row) == before.value(ACTIONS, **row) + 1


def test_a_scrape_sees_itself_under_way_and_nothing_else(services: list[Service], doctor: make.Person) -> None:
    for service in services:
        service.read(doctor.token)
        service.read(None)
        assert scrape(service.app).value("http_server_active_requests") == 1


def test_connections_in_use_and_waits_for_one_are_told(appointment: Flask, doctor: make.Person) -> None:
    from appointment_service.models import db

    with appointment.app_context(), ExitStack() as held:
        db.engine.dispose()
        before = scrape(appointment)
        for _ in range(5):
            held.enter_context(db.engine.connect())
        assert Api(appointment, doctor.token).send("GET", "/appointments").status_code == 503
        full = scrape(appointment)
    after = scrape(appointment)

    assert full.value("db_client_connection_max") == 5
    used, waits, timeouts = (f"db_client_connection_{which}" for which in ("count", "waits_total", "timeouts_total"))
    assert full.value(used) == before.value(used) + 5
    assert after.value(used) == before.value(used)
    assert full.value(waits) > before.value(waits)
    assert full.value(timeouts) > before.value(timeouts)


def test_calls_of_a_neighbour_are_counted_by_what_came_of_them(auth: Flask, appointment: Flask) -> None:
    reach = appointment.extensions["in_step"].auth
    nobody = ServiceClient("nobody", f"http://127.0.0.1:{free_port()}")
    name = "http_client_request_duration_seconds_count"
    before = scrape(appointment)

    reach.request("GET", "/auth/verified-doctors")
    with pytest.raises(Exception, match=r"."):
        reach.request("GET", "/nothing")
    with pytest.raises(Unavailable):
        nobody.request("GET", "/")

    after = scrape(appointment)
    for neighbour, outcome in (("auth", "answered"), ("auth", "refused"), ("nobody", "unavailable")):
        row = {"neighbour": neighbour, "outcome": outcome}
        assert after.value(name, **row) == before.value(name, **row) + 1


def test_a_breaker_says_while_it_is_open(appointment: Flask) -> None:
    breaker = Breaker("somebody")

    def out() -> None:
        raise Unavailable

    for _ in range(Breaker.FAILURES):
        with pytest.raises(Unavailable):
            breaker.call(out)
    assert scrape(appointment).value("clinic_breaker_open", neighbour="somebody") == 1

    time.sleep(Breaker.PAUSE)
    breaker.call(lambda: None)
    assert scrape(appointment).value("clinic_breaker_open", neighbour="somebody") == 0


def test_when_the_list_of_revocations_was_read_is_told(appointment: Flask, fresh_list: None) -> None:
    assert scrape(appointment).value("clinic_revocations_read_timestamp_seconds") == pytest.approx(time.time(), abs=30)


def test_an_instance_tells_of_itself_by_whatever_name_it_is_called() -> None:
    app = Flask("called")
    web.prepare(app, "called", Settings(trusted_hosts=["clinic.example"]))

    def ask(path: str) -> int:
        return app.test_client().get(path, headers={"Host": "10.0.0.7:8001"}).status_code

    assert {path: ask(path) for path in web.ABOUT_INSTANCES} == dict.fromkeys(web.ABOUT_INSTANCES, 200)
    assert ask("/health") == 400
    assert app.test_client().get("/health", headers={"Host": "clinic.example"}).status_code == 200


def test_figures_that_cannot_be_found_leave_the_others_there(appointment: Flask, log: io.StringIO) -> None:
    def ask() -> list[object]:
        raise LookupError("Kanarienvogel")

    broken = metrics.Computed(ask)  # type: ignore[arg-type]

    text = metrics.exposition([broken]).decode()

    assert COUNT in text
    assert '"error": "LookupError"' in log.getvalue()
    assert "Kanarienvogel" not in log.getvalue()


def test_what_is_asked_for_is_asked_once_in_a_while() -> None:
    asked: list[int] = []

    def ask() -> list[Metric]:
        asked.append(1)
        return []

    found = metrics.Computed(ask)

    for _ in range(3):
        list(found.collect())

    assert len(asked) == 1


def test_a_scrape_is_a_detail_in_the_log(appointment: Flask, log: io.StringIO) -> None:
    scrape(appointment)

    assert log.getvalue() == ""
