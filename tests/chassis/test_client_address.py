"""Where a request comes from is believed of our own proxies only, and travels between our programs."""

import pytest
from flask import Flask
from werkzeug.test import Client

from chassis import logs, web
from chassis.client import ServiceClient
from chassis.identity import public
from chassis.proxies import Proxies, neighbourhood
from chassis.settings import Settings
from tests.wsgi import WSGIAdapter

PROXY, FRONT, CLIENT, SPOOFED = "10.0.0.7", "192.0.2.1", "198.51.100.23", "203.0.113.9"


@pytest.mark.parametrize(
    ("allowed", "peer", "forwarded", "client"),
    [
        ("10.0.0.7", PROXY, CLIENT, CLIENT),
        ("10.0.0.0/8", PROXY, CLIENT, CLIENT),
        ("10.0.0.0/8,192.0.2.1", PROXY, f"{CLIENT}, {FRONT}", CLIENT),
        ("10.0.0.0/8", PROXY, f"{SPOOFED},{CLIENT}", CLIENT),  # the client wrote the left one
        ("10.0.0.0/8", PROXY, f"{SPOOFED}, {CLIENT}, 10.0.0.9", CLIENT),
        ("10.0.0.0/8", PROXY, None, PROXY),
        ("10.0.0.0/8", PROXY, "10.0.0.9", "10.0.0.9"),  # everybody on the way is ours: the first one asked
        ("10.0.0.0/8", CLIENT, SPOOFED, CLIENT),
        ("", PROXY, SPOOFED, PROXY),
        ("127.0.0.1", PROXY, SPOOFED, PROXY),
        ("*", CLIENT, f"{SPOOFED}, {FRONT}", FRONT),  # one step back, and never further
        ("10.0.0.0/8", "::ffff:10.0.0.7", CLIENT, CLIENT),
        ("fd00::/8", "fd00::1", "2001:db8::5", "2001:db8::5"),
        ("10.0.0.0/8", None, CLIENT, "-"),
        ("10.0.0.0/8", "", CLIENT, "-"),
    ],
)
def test_the_client_is_the_first_from_the_right_that_is_no_proxy_of_ours(
    allowed: str, peer: str | None, forwarded: str | None, client: str
) -> None:
    assert Proxies(allowed).client(peer, forwarded) == client


@pytest.mark.parametrize(
    "forwarded",
    ["", " ", "unknown", "1.2.3", "256.1.1.1", "1.2.3.4:80", "[2001:db8::5]", "fe80::1%eth0", "1.2.3.4,", "1.2.3.4;x"],
)
@pytest.mark.parametrize("left", ["", f"{SPOOFED},"])
def test_a_malformed_header_counts_as_none(left: str, forwarded: str) -> None:
    assert Proxies("10.0.0.0/8").client(PROXY, left + forwarded) == PROXY


@pytest.mark.parametrize("forwarded", ["\x00", "198.51.100.23 10.0.0.9", "0x7f.1", "01.2.3.4", "," * 4000])
def test_a_strange_header_counts_as_none(forwarded: str) -> None:
    assert Proxies("10.0.0.0/8").client(PROXY, forwarded) == PROXY


@pytest.mark.parametrize("allowed", ["portal", "10.0.0.1/8", "10.0.0.0/33", "1.2.3", "**"])
def test_what_is_no_network_is_refused_at_start(allowed: str) -> None:
    with pytest.raises(ValueError, match=r"takes addresses and networks"):
        Settings(forwarded_allow_ips=allowed)


def test_one_household_counts_as_one_address() -> None:
    assert neighbourhood("2001:db8::5") == neighbourhood("2001:db8::ffff:5") == "2001:db8::/64"
    assert neighbourhood("2001:db8:0:1::5") != neighbourhood("2001:db8::5")
    assert neighbourhood("198.51.100.23") == "198.51.100.23"
    assert neighbourhood("-") == "-"


def program(allowed: str, neighbour: Flask | None = None) -> Flask:
    """A program that tells where it thinks a request comes from, or asks its neighbour."""
    app = Flask("telling")
    web.prepare(app, "telling", Settings(forwarded_allow_ips=allowed))
    client = ServiceClient("neighbour", "http://neighbour.test")
    if neighbour:
        client.session.mount(client.base_url, WSGIAdapter(neighbour))

    @app.get("/whence")
    @public
    def whence() -> dict[str, str]:
        if neighbour:
            found: dict[str, str] = client.request("GET", "/whence")
            return found
        return {"address": logs.client_address.get(), "agent": logs.user_agent.get()}

    return app


def asked(app: Flask, peer: str, **headers: str) -> dict[str, str]:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    found: dict[str, str] = Client(app).get("/whence", headers=sent, environ_overrides={"REMOTE_ADDR": peer}).get_json()
    return found


def test_the_next_program_sees_the_browser_and_not_the_portal() -> None:
    portal = program("127.0.0.1", program("127.0.0.1"))

    assert asked(portal, CLIENT, User_Agent="Browser/5.0") == {"address": CLIENT, "agent": "Browser/5.0"}


def test_a_browser_cannot_say_it_is_somebody_else() -> None:
    portal, careless = (program(allowed, program("127.0.0.1")) for allowed in ("127.0.0.1", "0.0.0.0/0"))

    assert asked(portal, CLIENT, X_Forwarded_For=SPOOFED)["address"] == CLIENT
    assert asked(careless, CLIENT, X_Forwarded_For=SPOOFED)["address"] == SPOOFED  # the control


@pytest.mark.parametrize(("peer", "taken"), [("127.0.0.1", True), (CLIENT, False)])
def test_a_stranger_does_not_choose_under_which_id_a_request_is_noted(peer: str, taken: bool) -> None:
    sent = {"headers": {"X-Request-Id": "one-for-all-1"}, "environ_overrides": {"REMOTE_ADDR": peer}}

    ids = {Client(program("127.0.0.1")).get("/whence", **sent).headers["X-Request-Id"] for _ in range(2)}

    assert ids == {"one-for-all-1"} if taken else len(ids) == 2


def test_what_a_browser_says_it_is_is_kept_short_and_printable() -> None:
    found = asked(program("127.0.0.1"), CLIENT, User_Agent=" Browser\t\x1b[31m\x7f " + "x" * 1000)

    assert found["agent"].startswith("Browser[31m x")
    assert len(found["agent"]) <= web.LONGEST_AGENT
