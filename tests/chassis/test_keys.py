"""The keys that tokens are checked with: asked for sparingly, kept while auth is out, and no outage is a 401."""

import json
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from appointment_service import create_app
from appointment_service.settings import AppointmentSettings
from chassis.errors import Refusal, Unavailable
from chassis.keys import KeySet
from tests import make
from tests.api import Api
from tests.chassis.conftest import outcome
from tests.chassis.forge import forger
from tests.chassis.network import Neighbour, answer, client_of, hangs_up, is_silent, neighbour, says

BACK_WITHIN = 2.0


@pytest.fixture
def jwks(auth: Flask, doctor: make.Person) -> bytes:
    return answer(Api(auth).client.get("/.well-known/jwks.json").get_data())


def kid_of(jwks: bytes) -> str:
    kid: str = json.loads(jwks.partition(b"\r\n\r\n")[2])["keys"][0]["kid"]
    return kid


def key_set(there: Neighbour) -> KeySet:
    return KeySet(client_of("auth", there.url, timeout=KeySet.TIMEOUT))


def test_unknown_kids_ask_once_in_a_while_and_not_each(jwks: bytes) -> None:
    with neighbour(says(jwks)) as there:
        keys = key_set(there)
        assert keys.find(kid_of(jwks)) is not None
        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(keys.find, [f"unknown-kid-{n}" for n in range(500)])) == {None}

    assert len(there.requests) == 1


def test_many_who_come_first_ask_once_together(jwks: bytes) -> None:
    with neighbour(says(jwks)) as there:
        keys = key_set(there)
        with ThreadPoolExecutor(8) as pool:
            assert None not in list(pool.map(keys.find, [kid_of(jwks)] * 8))

    assert len(there.requests) == 1


@pytest.mark.parametrize("out", [hangs_up, is_silent, says(answer(b"{}", "500 Oops")), says(answer(b"{}"))])
def test_known_kids_go_on_while_auth_is_out_and_unknown_ones_are_no_401(
    jwks: bytes, out: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(KeySet, "FRESH_FOR", 0.0)
    with neighbour(says(jwks)) as there:
        keys = key_set(there)
        kid = kid_of(jwks)
        known = keys.find(kid)
        there.script = out

        began = time.monotonic()
        with ThreadPoolExecutor(8) as pool:
            strangers = [pool.submit(keys.find, f"unknown-kid-{n}") for n in range(40)]
            assert [keys.find(kid) for _ in range(100)] == [known] * 100
            assert time.monotonic() - began < 0.5, "a known key waited for auth"
        assert {type(stranger.exception()) for stranger in strangers} == {Unavailable}
        assert time.monotonic() - began < KeySet.TIMEOUT + 1, "strangers waited one after another"


def test_while_auth_is_out_one_asks_and_nobody_waits_for_it() -> None:
    asked, over = threading.Event(), threading.Event()

    def holds_on(connection: socket.socket, request: bytes) -> None:
        asked.set()
        over.wait(10)
        hangs_up(connection, request)

    with neighbour(hangs_up) as there, ThreadPoolExecutor(8) as pool:
        keys = key_set(there)
        with pytest.raises(Unavailable):
            keys.find("the-first-of-all")
        there.script, keys.TIMEOUT, keys._next_fetch = holds_on, 10.0, 0.0
        one = pool.submit(keys.find, "the-one-that-asks")
        assert asked.wait(10)

        others = [pool.submit(keys.find, f"unknown-kid-{n}") for n in range(40)]

        assert {type(other.exception(5)) for other in others} == {Unavailable}
        assert not one.done()
        over.set()


def test_what_was_out_is_back_within_two_seconds(jwks: bytes) -> None:
    with neighbour(is_silent) as there:
        keys = key_set(there)
        for _ in range(3):
            with pytest.raises(Unavailable):
                keys.find(kid_of(jwks))
        there.script = says(jwks)
        back = time.monotonic()
        while True:
            try:
                assert keys.find(kid_of(jwks)) is not None
                break
            except Refusal:
                assert time.monotonic() - back < BACK_WITHIN + 1


@pytest.mark.parametrize(
    "strange",
    [
        b"[]",
        b"{}",
        b'{"keys":["x"]}',
        b'{"keys":[{"kid":"a"}]}',
        b'{"keys":[{"kid":["a"],"kty":"EC"}]}',
        b'{"keys":[{"kty":"oct","k":"AAAA","kid":"symmetric"}]}',
        b'{"keys":[{"kty":"EC","crv":"P-256","kid":"off-curve","x":"AAAA","y":"AAAA"}]}',
    ],
)
def test_a_strange_key_set_is_an_outage_and_not_an_accident(strange: bytes) -> None:
    with neighbour(says(answer(strange))) as there:
        keys = key_set(there)
        for kid in ("a", "symmetric", "off-curve"):
            with pytest.raises(Unavailable):
                keys.find(kid)


def test_a_service_answers_people_on_with_auth_out_and_says_503_to_others(
    environment: dict[str, str], auth: Flask, appointment: Flask, doctor: make.Person, jwks: bytes
) -> None:
    forge = forger(auth, doctor.token)
    with neighbour(says(jwks)) as there:
        caller = client_of("auth", there.url, timeout=KeySet.TIMEOUT)
        app = create_app(AppointmentSettings(**environment), caller)
        there.script = hangs_up
        fresh = Api(app, doctor.token).send("GET", "/appointments")
        assert outcome(fresh) == (503, "unavailable")
        assert fresh.get_json()["service"] == "auth"
        assert "Retry-After" in fresh.headers

        there.script = says(jwks)
        deadline = time.monotonic() + BACK_WITHIN + 3
        while Api(app, doctor.token).send("GET", "/appointments").status_code != 200:
            assert time.monotonic() < deadline

        there.script = is_silent
        assert Api(app, forge.token(extra=1)).send("GET", "/appointments").status_code == 200
        assert outcome(Api(app, forge.token(exp=1)).send("GET", "/appointments")) == (401, "token-invalid")
        assert Api(app).send("GET", "/doctors").status_code == 200
