"""How long the answers take when many want the same few times: `python -m benchmarks.rivals`.

Auth and appointment service as processes, with two workers each; 40 people make 1,000 attempts on 25 times. Printed are
the median and the 99th of a hundred of each kind of answer, also as multiples of one person's booking alone.
"""

import random
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import ExitStack
from datetime import time as wall
from functools import partial
from pathlib import Path

from flask import Flask
from flask_migrate import upgrade

from auth_service import create_app as create_auth
from auth_service.settings import AuthSettings
from chassis import logs
from chassis.provision import provision
from development.postgres import ensure_server
from tests import make
from tests.journeys.load import Client, all_at_once
from tests.servers import Program, free_port

PEOPLE, ATTEMPTS = 40, 25
Took = dict[tuple[int, str], list[float]]


def main() -> None:
    """Print one line for each kind of answer."""
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        port = free_port()
        server = ensure_server(place / "postgres", port)
        stack.callback(server.stop)
        names = ("auth", "appointment")
        urls = {f"{n.upper()}_DATABASE_URL": f"postgresql://{n}:{n}-pw@127.0.0.1:{port}/clinic" for n in names}
        provision(server.admin_url, urls.values())
        shared = {**urls, **{f"{n.upper()}_SECRET_KEY": n.ljust(32, "-") for n in names}, "ENVIRONMENT": "demo"}
        programs = {n: Program(f"{n}_service", {**shared, "WEB_CONCURRENCY": "2"}, place / f"{n}.log") for n in names}
        programs["appointment"].environment = {**programs["appointment"].environment, "AUTH_URL": programs["auth"].url}
        app = prepared(shared)
        for program in programs.values():
            program.start()
            stack.callback(program.stop)
            program.wait()
        measure(app, programs["appointment"].url)


def prepared(shared: dict[str, str]) -> Flask:
    """The tables of both services, and an auth service in this process that signs tokens."""
    from appointment_service import create_app
    from appointment_service.settings import AppointmentSettings

    logs.logger.disabled = True
    auth, appointment = create_auth(AuthSettings(**shared)), create_app(AppointmentSettings(**shared))
    for one in (auth, appointment):
        with one.app_context():
            upgrade()
    logs.logger.disabled = True
    return auth


def measure(auth: Flask, url: str) -> None:
    """One person alone first, then everybody at once."""
    doctor = make.person(auth, "doctor")
    own = Client(url, doctor.token)
    own.ask("PUT", "/doctors/me", {"specialty": "General practice"})
    own.ask("PUT", "/doctors/me/hours", {"hours": make.WEEK})
    alone = statistics.median(alone_takes(Client(url, token), doctor) for token in make.signed_in_patients(auth, 20))
    wishes = [make.wish(doctor.id, wall(9 + n % 3, 20 * (n // 3 % 3)), days=20 + n // 9) for n in range(25)]
    took: Took = defaultdict(list)
    people = [Client(url, token) for token in make.signed_in_patients(auth, PEOPLE)]
    chances = [random.Random(n) for n in range(PEOPLE)]  # noqa: S311 - repeatable on purpose
    all_at_once(partial(attempts, one, wishes, chance, took) for one, chance in zip(people, chances, strict=True))
    sys.stdout.write(f"one booking alone: median {alone * 1000:.0f} ms\n")
    for (status, code), some in sorted(took.items()):
        some.sort()
        middle, last = statistics.median(some), some[int(len(some) * 0.99) - 1]
        sys.stdout.write(
            f"{status} {code}, {len(some)} answers: median {middle * 1000:.0f} ms ({middle / alone:.1f} x),"
            f" 99 of 100 within {last * 1000:.0f} ms ({last / alone:.1f} x)\n"
        )


def alone_takes(client: Client, doctor: make.Person) -> float:
    """Seconds of one booking, with nobody else there; it is given back."""
    began = time.perf_counter()
    _, said = client.ask("POST", "/appointments", make.wish(doctor.id, wall(9), days=10))
    spent = time.perf_counter() - began
    client.ask("POST", f"/appointments/{said['id']}/cancel")
    return spent


def attempts(client: Client, wishes: list[dict[str, str]], chance: random.Random, took: Took) -> None:
    """Ask again and again, for one of the times."""
    for _ in range(ATTEMPTS):
        wish = chance.choice(wishes)
        began = time.perf_counter()
        status, said = client.ask("POST", "/appointments", wish)
        took[status, said.get("code", "")].append(time.perf_counter() - began)


if __name__ == "__main__":
    main()
