"""The list of revocations in a service: who is on it gets no further, and when it is old the auth service is asked."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask

from appointment_service import create_app
from appointment_service.settings import AppointmentSettings
from auth_service import models, revocations
from chassis import tokens
from chassis.breaker import Breaker
from chassis.client import ServiceClient
from chassis.errors import Refusal, TokenRevoked, Unavailable
from chassis.identity import Principal
from chassis.revocations import Revocations
from tests import make
from tests.api import Api
from tests.chassis.conftest import outcome
from tests.chassis.forge import forger
from tests.chassis.network import (
    Neighbour,
    Script,
    answer,
    client_of,
    drips,
    hangs_up,
    is_silent,
    neighbour,
    says,
)

REVOKED = (401, "token-revoked")
OUT = (503, "unavailable")
SOON = 10.0
DONE = (200, "-")
ABOUT = {"specialty": "Surgery"}


class Auth:
    """An auth service on a real socket: the answers of the real one, or any others by the path that is asked."""

    def __init__(self, real: Flask) -> None:
        self._real = Api(real)
        self.instead: dict[bytes, Script] = {}
        self.out: Script | None = None

    def __call__(self, connection: Any, request: bytes) -> None:
        path = request.split(b" ", 2)[1]
        script = self.out or next((script for start, script in self.instead.items() if path.startswith(start)), None)
        if script is None:
            script = says(self._really(request))
        script(connection, request)

    def _really(self, request: bytes) -> bytes:
        head, _, body = request.partition(b"\r\n\r\n")
        method, path, _ = head.split(b" ", 2)
        given = {"data": body, "content_type": "application/json"} if body else {}
        told = self._real.client.open(path.decode(), method=method.decode(), **given)  # type: ignore[arg-type]
        return answer(told.get_data(), told.status, told.content_type)


@pytest.fixture
def there(auth: Flask) -> Iterator[tuple[Auth, Neighbour]]:
    script = Auth(auth)
    with neighbour(script) as running:
        yield script, running


@pytest.fixture
def service(environment: dict[str, str], there: tuple[Auth, Neighbour], migrated: None) -> Flask:
    """An appointment service that asks the auth service over a socket."""
    return create_app(AppointmentSettings(**environment), client_of("auth", there[1].url))


@pytest.fixture
def in_good_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine that is busy with other tests an answer may take longer than people are made to wait."""
    monkeypatch.setattr(Revocations, "ASK_TIMEOUT", SOON)


def reads(service: Flask, who: make.Person) -> tuple[int, str]:
    return outcome(Api(service, who.token).send("GET", "/appointments"))


def writes(service: Flask, who: make.Person) -> tuple[int, str]:
    return outcome(Api(service, who.token).send("PUT", "/doctors/me", json=ABOUT))


def the_list(service: Flask) -> Revocations:
    found: Revocations = service.extensions["revocations"]
    return found


def asked(running: Neighbour) -> int:
    return sum(request.startswith(b"POST /auth/validate-token") for request in running.requests)


def session_of(auth: Flask, who: make.Person) -> UUID:
    return UUID(Api(auth).post("/auth/validate-token", json={"token": who.token})["sid"])


def change(auth: Flask, who: make.Person, do: Callable[[models.Person], object]) -> None:
    """Do something to a person's row, as a rule of the auth service does."""
    with auth.app_context():
        person = models.db.session.get_one(models.Person, UUID(who.id), with_for_update=True)
        do(person)
        models.db.session.commit()


def sign_out(auth: Flask, who: make.Person) -> None:
    Api(auth).send("POST", "/auth/logout", json={"refresh_token": who.refresh_token})


def test_a_session_that_has_ended_is_refused_after_the_next_poll(auth: Flask, service: Flask) -> None:
    doctor, other = make.person(auth, "doctor"), make.person(auth, "doctor")
    the_list(service).poll()
    assert (reads(service, doctor), writes(service, doctor)) == (DONE, DONE)

    sign_out(auth, doctor)
    the_list(service).poll()

    assert (reads(service, doctor), writes(service, doctor)) == (REVOKED, REVOKED)
    assert (reads(service, other), writes(service, other)) == (DONE, DONE)


def test_only_tokens_older_than_a_change_are_refused(auth: Flask, service: Flask) -> None:
    doctor = make.person(auth, "doctor")

    change(auth, doctor, revocations.outdate_tokens)
    the_list(service).poll()
    renewed = Api(auth).post("/auth/refresh", json={"refresh_token": doctor.refresh_token})["access_token"]

    assert reads(service, doctor) == REVOKED
    assert Api(service, renewed).send("GET", "/appointments").status_code == 200


def test_while_the_list_is_fresh_nobody_is_asked(auth: Flask, service: Flask, there: tuple[Auth, Neighbour]) -> None:
    doctor = make.person(auth, "doctor")
    the_list(service).poll()

    for _ in range(5):
        assert writes(service, doctor) == DONE

    assert asked(there[1]) == 0


def test_with_an_old_list_reads_are_local_and_every_write_is_asked_for(
    auth: Flask, service: Flask, there: tuple[Auth, Neighbour], in_good_time: None
) -> None:
    doctor = make.person(auth, "doctor")
    assert not the_list(service).fresh

    assert [reads(service, doctor) for _ in range(3)] == [DONE] * 3
    assert asked(there[1]) == 0
    assert [writes(service, doctor) for _ in range(3)] == [DONE] * 3
    assert asked(there[1]) == 3

    sign_out(auth, doctor)
    assert writes(service, doctor) == REVOKED
    assert reads(service, doctor) == DONE


def test_a_list_is_fresh_for_ten_seconds_and_not_longer(
    auth: Flask, service: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = the_list(service)
    listed.poll()
    now = time.monotonic()

    monkeypatch.setattr(time, "monotonic", lambda: now + Revocations.FRESH_FOR - 1)
    assert listed.fresh
    monkeypatch.setattr(time, "monotonic", lambda: now + Revocations.FRESH_FOR + 1)
    assert not listed.fresh


@pytest.mark.parametrize("out", [hangs_up, is_silent, drips(b"x" * 5000), says(answer(b"{}", "500 Oops"))])
def test_with_an_old_list_and_auth_out_writes_say_so_and_reads_go_on(
    auth: Flask, service: Flask, there: tuple[Auth, Neighbour], out: Script
) -> None:
    doctor = make.person(auth, "doctor")
    assert reads(service, doctor) == DONE  # the keys are known from then on
    there[0].out = out

    for _ in range(Breaker.FAILURES + 3):
        refused = Api(service, doctor.token).send("PUT", "/doctors/me", json=ABOUT)
        assert outcome(refused) == OUT
        assert refused.get_json()["service"] == "auth"
        assert int(refused.headers["Retry-After"]) > 0
        assert reads(service, doctor) == DONE


STRANGE = [
    answer(b"{}"),
    answer(b"[]"),
    answer(b"null"),
    answer(b'{"active":null}'),
    answer(b'{"active":"true"}'),
    answer(b'{"active":1}'),
    answer(b'{"valid":true}'),
    answer(b"not JSON"),
    answer(b'{"active":true}', "201 Created")[:40],
    answer(b"{}", "302 Found", "application/json", "Location: http://127.0.0.1:9/"),
    answer(b'{"code":"token-invalid"}', "401 Unauthorized", "application/problem+json"),
    answer(b'{"code":"token-revoked"}', "401 Unauthorized", "application/problem+json"),
    answer(b'{"code":"forbidden"}', "403 Forbidden", "application/problem+json"),
    answer(b"{}", "404 Not Found"),
    answer(b'{"code":"rate-limited"}', "429 Too Many Requests", "application/problem+json"),
]


@pytest.mark.parametrize("strange", STRANGE, ids=lambda strange: strange[:60].decode())
def test_any_other_answer_than_yes_or_no_is_an_outage(
    auth: Flask, service: Flask, there: tuple[Auth, Neighbour], strange: bytes
) -> None:
    doctor = make.person(auth, "doctor")
    there[0].instead[b"/auth/validate-token"] = says(strange)

    assert writes(service, doctor) == OUT


def test_what_is_back_is_back_for_those_who_write(auth: Flask, service: Flask, there: tuple[Auth, Neighbour]) -> None:
    doctor = make.person(auth, "doctor")
    assert reads(service, doctor) == DONE
    there[0].out = is_silent
    for _ in range(Breaker.FAILURES + 3):
        assert writes(service, doctor) == OUT

    there[0].out = None

    deadline = time.monotonic() + SOON
    while writes(service, doctor) != DONE:
        assert time.monotonic() < deadline


def test_a_token_nobody_remembers_is_refused_as_soon_as_auth_is_asked(
    auth: Flask, service: Flask, in_good_time: None
) -> None:
    """Only the auth service can sign a token of a person or a session that it does not know."""
    doctor = make.person(auth, "doctor")
    forge = forger(auth, doctor.token)

    for unknown in ({"sub": str(uuid4())}, {"sid": str(uuid4())}):
        token = forge.token(**unknown)
        assert outcome(Api(service, token).send("PUT", "/doctors/me", json=ABOUT)) == REVOKED
        assert outcome(Api(auth, token).send("GET", "/auth/me")) == REVOKED


def principal_of(session_id: UUID, version: int = 0) -> Principal:
    return Principal(uuid4(), "doctor", "Dr Who", session_id, version)


def refused(listed: Revocations, person: Principal, app: Flask) -> bool:
    with app.test_request_context("/"):
        try:
            listed.check(person)
        except TokenRevoked:
            return True
    return False


def page(*rows: tuple[int, UUID, int | None], last: int | None = None) -> bytes:
    found = [{"sequence": number, "session_id": str(one), "version": version} for number, one, version in rows]
    return answer(json.dumps({"revocations": found, "last": rows[-1][0] if last is None else last}).encode())


def test_the_newest_word_on_a_session_counts_and_its_end_above_all(service: Flask) -> None:
    one, two = uuid4(), uuid4()
    with neighbour(says(page((1, one, 2), (2, one, 1), (3, two, None), (4, two, 7)))) as there:
        listed = Revocations(client_of("auth", there.url))
        listed.poll()

    assert [refused(listed, principal_of(one, version), service) for version in (0, 1, 2, 3)] == [True, True] + [
        False
    ] * 2
    assert refused(listed, principal_of(two, 10**9), service)
    assert not refused(listed, principal_of(uuid4()), service)


def test_what_no_living_token_can_belong_to_is_forgotten(service: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    one = uuid4()
    with neighbour(says(page((1, one, None)))) as there:
        caller = client_of("auth", there.url)
        kept, forgetful = Revocations(caller), Revocations(caller)
        kept.poll()
        monkeypatch.setattr(Revocations, "KEPT", -1)
        forgetful.poll()

    assert refused(kept, principal_of(one), service)
    assert not refused(forgetful, principal_of(one), service)


def test_services_remember_longer_than_tokens_live_and_auth_longer_than_services() -> None:
    assert tokens.LIFE + 2 * tokens.LEEWAY < Revocations.KEPT < revocations.KEPT.total_seconds()


@pytest.mark.parametrize(
    "strange",
    [
        b"[]",
        b"null",
        b"{}",
        b'{"revocations":[],"last":null}',
        b'{"revocations":{},"last":"x"}',
        b'{"revocations":[{}],"last":1}',
        b'{"revocations":[{"sequence":1,"session_id":"x","version":null}],"last":1}',
        b'{"revocations":[{"sequence":1,"session_id":5,"version":null}],"last":1}',
        b'{"revocations":[{"sequence":1,"session_id":"00000000-0000-4000-8000-000000000000","version":"1"}],"last":1}',
    ],
)
def test_a_strange_list_is_an_outage_and_not_an_accident(strange: bytes) -> None:
    with neighbour(says(answer(strange))) as there:
        listed = Revocations(client_of("auth", there.url))
        with pytest.raises(Unavailable):
            listed.poll()

    assert not listed.fresh


def test_after_an_outage_the_list_is_read_from_its_beginning() -> None:
    """What comes back may be an older copy of the data, which gives the same numbers out again."""
    with neighbour(says(page((41, uuid4(), None)))) as there:
        listed = Revocations(client_of("auth", there.url))
        listed.poll()
        there.script = hangs_up
        with pytest.raises(Refusal):
            listed.poll()
        there.script = says(page(last=0))
        listed.poll()

    numbers = [request.split(b"after=")[1].split(b" ")[0] for request in there.requests]
    assert numbers[0] == b"0"
    assert numbers[-1] == b"0"
    assert b"41" in numbers


def test_a_long_list_is_read_to_its_end_at_once(auth: Flask, monkeypatch: pytest.MonkeyPatch, service: Flask) -> None:
    monkeypatch.setattr(revocations, "MOST", 2)
    people = [make.person(auth) for _ in range(7)]
    for person in people:
        sign_out(auth, person)

    the_list(service).poll()

    assert [reads(service, person) for person in people] == [REVOKED] * 7


def test_a_restored_database_is_read_from_its_beginning(auth: Flask, service: Flask) -> None:
    patient = make.person(auth)
    listed = the_list(service)
    listed._last = 10**12

    sign_out(auth, patient)
    listed.poll()

    assert reads(service, patient) == REVOKED
    assert listed._last < 10**12


def test_the_list_is_open_and_names_sessions_only(auth: Flask) -> None:
    patient = make.person(auth, email="maya.secret@example.com")
    session_id = session_of(auth, patient)
    sign_out(auth, patient)

    told = Api(auth).get("/auth/revocations")

    assert told["revocations"][-1].keys() == {"sequence", "session_id", "version"}
    assert told["revocations"][-1] | {"sequence": 0} == {"sequence": 0, "session_id": str(session_id), "version": None}
    assert told["last"] == told["revocations"][-1]["sequence"]
    assert patient.id not in json.dumps(told)
    assert Api(auth).get(f"/auth/revocations?after={told['last']}") == {"revocations": [], "last": told["last"]}


@pytest.mark.parametrize("after", ["-1", "x", "", "1.5", "1e3", "１", "9" * 19, "1 OR 1=1", "%00"])
def test_what_is_no_number_is_invalid(auth: Flask, after: str) -> None:
    assert outcome(Api(auth).send("GET", f"/auth/revocations?after={after}")) == (422, "validation-error")


def test_a_number_never_given_out_reads_from_the_beginning(auth: Flask) -> None:
    sign_out(auth, make.person(auth))

    told = Api(auth).get(f"/auth/revocations?after={'9' * 18}")

    assert len(told["revocations"]) == 1


def test_a_client_waits_for_one_call_as_long_as_it_is_told() -> None:
    with neighbour(is_silent) as there:
        caller: ServiceClient = client_of("auth", there.url, timeout=60)
        began = time.monotonic()
        with pytest.raises(Unavailable):
            caller.request("POST", "/auth/validate-token", json={}, timeout=Revocations.ASK_TIMEOUT)
        assert time.monotonic() - began < SOON
