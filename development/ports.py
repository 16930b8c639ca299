"""The ports of a run: settings, so that two checkouts run side by side. A taken one is named, with whose it is."""

from __future__ import annotations

import errno
import os
import socket
from pathlib import Path

import psutil

from development.account import StartError
from development.checkout import PROGRAMS

POSTGRES = "POSTGRES_PORT"
DEFAULTS = {program.port_setting: program.default_port for program in PROGRAMS} | {POSTGRES: 5432}


def ports() -> dict[str, int]:
    """Port of each setting, from the environment or the default."""
    chosen: dict[str, int] = {}
    for setting, default in DEFAULTS.items():
        text = os.environ.get(setting) or str(default)
        if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
            raise StartError(f"{setting} must be a port number from 1 to 65535, not {text!r}.")
        for other, port in chosen.items():
            if port == int(text):
                raise StartError(f"{setting} and {other} are both {port}. Give each program a port of its own.")
        chosen[setting] = int(text)
    return chosen


def check_free(wanted: dict[str, int]) -> None:
    """Refuse with one line for each port that cannot be used."""
    problems = [problem for setting, port in wanted.items() if (problem := _problem(setting, port))]
    if problems:
        raise StartError("\n".join(problems))


def _problem(setting: str, port: int) -> str | None:
    reason = _refusal(port)
    if reason is None:
        return None
    if reason in (errno.EACCES, errno.EPERM):
        return f"Port {port} ({setting}) may only be used by root. Choose a higher one: make run {setting}=…"
    free = _free_port(port)
    return f"Port {port} ({setting}) is taken{_holder(port)}. Choose another one: make run {setting}={free}"


def _refusal(port: int) -> int | None:
    """Error number of listening there; a listener on all addresses counts, which some systems let us bind beside."""
    with socket.socket() as probe:
        probe.settimeout(1)
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            return errno.EADDRINUSE
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            return error.errno
    return None


def _free_port(after: int) -> int:
    used = set(DEFAULTS.values())
    return next((p for p in range(after + 10, 65536) if p not in used and _refusal(p) is None), 0)


def _holder(port: int) -> str:
    """Who listens there, as far as this account may see."""
    try:
        for connection in psutil.net_connections("tcp"):
            address = tuple(connection.laddr)
            if connection.status == psutil.CONN_LISTEN and address[1:2] == (port,) and connection.pid:
                process = psutil.Process(connection.pid)
                return f" by {process.name()} (process {process.pid}, working in {Path(process.cwd())})"
    except (psutil.Error, OSError):
        pass
    return ""
