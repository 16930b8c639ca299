"""Who runs PostgreSQL, and where that account can read and write.

PostgreSQL refuses to run as root. Started by root it runs under an account that every Unix has, and its files live
where that account can reach them: a clone may sit under a home that only root may enter.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

UNPRIVILEGED = "nobody"


class StartError(Exception):
    """Something the run needs is missing or refused; the message is for the person at the terminal."""


@dataclass(frozen=True)
class Account:
    """Ids to run a program under."""

    uid: int
    gid: int


def server_account() -> Account | None:
    """The account PostgreSQL must be started under, or None when that is simply our own."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(UNPRIVILEGED)
    except KeyError:
        raise StartError(
            f"PostgreSQL does not run as root, and there is no account {UNPRIVILEGED} to run it under. "
            "Start as an ordinary user."
        ) from None
    return Account(entry.pw_uid, entry.pw_gid)


def become(account: Account) -> None:
    """Give up root for good, in this process."""
    os.setgroups([])
    os.setgid(account.gid)
    os.setuid(account.uid)


def can_reach(path: Path, account: Account | None) -> bool:
    """Whether the account may enter every directory on the way to the path."""
    return account is None or all(_may_enter(parent, account) for parent in path.absolute().parents)


def _may_enter(directory: Path, account: Account) -> bool:
    status = directory.stat()
    if status.st_uid == account.uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == account.gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)


def place_for(directory: Path, account: Account | None, *, lasting: bool) -> Path:
    """Make the directory a cluster lives in: the one wanted, or one elsewhere if the account is shut out of it.

    Elsewhere is /var/lib for data that is kept (/var/tmp loses files nobody touched for a month) and the temporary
    directory for the rest.
    """
    place = directory.absolute()
    place.parent.mkdir(parents=True, exist_ok=True)
    if not can_reach(place, account):
        key = hashlib.sha256(str(directory.resolve()).encode()).hexdigest()[:12]
        place = Path("/var/lib" if lasting else tempfile.gettempdir()) / f"clinic-{key}"
    place.mkdir(mode=0o700, exist_ok=True)
    refuse_foreign(place)
    place.chmod(0o711 if account else 0o700)
    return place


def refuse_foreign(place: Path) -> None:
    """Names in shared directories can be guessed; a directory somebody else made there is not ours to fill."""
    status = place.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
        raise StartError(f"{place} belongs to somebody else. Remove it and start again.")
