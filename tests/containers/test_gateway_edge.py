"""What the gateway lets in and what it says: one way in, one set of headers, limits, and words where nobody answers."""

import json
import re
import secrets
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.containers.compose import ROOT, service_of, until
from tests.containers.production import Production

pytestmark = pytest.mark.timeout(900)  # the first test here waits for the images

ONCE_ONLY = (
    *("Strict-Transport-Security", "X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy"),
    *("Content-Security-Policy", "X-Request-Id"),
)
PAGES = ("/", "/sign-in", "/no-such-page", "/static/portal.css", "/metrics")
CALLS = (
    "/api/auth/.well-known/jwks.json",
    "/api/appointment/doctors",
    "/api/prescription/openapi.json",
    "/api/auth/docs",
)


def lines(production: Production, service: str) -> list[dict[str, Any]]:
    """What this service has logged, as far as it is JSON."""
    found = re.findall(r"(\{.*\})", production.run("logs", "--no-color", service).stdout)
    return [json.loads(line) for line in found]


def test_nothing_is_published_but_the_gateway(production: Production) -> None:
    published = {
        service_of(each): sorted(each["HostConfig"]["PortBindings"])
        for each in production.containers()
        if each["HostConfig"]["PortBindings"]
    }

    assert published == {"gateway": ["8080/tcp", "8443/tcp"]}


def test_it_runs_as_many_instances_as_it_says_each_within_limits(production: Production) -> None:
    running = [each for each in production.containers() if each["State"]["Running"]]
    counts = {name: sum(service_of(each) == name for each in running) for name in map(service_of, running)}

    assert counts == {
        "gateway": 1,
        "postgres": 1,
        "auth-service": 1,
        "appointment-service": 3,
        "appointment-worker": 1,
        "prescription-service": 2,
        "portal": 2,
    }
    for each in running:
        host = each["HostConfig"]
        assert (host["ReadonlyRootfs"], host["CapDrop"]) == (True, ["ALL"]), service_of(each)
        assert min(host["NanoCpus"], host["Memory"], host["PidsLimit"]) > 0, service_of(each)
        assert host["LogConfig"]["Config"] == {"max-size": "10m", "max-file": "5"}


def test_no_secret_stands_in_an_environment(production: Production) -> None:
    kept = [path.read_text() for path in Path(production.settings["SECRETS"]).iterdir() if path.stat().st_size]
    words = {word for text in kept for word in re.findall(r"[0-9a-f]{64}", text)}

    told = json.dumps(production.containers())

    assert len(words) == 9
    assert not [word for word in words if word in told]
    assert "in-a-file" not in told


REACH = """
import socket, sys
def reached(name):
    try:
        return socket.create_connection((name, 5432), 2) is not None
    except OSError:
        return False
print([reached(name) for name in sys.argv[1:]])
"""


def test_the_database_is_seen_by_services_only(production: Production) -> None:
    (postgres,) = production.containers("postgres")
    networks = postgres["NetworkSettings"]["Networks"]
    (address,) = [network["IPAddress"] for network in networks.values()]

    def reached_from(service: str) -> str:
        return production.inside(service, "python", "-c", REACH, "postgres", address).strip()

    assert [name.split("_")[-1] for name in networks] == ["database"]
    assert reached_from("appointment-service") == "[True, True]"
    assert reached_from("portal") == "[False, False]"
    for network in ("edge", "clinic"):
        assert production.beside(network, "-c", REACH, "postgres", address).strip() == "[False, False]", network


@pytest.mark.parametrize("path", [*PAGES, *CALLS])
def test_every_answer_says_each_thing_once(production: Production, path: str) -> None:
    answer = production.get(path)

    for name in ONCE_ONLY:
        assert len(answer.raw.headers.getlist(name)) == 1, (name, answer.headers)
    assert "Server" not in answer.headers or answer.headers["Server"] == "nginx"
    assert not {"X-Instance", "X-Powered-By"} & answer.headers.keys()


def test_plain_http_leads_to_https(production: Production) -> None:
    plain = f"http://localhost:{production.settings['GATEWAY_HTTP_PORT']}/doctors?q=a"

    answer = production.http.get(plain, timeout=20, allow_redirects=False)

    assert (answer.status_code, answer.headers["Location"]) == (308, f"{production.base}/doctors?q=a")


def test_other_hosts_and_old_tls_are_refused(production: Production) -> None:
    assert production.get("/", headers={"Host": "elsewhere.example"}).status_code == 421
    with pytest.raises(requests.exceptions.SSLError):
        production.http.get(f"https://127.0.0.1:{production.port}/", timeout=20)
    old = ["openssl", "s_client", "-connect", f"127.0.0.1:{production.port}", "-servername", "localhost", "-tls1_1"]
    assert subprocess.run(old, input=b"", capture_output=True, check=False).returncode != 0


@pytest.mark.parametrize(
    "path",
    [
        *("/metrics", "/health", "/health/ready", "/health/live", "//metrics", "/%6detrics", "/x/../metrics"),
        *("/api/auth/metrics", "/api/appointment/health/ready", "/api/prescription/%6Detrics", "/api/auth//metrics"),
        "/api/auth/auth/contacts/00000000-0000-0000-0000-000000000000",
    ],
)
def test_what_is_for_operators_and_our_own_programs_is_not_passed_on(production: Production, path: str) -> None:
    asked = requests.Request("GET", production.base).prepare()
    asked.url = production.base + path  # as it is, dots and all

    answer = production.http.send(asked, verify=production.http.verify, timeout=20)

    assert answer.status_code == 404
    assert "service" not in answer.text


def test_what_a_client_says_of_itself_is_not_believed(production: Production) -> None:
    told = {
        "X-Request-Id": "chosen-by-me-1",
        "X-Forwarded-For": "198.51.100.7",
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Host": "evil.example",
        "Forwarded": "for=198.51.100.7",
        "SCRIPT_NAME": "/x",
        "traceparent": "00-11111111111111111111111111111111-2222222222222222-01",
    }

    answer = production.get("/api/appointment/fhir/metadata", headers=told)

    assert answer.status_code == 200
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["X-Request-Id"])
    assert answer.json()["implementation"]["url"] == f"{production.base}/api/appointment/fhir"
    wanted = {"request_id": answer.headers["X-Request-Id"]}
    (line,) = until(lambda: [one for one in lines(production, "gateway") if one.items() >= wanted.items()])
    assert line["address"] != "198.51.100.7"
    inside = [one for one in lines(production, "appointment-service") if one.items() >= wanted.items()]
    assert len(inside) == 1
    assert "1" * 32 not in json.dumps(inside)


def test_guesses_count_for_who_makes_them_and_not_for_the_address_they_name(production: Production) -> None:
    somebody = f"{secrets.token_hex(4)}@example.com"

    def guess(n: int) -> int:
        account = {"email": somebody, "password": "WrongPass123"}
        said = {"X-Forwarded-For": f"198.51.100.{n}"}
        url = f"{production.base}/api/auth/auth/login"
        return production.http.post(url, json=account, headers=said, timeout=20).status_code

    assert [guess(n) for n in range(6)] == [401] * 5 + [429]


def test_the_log_names_no_query_no_id_and_no_secret_of_a_link(production: Production) -> None:
    for path in ("/calendar/SECRETSECRET.ics?token=HIDDEN", "/appointments/HIDDEN?reason=HIDDEN", "/%48IDDEN"):
        production.get(path)

    written = production.run("logs", "--no-color", "gateway").stdout

    assert '"part": "/calendar"' in written
    assert not re.search("SECRETSECRET|HIDDEN", written)


def test_files_come_from_the_gateway_and_only_under_the_name_of_their_content(production: Production) -> None:
    page = production.get("/sign-in").text
    (named,) = re.findall(r'href="(/static/portal\.css\?v=\w+)"', page)

    ours = production.get(named, headers={"Accept-Encoding": "gzip"})
    nameless = production.get("/static/portal.css")
    other = production.get("/static/portal.css?v=000000000000")

    assert ours.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert (ours.headers["Content-Encoding"], ours.headers["Vary"]) == ("gzip", "Accept-Encoding")
    assert ours.text == (ROOT / "static" / "portal.css").read_text()
    assert nameless.headers["Cache-Control"] == other.headers["Cache-Control"] == "no-cache"


def test_what_is_too_large_is_refused_in_the_words_of_whoever_asks(production: Production) -> None:
    def post(path: str, size: int) -> requests.Response:
        return production.http.post(production.base + path, data=b"x" * size, timeout=20, allow_redirects=False)

    form, call = post("/sign-in", 256 * 1024 + 1), post("/api/appointment/appointments", 64 * 1024 + 1)

    assert (form.status_code, "That is too much" in form.text) == (413, True)
    assert (call.status_code, call.headers["Content-Type"]) == (413, "application/problem+json")
    assert call.json()["code"] == "too-large"
    assert post("/clinic/logo", 300 * 1024).status_code != 413
    assert post("/api/appointment/appointments", 64 * 1024).json()["code"] != "too-large"


def test_who_tries_too_often_is_told_to_wait(production: Production) -> None:
    def try_once(path: str) -> requests.Response:
        return production.http.post(production.base + path, data=b"", timeout=60, allow_redirects=False)

    def refusal(path: str) -> requests.Response:
        """What the gateway says to one of many at once. Five seconds are its words; the service says sixty."""
        with ThreadPoolExecutor(60) as many:
            answers = list(many.map(try_once, [path] * 60))
        return next(one for one in answers if one.status_code == 429 and one.headers["Retry-After"] == "5")

    page, call = refusal("/sign-up"), refusal("/api/auth/auth/register")

    assert "A little too fast" in page.text
    assert (call.headers["Content-Type"], call.json()["code"]) == ("application/problem+json", "rate-limited")
    assert production.get("/sign-up").status_code == 200


def test_our_own_programs_are_heard_inside_and_nobody_is_from_outside(production: Production) -> None:
    asked = """
import urllib.error, urllib.request
try:
    print(urllib.request.urlopen("http://gateway:8002/doctors", timeout=5).status)
except urllib.error.HTTPError as refused:
    print(refused.code)
"""

    assert production.inside("portal", "python", "-c", asked).strip() == "200"
    assert production.beside("edge", "-c", asked).strip() == "403"


def test_where_nobody_answers_people_and_programs_are_told_so(production: Production) -> None:
    production.run("kill", "portal", "prescription-service")
    try:
        page, call = production.get("/doctors"), production.get("/api/prescription/openapi.json")
        style = production.get("/static/portal.css")
    finally:
        production.run("start", "portal", "prescription-service")

    assert (page.status_code, page.headers["Retry-After"]) == (502, "5")
    assert "Nothing is lost" in page.text
    assert "<script" not in page.text
    assert style.status_code == 200
    assert (call.status_code, call.json()["code"]) == (503, "unavailable")
    until(lambda: production.get("/").status_code == production.get("/api/prescription/docs").status_code == 200)
