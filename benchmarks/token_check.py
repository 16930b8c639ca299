"""What the token check adds to a request: the same trivial view with a token and without, in turns, medians.

`make bench` runs it. No database and no neighbour is asked, and no socket lies between. The bound is 0.15 ms, for a
token that was seen within the last minute. A token's first request also pays for its signature; it is shown beside.
"""

import statistics
import sys
import time
from collections.abc import Callable, Iterator
from itertools import cycle
from typing import Any
from uuid import uuid4

import jwt
from apiflask import APIBlueprint, APIFlask
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm
from werkzeug.test import EnvironBuilder, run_wsgi_app

from chassis import logs, tokens
from chassis.client import ServiceClient
from chassis.database import make_database
from chassis.identity import allow, public
from chassis.keys import KeySet
from chassis.revocations import Revocations
from chassis.service import ServiceSettings, build

ROUNDS = 4000
WARM_UP = 400
BOUND_MS = 0.15
KID = "benchmark-key"
Timed = Callable[[], float]


class Auth(ServiceClient):
    """The auth service's two answers to programs, without a wire."""

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        super().__init__("auth", "http://auth.test")
        self._jwk = ECAlgorithm.to_jwk(key.public_key(), as_dict=True) | {"kid": KID}

    def request(self, method: str, path: str, **given: Any) -> Any:
        """The key set, or an empty list of revocations."""
        return {"keys": [self._jwk]} if path.endswith("jwks.json") else {"revocations": [], "last": 0}


def service(auth: Auth) -> APIFlask:
    """A real service with two views that do nothing, one of them for patients only."""
    views = APIBlueprint("trivial", __name__)

    @views.get("/anonymous")
    @public
    def anonymous() -> str:
        return "here"

    @views.get("/authenticated")
    @allow("patient")
    def authenticated() -> str:
        return "here"

    settings = ServiceSettings(database_url="postgresql://nobody:nothing@127.0.0.1:9/none", secret_key="-" * 32)
    keys, revocations = KeySet(auth), Revocations(auth)
    app = build("appointment", __name__, settings, make_database(), [views], keys.find, revocations.check)
    revocations.poll()
    keys.refresh()
    logs.logger.setLevel("WARNING")
    return app


def signed(key: ec.EllipticCurvePrivateKey) -> str:
    """A new access token, as the auth service signs them."""
    now = int(time.time())
    claims: dict[str, Any] = {"iss": tokens.ISSUER, "sub": str(uuid4()), "aud": ["auth", "appointment", "prescription"]}
    claims |= {"iat": now, "nbf": now, "exp": now + tokens.LIFE, "jti": str(uuid4()), "type": "access"}
    claims |= {"sid": str(uuid4()), "ver": 0, "role": "patient", "name": "Maya Lindqvist"}
    return jwt.encode(claims, key, tokens.ALGORITHM, headers={"typ": tokens.TYPE, "kid": KID})


def timed(app: APIFlask, path: str, bearers: Iterator[str]) -> Timed:
    """How long one request takes, in milliseconds, from the server's call to the end of the answer."""

    def once() -> float:
        headers = [("Authorization", f"Bearer {next(bearers)}")]
        environ = EnvironBuilder(path, headers=headers).get_environ()
        began = time.perf_counter()
        body, status, _ = run_wsgi_app(app, environ)
        answered = b"".join(body), status
        spent = time.perf_counter() - began
        if answered != (b"here", "200 OK"):
            sys.exit(f"{path}: {answered}")
        return spent * 1000

    return once


def in_turns(ways: dict[str, Timed]) -> dict[str, list[float]]:
    """So many times of each, measured alternately; who begins changes, as what ran before leaves its traces."""
    found: dict[str, list[float]] = {name: [] for name in ways}
    for n in range(WARM_UP + ROUNDS):
        for name in list(ways) if n % 2 else reversed(ways):
            spent = ways[name]()
            if n >= WARM_UP:
                found[name].append(spent)
    return found


def main() -> None:
    """Print the medians and what they differ by; fail when the bound is broken."""
    key = ec.generate_private_key(ec.SECP256R1())
    app = service(Auth(key))
    fresh = [signed(key) for _ in range(1 + WARM_UP + ROUNDS)]
    ways = {
        "anonymous": timed(app, "/anonymous", cycle(fresh[:1])),
        "authenticated": timed(app, "/authenticated", cycle(fresh[:1])),
    }
    found = in_turns(ways) | in_turns({"first request of a token": timed(app, "/authenticated", iter(fresh[1:]))})
    medians = {name: statistics.median(times) for name, times in found.items()}
    sys.stdout.write(f"median of {ROUNDS} requests each, in turns\n")
    for name, median in medians.items():
        sys.stdout.write(f"{name:26} {median:.3f} ms  {median - medians['anonymous']:+.3f} ms\n")
    added = medians["authenticated"] - medians["anonymous"]
    sys.exit(None if added <= BOUND_MS else f"The check adds {added:.3f} ms; the bound is {BOUND_MS} ms.")


if __name__ == "__main__":
    main()
