"""The clinic on this machine, for looking at and working on: `python -m development.run`, or rather `make run`."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import sys
import time
from collections.abc import Iterator
from types import FrameType
from typing import NoReturn

from development.account import StartError
from development.caller import Caller
from development.checkout import LOGS, MAIL, PORTAL, ROOT, RUNNING, SERVICES, VAR
from development.cluster import Cluster
from development.ports import POSTGRES, check_free, ports
from development.processes import end_leftovers
from development.settings import mail_directory, own_cluster
from development.starting import Start
from development.supervision import Supervisor

SECONDS_FOR_THE_RUN_BEFORE = 2
SIGNS_OF_LIFE = 0.5
PASSWORD = "TestPass123"  # noqa: S105 - the demo people's, printed for everybody to see
SIGN_INS = {
    "Patient": "maya@example.com",
    "Doctor": "dr.okafor@example.com",
    "Administrator": "admin@example.com",
}


class Stopped(BaseException):
    """Somebody asked the run to end."""


def main(arguments: list[str]) -> int:
    """Run until told to stop; the answer is the exit status."""
    parent = Caller() if "--with-parent" in arguments else None
    _listen_for_signals()
    try:
        with only_one():
            _run(parent)
    except StartError as error:
        say(f"\n{error}")
        return 1
    except Stopped:
        return 0
    return 0


def say(text: str) -> None:
    """Print at once; a terminal that is gone is no reason to fail."""
    with contextlib.suppress(OSError, ValueError):
        print(text, flush=True)


def _run(parent: Caller | None) -> None:
    began = time.monotonic()
    cluster: Cluster | None = None
    try:
        chosen = ports()
        cluster = own_cluster()
        end_leftovers(cluster)
        check_free(chosen if cluster else {name: port for name, port in chosen.items() if name != POSTGRES})
        start = Start(cluster, chosen, say)
        supervisor = start.everything()
        _welcome(chosen, time.monotonic() - began)
        _look_after(supervisor, start, parent)
    except Stopped:
        say("\nStopping.")
        raise
    finally:
        _ignore_signals()
        end_leftovers(cluster)


def _look_after(supervisor: Supervisor, start: Start, parent: Caller | None) -> NoReturn:
    """The supervisor restarts the parts; who restarts the supervisor is us."""
    known: dict[str, int] = {}
    while True:
        time.sleep(SIGNS_OF_LIFE)
        if parent and parent.wants_an_end():
            raise Stopped
        if not supervisor.alive():
            say("The supervisor was killed. Starting everything again.")
            end_leftovers(start.cluster)
            supervisor, known = start.everything(), {}
            say("Everything is up again.")
        with contextlib.suppress(OSError):
            for part, (_, pid) in supervisor.states().items():
                if pid and known.setdefault(part, pid) != pid:
                    say(f"{part} ended and was started again; see {LOGS.relative_to(ROOT) / part}.log")
                    known[part] = pid


def _welcome(chosen: dict[str, int], seconds: float) -> None:
    say(f"\nThe clinic is open: http://127.0.0.1:{chosen[PORTAL.port_setting]}   (ready after {seconds:.1f} s)\n")
    for role, email in SIGN_INS.items():
        say(f"  {role:<14} {email:<24} {PASSWORD}")
    say("")
    for service in SERVICES:
        say(f"  {service.name.capitalize():<14} http://127.0.0.1:{chosen[service.port_setting]}/docs")
    if letters := mail_directory():
        say(f"  {'Mail':<14} {os.path.relpath(letters, ROOT) if letters == MAIL else letters}/")
    say(f"  {'Logs':<14} {LOGS.relative_to(ROOT)}/\n\nCtrl-C stops everything; the data is kept.")


@contextlib.contextmanager
def only_one() -> Iterator[None]:
    """One run at a time in a checkout. The lock ends with its process, however that ends."""
    VAR.mkdir(exist_ok=True)
    VAR.chmod(0o711)  # PostgreSQL's account passes through; everything inside is closed to others
    for directory in (LOGS, RUNNING):
        directory.mkdir(mode=0o700, exist_ok=True)
    with (RUNNING / "lock").open("a+") as lock:
        deadline = time.monotonic() + SECONDS_FOR_THE_RUN_BEFORE
        while not _locked(lock.fileno()):
            if time.monotonic() > deadline:
                lock.seek(0)
                raise StartError(f"The clinic is already running from here (process {lock.read().strip()}).")
            time.sleep(0.1)
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _listen_for_signals() -> None:
    def stop(number: int, frame: FrameType | None) -> NoReturn:
        raise Stopped

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup asked for it
        signal.signal(signal.SIGHUP, stop)


def _ignore_signals() -> None:
    """A second Ctrl-C must not leave half of it running."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
