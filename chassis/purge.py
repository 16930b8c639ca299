"""Deleting what has ended: in small transactions, around what somebody holds right now, and saying what went.

Each service names in its `retention.py` what ends when; `flask --app SERVICE purge` does it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, cast

import click
from apiflask import APIFlask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import ColumnElement, CursorResult, delete, false, func, inspect, select, text, tuple_

BATCH = 1000
"""Rows in one transaction: few enough that nobody waits for it."""
SECONDS = 300
"""For one statement. Nobody waits for it: no table has an index for this, and is read through once a night instead."""


@dataclass(frozen=True)
class Ended:
    """Rows that nobody needs any more: what people call them, their table, and which they are.

    `pointed_at` says of which of them other rows are left, because somebody held those: they go another time.
    """

    what: str
    table: type[Any]
    which: ColumnElement[bool]
    pointed_at: ColumnElement[bool] = field(default_factory=false)


def register(app: APIFlask, db: SQLAlchemy, ended: Callable[[], Iterable[Ended]]) -> None:
    """Hang `purge` on the application's command line."""

    @app.cli.command("purge")
    @click.option("--dry-run", is_flag=True, help="Count what would go, and delete nothing.")
    def purge(dry_run: bool) -> None:
        """Delete what has ended (docs/operations/retention.md). Safe at any time, and as often as you like."""
        for one in ended():
            number = count(db, one) if dry_run else delete_all(db, one)
            click.echo(f"{number} {one.what} {'would be' if dry_run else 'were'} deleted.")


def count(db: SQLAlchemy, one: Ended) -> int:
    """How many rows would go now."""
    _take_time(db)
    number = db.session.scalar(select(func.count()).select_from(one.table).where(one.which)) or 0
    db.session.rollback()
    return number


def delete_all(db: SQLAlchemy, one: Ended, batch: int = BATCH) -> int:
    """Delete them, so many in a transaction, and say how many went. Those that somebody has locked stay for now."""
    total, deleted = 0, batch
    while deleted == batch:
        deleted = _delete(db, one, batch)
        total += deleted
    return total


def _delete(db: SQLAlchemy, one: Ended, batch: int) -> int:
    _take_time(db)
    keys = inspect(one.table).primary_key
    some = select(*keys).where(one.which, ~one.pointed_at).limit(batch).with_for_update(skip_locked=True).cte()
    gone = delete(one.table).where(tuple_(*keys).in_(select(some)))
    result = db.session.execute(gone.execution_options(synchronize_session=False))
    db.session.commit()
    return cast(CursorResult[Any], result).rowcount


def _take_time(db: SQLAlchemy) -> None:
    cast(Any, db.session.connection().connection.driver_connection).patience = SECONDS
    db.session.execute(text(f"SET LOCAL statement_timeout = '{SECONDS}s'"))
