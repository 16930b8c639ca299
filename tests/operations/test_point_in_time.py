"""The way back to a moment, as docs/operations/backup.md tells it: walked with a real PostgreSQL."""

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from development.cluster import plain_environment
from tests.journeys.load import rows, value
from tests.journeys.test_crashes import Database
from tests.operations.copies import rows_outside_a_transaction

ARCHIVE = "test ! -f /archive/%f && cp %p /archive/%f.half && sync /archive/%f.half && mv /archive/%f.half /archive/%f"
FETCH = "cp /archive/%f %p"
SECONDS = 30


def test_a_database_is_brought_back_to_the_moment_before_a_mistake(tmp_path: Path, root: Path) -> None:
    database = Database(tmp_path / "server")
    archive, base = folder(database, "archive"), folder(database, "base")
    archiving = {"archive_mode": "on", "archive_command": ARCHIVE.replace("/archive", str(archive))}
    database.settings = archiving
    database.start()
    url = database.admin_url
    rows(url, "CREATE TABLE visit AS SELECT generate_series(1, 100) AS id")

    tool(database, "pg_basebackup", "--dbname", url, "--pgdata", str(base), "--checkpoint=fast")
    tool(database, "pg_verifybackup", str(base))
    rows(url, "INSERT INTO visit SELECT generate_series(101, 200)")
    moment = value(url, "SELECT clock_timestamp()")
    rows(url, "DELETE FROM visit WHERE id > 10")
    last = value(url, "SELECT pg_walfile_name(pg_current_wal_lsn())")
    rows_outside_a_transaction(url, "SELECT pg_switch_wal()")
    until((archive / last).exists)
    database.kill()

    database.cluster.data.rename(database.cluster.place / "lost")
    base.rename(database.cluster.data)
    (database.cluster.data / "recovery.signal").touch()
    recovering = {
        "restore_command": FETCH.replace("/archive", str(archive)),
        "recovery_target_time": moment.isoformat(),
        "recovery_target_action": "promote",
    }
    database.settings = recovering
    database.start()
    until(lambda: not value(url, "SELECT pg_is_in_recovery()"))

    assert value(url, "SELECT count(*) FROM visit") == 200
    rows(url, "INSERT INTO visit VALUES (201)")
    database.kill()
    told = (root / "docs/operations/backup.md").read_text()
    walked = (ARCHIVE, FETCH, "pg_basebackup", "pg_verifybackup", "recovery.signal", *archiving, *recovering)
    assert [step for step in walked if step not in told] == []


def folder(database: Database, name: str) -> Path:
    """One that the server's account may write to."""
    made = database.cluster.place / name
    made.mkdir(mode=0o700)
    if database.cluster.account:
        os.chown(made, database.cluster.account.uid, database.cluster.account.gid)
    return made


def tool(database: Database, name: str, *options: str) -> None:
    """Run one of PostgreSQL's programs as the account of the server."""
    command = [database.cluster.installation.program(name), *options]
    given = {"env": plain_environment(), "cwd": database.cluster.place}
    done = subprocess.run(command, capture_output=True, check=False, **given, **database.cluster.identity())
    assert done.returncode == 0, done.stderr


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)
