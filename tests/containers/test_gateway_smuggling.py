"""One request that two programs could read as two reaches a service once at most, and never as two."""

import json
import re
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest

from tests.containers.compose import until
from tests.containers.production import Production

pytestmark = pytest.mark.timeout(900)  # the first test here waits for the images

OUTER, INNER = "/calendar-feed", "/clinic/holidays/countries"
"""Routes that nobody else calls here: what is sent, and what is hidden in it."""
START = f"POST /api/appointment{OUTER} HTTP/1.1\r\nHost: localhost\r\n"
HIDDEN = f"GET {INNER} HTTP/1.1\r\nHost: localhost\r\nX: y\r\n\r\n"
END = "0\r\n\r\n"
CHUNK = f"{len(HIDDEN):x}\r\n{HIDDEN}\r\n"


def sized(headers: str, body: str) -> str:
    return f"{START}{headers}Content-Length: {len(body)}\r\n\r\n{body}"


def chunked(headers: str, body: str = END + HIDDEN) -> str:
    return f"{START}{headers}\r\n\r\n{body}"


CASES = {
    "CL.TE": sized("Transfer-Encoding: chunked\r\n", END + HIDDEN),
    "TE.CL": chunked("Content-Length: 4\r\nTransfer-Encoding: chunked", CHUNK + END),
    "CL.0": sized("", HIDDEN),
    "TE.TE, one unknown": chunked("Transfer-Encoding: chunked\r\nTransfer-Encoding: cow"),
    "TE.TE, twice": chunked("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"),
    "TE of another kind": sized("Transfer-Encoding: xchunked\r\n", END + HIDDEN),
    "TE in a list": sized("Transfer-Encoding: chunked, identity\r\n", END + HIDDEN),
    "TE behind a tab": sized("Transfer-Encoding:\tchunked\r\n", END + HIDDEN),
    "TE with a form feed": sized("Transfer-Encoding: \x0cchunked\r\n", END + HIDDEN),
    "TE with a space before the colon": sized("Transfer-Encoding : chunked\r\n", END + HIDDEN),
    "TE with a space in front": sized(" Transfer-Encoding: chunked\r\n", END + HIDDEN),
    "TE with an underscore": sized("Transfer_Encoding: chunked\r\n", END + HIDDEN),
    "TE, folded": sized("Transfer-Encoding:\r\n chunked\r\n", END + HIDDEN),
    "TE behind a folded header": sized("X: y\r\n Transfer-Encoding: chunked\r\n", END + HIDDEN),
    "TE behind a bare LF": sized("X: y\nTransfer-Encoding: chunked\r\n", END + HIDDEN),
    "TE behind a bare CR": sized("X: y\rTransfer-Encoding: chunked\r\n", END + HIDDEN),
    "TE in HTTP/1.0": sized("Transfer-Encoding: chunked\r\n", END + HIDDEN).replace("HTTP/1.1", "HTTP/1.0", 1),
    "CL twice, different": chunked(f"Content-Length: 0\r\nContent-Length: {len(HIDDEN)}", HIDDEN),
    "CL twice, the same": sized(f"Content-Length: {len(HIDDEN)}\r\n", HIDDEN),
    "CL in a list": chunked(f"Content-Length: 0, {len(HIDDEN)}", HIDDEN),
    "CL with a sign": chunked(f"Content-Length: +{len(HIDDEN)}", HIDDEN),
    "CL below zero": chunked("Content-Length: -1", HIDDEN),
    "CL in hexadecimal": chunked("Content-Length: 0x0", HIDDEN),
    "CL with a space before the colon": chunked(f"Content-Length : {len(HIDDEN)}", HIDDEN),
    "CL named as hop by hop": sized("Connection: Content-Length\r\n", HIDDEN),
    "bare LF everywhere": chunked("Transfer-Encoding: chunked").replace("\r\n", "\n"),
    "chunk with an extension": chunked("Transfer-Encoding: chunked", f"0;a={'b' * 40}\r\n\r\n{HIDDEN}"),
    "chunk with an LF in its extension": chunked("Transfer-Encoding: chunked", f"1;\nx\r\n{END}{HIDDEN}"),
    "chunk longer than it says": chunked("Transfer-Encoding: chunked", f"1\r\nx{HIDDEN}{END}"),
    "chunk size with a sign": chunked("Transfer-Encoding: chunked", f"+1\r\nx\r\n{END}{HIDDEN}"),
    "chunk size in C": chunked("Transfer-Encoding: chunked", f"0x1\r\nx\r\n{END}{HIDDEN}"),
    "chunk size beyond 64 bits": chunked("Transfer-Encoding: chunked", f"{'f' * 17}\r\nx\r\n{END}{HIDDEN}"),
    "chunks that end with an LF": chunked("Transfer-Encoding: chunked", f"0\n\n{HIDDEN}"),
    "trailer": chunked("Transfer-Encoding: chunked", f"0\r\nContent-Length: {len(HIDDEN)}\r\n\r\n{HIDDEN}"),
    "Expect": sized("Expect: 100-continue\r\n", HIDDEN),
    "upgrade to h2c": sized(
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQA\r\n", HIDDEN
    ),
    "another host in the URI": sized("", HIDDEN).replace("POST /", "POST https://elsewhere.example/", 1),
    "another host in the header": sized("", HIDDEN)
    .replace("POST /", "POST https://localhost/", 1)
    .replace("Host: localhost", "Host: elsewhere.example", 1),
    "two hosts": sized("Host: elsewhere.example\r\n", HIDDEN),
    "NUL in a header": sized("X: \0\r\n", HIDDEN),
    "request line with a request in it": f"POST /api/appointment{OUTER} HTTP/1.1\r\n\r\n{HIDDEN}",
    "line breaks in the path": START.replace(" HTTP", f"%0d%0a%0d%0a{HIDDEN.split(chr(13))[0]} HTTP", 1) + "\r\n",
}


def send(production: Production, raw: str) -> str:
    """All that comes back within a second after the last byte."""
    trust = ssl.create_default_context(cafile=str(production.http.verify))
    plain = socket.create_connection(("127.0.0.1", production.port), 20)
    with trust.wrap_socket(plain, server_hostname="localhost") as secured:
        secured.sendall(raw.encode("latin-1"))
        secured.settimeout(2)
        answered = b""
        with suppress(OSError):  # silence, or cut off
            while part := secured.recv(65536):
                answered += part
    return answered.decode("latin-1")


def lines(production: Production) -> list[dict[str, Any]]:
    """What the instances of the appointment service have logged of these two routes."""
    written = re.findall(r"(\{.*\})", production.run("logs", "--no-color", "appointment-service").stdout)
    return [one for one in map(json.loads, written) if one.get("route") in {OUTER, INNER}]


def test_requests_are_counted_as_they_arrive(production: Production) -> None:
    """The control: an honest request is seen once, and two on one connection are seen as two."""
    honest = sized("", "")
    before = len(lines(production))

    send(production, honest)
    send(production, honest + honest)

    until(lambda: len(lines(production)) == before + 3)


def test_nothing_arrives_twice_or_as_another_request(production: Production) -> None:
    before = {one["request_id"] for one in lines(production)}
    with ThreadPoolExecutor(8) as pool:
        answers = dict(zip(CASES, pool.map(lambda raw: send(production, raw), CASES.values()), strict=True))

    ids = {name: re.findall(r"(?i)^X-Request-Id: (\w+)", answer, re.MULTILINE) for name, answer in answers.items()}
    passed = [name for name, answer in answers.items() if "HTTP/1.1 401" in answer]
    until(lambda: len(lines(production)) >= len(before) + len(passed))
    seen = [one for one in lines(production) if one["request_id"] not in before]

    assert [one for one in seen if one["route"] == INNER] == []
    assert len(seen) == len(passed), passed
    arrived = [one["request_id"] for one in seen]
    assert len(arrived) == len(set(arrived))
    assert set(arrived) == {ids[name][0] for name in passed}
    assert {"CL.0", "CL.TE"} & set(passed) == {"CL.0"}
