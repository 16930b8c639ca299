"""The supervisor: its configuration, starting it, asking it, stopping it. It restarts whatever of the run falls."""

from __future__ import annotations

import hashlib
import http.client
import os
import subprocess
import sys
import tempfile
import time
import xmlrpc.client  # nosec B411
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from supervisor.xmlrpc import SupervisorTransport  # type: ignore[import-untyped]

from development.account import StartError, refuse_foreign
from development.checkout import PARTS, ROOT, RUNNING, log_of
from development.part import DATABASE_SERVER
from development.processes import GUARD, SUPERVISOR, write_down

SECONDS_TO_START = 15
SECONDS_TO_STOP = 30
# The shortest limit among systems is 104, and the supervisor binds a name that is some characters longer first.
LONGEST_SOCKET_NAME = 90
GROUP = "programs"

HEAD = """\
[supervisord]
nodaemon = true
silent = true
identifier = clinic
logfile = %(here)s/../log/supervisor.log
logfile_maxbytes = 5MB
logfile_backups = 1
pidfile = %(here)s/supervisord.pid
{user}
[unix_http_server]
file = {socket}
chmod = 0700

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
"""
PART = """
[program:{name}]
command = "%(ENV_CLINIC_PYTHON)s" -m {command}
priority = {priority}
autostart = {autostart}
autorestart = true
startretries = 1000
stopsignal = {stopsignal}
stopwaitsecs = 12
stopasgroup = false
killasgroup = true
redirect_stderr = true
stdout_logfile = %(here)s/../log/{name}.log
stdout_logfile_maxbytes = 5MB
stdout_logfile_backups = 1
"""


def _configuration(socket: Path, own_database: bool) -> str:
    """Stopping goes from the highest priority down, group by group: programs, then their database, the guard last."""
    text = HEAD.format(user="user = root" if os.geteuid() == 0 else "", socket=str(socket).replace("%", "%%"))
    text += PART.format(
        name=GUARD, command="development.guard %(ENV_CLINIC_RUNNER)s", priority=1, autostart="true", stopsignal="TERM"
    )
    if own_database:
        command = f"development.part {DATABASE_SERVER}"
        text += PART.format(name=DATABASE_SERVER, command=command, priority=10, autostart="true", stopsignal="INT")
    for part in PARTS:
        command = f"development.part {part.name}"
        text += PART.format(name=part.name, command=command, priority=20, autostart="false", stopsignal="TERM")
    return text + f"\n[group:{GROUP}]\nprograms = {','.join(part.name for part in PARTS)}\npriority = 20\n"


def _socket() -> Path:
    path = RUNNING / "supervisor.sock"
    if len(os.fsencode(path)) <= LONGEST_SOCKET_NAME:
        return path
    key = hashlib.sha256(os.fsencode(ROOT)).hexdigest()[:12]
    place = Path("/tmp" if os.path.isdir("/tmp") else tempfile.gettempdir()) / f"clinic-{os.geteuid()}-{key}"  # noqa: S108
    place.mkdir(mode=0o700, exist_ok=True)
    refuse_foreign(place)
    return place / "supervisor.sock"


@dataclass(frozen=True)
class Supervisor:
    """A started supervisor."""

    process: subprocess.Popen[bytes]
    socket: Path

    def states(self) -> dict[str, tuple[str, int]]:
        """State and process id of each part."""
        return {info["name"]: (info["statename"], info["pid"]) for info in self._ask("getAllProcessInfo")}

    def start_programs(self) -> None:
        """Start the programs and their workers; returns at once."""
        self._ask("startProcessGroup", GROUP, False)

    def _ask(self, method: str, *arguments: object) -> Any:
        """A connection for each question: a kept one is of no use after a single failure."""
        transport = SupervisorTransport(None, None, serverurl=f"unix://{self.socket}")
        try:
            control = xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport).supervisor
            return getattr(control, method)(*arguments)
        except (http.client.HTTPException, xmlrpc.client.Error) as error:
            raise ConnectionError("the supervisor does not answer") from error
        finally:
            transport.close()

    def alive(self) -> bool:
        """Whether it still looks after the parts."""
        return self.process.poll() is None

    def stop(self) -> None:
        """Stop every part in order, then the supervisor."""
        self.process.terminate()
        try:
            self.process.wait(SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start_supervisor(own_database: bool) -> Supervisor:
    """Started in a session of its own: Ctrl-C and a closing terminal are the runner's to handle."""
    socket, file = _socket(), RUNNING / "supervisord.conf"
    socket.unlink(missing_ok=True)
    file.write_text(_configuration(socket, own_database))
    log = log_of(SUPERVISOR)
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "supervisor.supervisord", "-n", "-c", str(file)],
            cwd=ROOT,
            env=os.environ | {"CLINIC_PYTHON": sys.executable, "CLINIC_RUNNER": str(os.getpid())},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    write_down(SUPERVISOR, process.pid)
    supervisor = Supervisor(process, socket)
    _wait_for(supervisor)
    return supervisor


def _wait_for(supervisor: Supervisor) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while supervisor.alive() and time.monotonic() < deadline:
        try:
            supervisor.states()
            return
        except OSError:
            time.sleep(0.05)
    supervisor.stop()
    raise StartError(f"The supervisor did not start; see {log_of(SUPERVISOR)}.")
