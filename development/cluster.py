"""A PostgreSQL cluster of our own: on 127.0.0.1 only, SCRAM with a random password, checksums on, UTF-8.

The files are made once and kept; who serves them is the caller's business (the run's supervisor, or `postgres.py`).
"""

from __future__ import annotations

import contextlib
import locale
import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import psutil
import psycopg2

from development.account import Account, StartError, place_for, server_account
from development.installation import Installation, choose, copy_for

SUPERUSER = "postgres"


class Identity(TypedDict, total=False):
    """The arguments of `subprocess` that choose an account."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True)
class Cluster:
    """The files of a cluster and all it takes to serve them."""

    place: Path
    installation: Installation
    account: Account | None
    password: str

    @property
    def data(self) -> Path:
        """PostgreSQL's data directory."""
        return self.place / "data"

    def url(self, port: int) -> str:
        """Administrator's URL."""
        return f"postgresql://{SUPERUSER}:{self.password}@127.0.0.1:{port}/postgres"

    def command(self, port: int, **options: str) -> list[str]:
        """The command line that serves the cluster on a port; options are PostgreSQL settings."""
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(port),
            "unix_socket_directories": "",
            "password_encryption": "scram-sha-256",
            "timezone": "UTC",
            "log_timezone": "UTC",
            **options,
        }
        arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [self.installation.program("postgres"), "-D", str(self.data), *arguments]

    @property
    def lock_file(self) -> Path:
        """Where a running server leaves its process id and port."""
        return self.data / "postmaster.pid"

    def identity(self) -> Identity:
        """Arguments for `subprocess` that start a program under the cluster's account."""
        return {"user": self.account.uid, "group": self.account.gid, "extra_groups": []} if self.account else {}

    def processes(self) -> list[psutil.Process]:
        """What serves these files now: the server and its children, which all work in the data directory."""
        return [process for process in psutil.process_iter() if _serves(process, self.data)]


def open_cluster(directory: Path, *, lasting: bool = True, installation: Installation | None = None) -> Cluster:
    """The cluster kept for this directory; made now when there is none."""
    account = server_account()
    place = place_for(directory, account, lasting=lasting)
    version = place / "data" / "PG_VERSION"
    major = int(version.read_text()) if version.exists() else None
    chosen = copy_for(installation or choose(major), account, place)
    password = _password(place, new=major is None)
    cluster = Cluster(place, chosen, account, password)
    if major is None:
        _initialise(cluster)
    return cluster


def _password(place: Path, *, new: bool) -> str:
    file = place / "password"
    if new:
        file.unlink(missing_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
            handle.write(secrets.token_urlsafe(32))
    return file.read_text()


def _initialise(cluster: Cluster) -> None:
    """Made beside its final name: an interrupted attempt is never taken for a cluster."""
    half, handed_over = cluster.place / "half-made", cluster.place / "password-for-initdb"
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(mode=0o700)
    handed_over.unlink(missing_ok=True)
    with os.fdopen(os.open(handed_over, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
        handle.write(cluster.password)
    if cluster.account:
        for path in (half, handed_over):
            os.chown(path, cluster.account.uid, cluster.account.gid)
    made = _as_account(
        [
            cluster.installation.program("initdb"),
            *("--pgdata", str(half), "--username", SUPERUSER, "--pwfile", str(handed_over)),
            *(
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                f"--locale={_locale()}",
                "--data-checksums",
                "--no-instructions",
            ),
        ],
        cluster,
    )
    handed_over.unlink()
    if made.returncode:
        raise StartError(f"PostgreSQL could not make its files in {cluster.place}:\n{made.stdout.strip()}")
    half.rename(cluster.data)


def _as_account(command: list[str], cluster: Cluster) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=cluster.place,
        env=plain_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        start_new_session=True,
        **cluster.identity(),
    )


def plain_environment() -> dict[str, str]:
    """Nothing of the caller's PG* variables, libraries or language may reach the server."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def _locale() -> str:
    """C.UTF-8 knows that Ö is a letter; systems without it (older macOS) get C."""
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        locale.setlocale(locale.LC_CTYPE, "C.UTF-8")
    except locale.Error:
        return "C"
    finally:
        locale.setlocale(locale.LC_CTYPE, before)
    return "C.UTF-8"


def _serves(process: psutil.Process, data: Path) -> bool:
    try:
        return process.name().startswith("postgres") and Path(process.cwd()) == data
    except (psutil.Error, OSError):
        return False


def wait_until_accepting(url: str, seconds: float, alive: Callable[[], bool]) -> bool:
    """Whether the server answered in time; gives up early when it is no longer alive."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and alive():
        with contextlib.suppress(psycopg2.OperationalError):
            psycopg2.connect(url, connect_timeout=5).close()
            return True
        time.sleep(0.05)
    return False
