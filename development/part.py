"""One part of the run, as the supervisor starts it: `python -m development.part NAME`.

Before it turns into the part itself it ends what a killed predecessor left: orphaned workers hold the port, orphaned
database processes hold the shared memory.
"""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from development import processes
from development.account import become
from development.checkout import PARTS, Program, Worker
from development.cluster import plain_environment
from development.ports import POSTGRES, ports
from development.settings import environment_of, own_cluster

DATABASE_SERVER = "postgres"


def main(name: str) -> None:
    """Become the part; does not return."""
    if name == DATABASE_SERVER:
        _serve_database()
    part = {part.name: part for part in PARTS}[name]
    processes.end(processes.processes_of(name), seconds=2)
    processes.write_down(name, os.getpid())
    if isinstance(part, Worker):
        _run([part.target], part.program)
    _serve(part)


def _serve(program: Program) -> None:
    address = f"127.0.0.1:{ports()[program.port_setting]}"
    _run(["gunicorn", "-c", "python:chassis.gunicorn", "--bind", address, program.target], program)


def _run(module: list[str], program: Program) -> NoReturn:
    command = [sys.executable, "-m", *module]
    os.execve(command[0], command, environment_of(program, ports()))  # noqa: S606


def _serve_database() -> None:
    cluster = own_cluster()
    if cluster is None:
        sys.exit("The databases named in the environment are served elsewhere.")
    processes.end_server(cluster)
    os.chdir(cluster.place)
    if cluster.account:
        become(cluster.account)
    command = cluster.command(ports()[POSTGRES])
    os.execve(command[0], command, plain_environment())  # noqa: S606


if __name__ == "__main__":
    main(sys.argv[1])
