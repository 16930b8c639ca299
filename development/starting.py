"""Starting everything in order, each step with a deadline, and saying which part failed and what it said last."""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from development.account import StartError
from development.checkout import PARTS, PROGRAMS, ROOT, Program, last_lines, log_of
from development.cluster import Cluster, wait_until_accepting
from development.part import DATABASE_SERVER
from development.ports import POSTGRES
from development.prepare import is_done
from development.processes import PREPARE, SUPERVISOR, write_down
from development.settings import environment_for_preparing, service_urls
from development.supervision import Supervisor, start_supervisor

SECONDS_FOR_THE_DATABASE = 60  # after a crash it reads its log first
SECONDS_TO_PREPARE = 120
SECONDS_FOR_THE_PROGRAMS = 60
NOT_ALIVE = {"BACKOFF", "EXITED", "FATAL"}


@dataclass(frozen=True)
class Start:
    """What to start, and how to tell the person at the terminal."""

    cluster: Cluster | None
    ports: Mapping[str, int]
    say: Callable[[str], None]

    def everything(self) -> Supervisor:
        """Up and healthy when it returns."""
        try:
            return self._in_order()
        except ConnectionError as error:
            raise StartError(
                f"The supervisor ended while starting; see {log_of(SUPERVISOR).relative_to(ROOT)}."
            ) from error

    def _in_order(self) -> Supervisor:
        logs = {part: _size(part) for part in (DATABASE_SERVER, *(part.name for part in PARTS))}
        supervisor = start_supervisor(own_database=self.cluster is not None)
        if self.cluster:
            self._database(self.cluster, supervisor, logs[DATABASE_SERVER])
        if not is_done(service_urls(self.ports)):
            self._prepare()
        self.say("Starting auth, appointment, prescription and the portal.")
        supervisor.start_programs()
        self._programs(supervisor, logs)
        return supervisor

    def _database(self, cluster: Cluster, supervisor: Supervisor, log_from: int) -> None:
        self.say(f"Starting PostgreSQL {cluster.installation.version}.")
        url = cluster.url(self.ports[POSTGRES])
        if not wait_until_accepting(url, SECONDS_FOR_THE_DATABASE, lambda: _up(supervisor, DATABASE_SERVER)):
            raise _failure("PostgreSQL did not start", DATABASE_SERVER, log_from)

    def _prepare(self) -> None:
        self.say("Preparing the database and the demo people.")
        with log_of(PREPARE).open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "development.prepare"],
                cwd=ROOT,
                env=environment_for_preparing(self.cluster, self.ports),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        write_down(PREPARE, process.pid)
        try:
            status = process.wait(SECONDS_TO_PREPARE)
        except subprocess.TimeoutExpired:
            status = -1
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        if status:
            raise _failure("The database could not be prepared", PREPARE, 0)

    def _programs(self, supervisor: Supervisor, logs: Mapping[str, int]) -> None:
        waiting, pids = list(PROGRAMS), {name: pid for name, (_, pid) in supervisor.states().items()}
        deadline = time.monotonic() + SECONDS_FOR_THE_PROGRAMS
        while waiting:
            for name, (state, pid) in supervisor.states().items():
                pids[name] = before = pids.get(name) or pid
                if state in NOT_ALIVE or pid != before:
                    raise _failure(f"{name.capitalize()} did not start", name, logs.get(name, 0))
            waiting = [program for program in waiting if not self._healthy(program)]
            if waiting and time.monotonic() > deadline:
                name = waiting[0].name
                raise _failure(f"{name.capitalize()} is not healthy", name, logs[name])
            time.sleep(0.1)

    def _healthy(self, program: Program) -> bool:
        url = f"http://127.0.0.1:{self.ports[program.port_setting]}/health"
        try:
            # No proxy of the machine has a say in what happens on it.
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


def _up(supervisor: Supervisor, part: str) -> bool:
    return supervisor.alive() and supervisor.states()[part][0] not in NOT_ALIVE


def _size(part: str) -> int:
    return log_of(part).stat().st_size if log_of(part).exists() else 0


def _failure(what: str, part: str, log_from: int) -> StartError:
    said = last_lines(log_of(part), log_from) or "  (nothing)"
    return StartError(f"{what}. The last it said, in {log_of(part).relative_to(ROOT)}:\n{said}")
