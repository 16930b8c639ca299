"""How a service's migrations run: one at a time, never waiting long for a lock, with its own version table.

Whatever waits for a table lock has everybody behind it wait too, readers included. So a migration waits for a second,
gives up, lets them through, and comes back. Each is a transaction of its own: what is done stays done.
"""

import secrets
import time
from typing import Any

from alembic import context, op
from flask import current_app
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from chassis import logs

ONE_AT_A_TIME = 7283642
WAIT_FOR_ANOTHER = "5min"
"""For the migrations of another instance, or another service of the same database."""
WAIT_FOR_TABLE = "1s"
"""Less than programs wait for a lock (`chassis/database.py`): they notice nothing of it."""
TRIES = 20
PAUSE = (1.0, 3.0)
"""Seconds between two, drawn at random."""
PASSING = ("55P03", "40P01")
"""What PostgreSQL says where a lock was not to be had in time, or stood in a circle."""


def run(foreign: str | None = None) -> None:
    """Bring this service's schema to the revision asked for. Called by each service's `migrations/env.py`.

    Tables whose names begin with `foreign` are a library's, and compared with no model.
    """
    with current_app.extensions["migrate"].db.engine.connect() as connection:
        connection.connection.driver_connection.patience = None  # building an index takes its time
        connection.detach()  # closed for good at the end, and with it the lock and the settings below
        # of two instances that start together one migrates, and the other then finds nothing to do
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text(f"SET lock_timeout = '{WAIT_FOR_ANOTHER}'"))
        connection.execute(text(f"SELECT pg_advisory_lock({ONE_AT_A_TIME})"))
        connection.execute(text(f"SET lock_timeout = '{WAIT_FOR_TABLE}'"))
        connection.commit()
        for left in range(TRIES - 1, -1, -1):
            try:
                _migrate(connection, foreign)
                return
            except OperationalError as error:
                if not left or getattr(error.orig, "pgcode", None) not in PASSING:
                    raise
            logs.logger.warning("migration waits for a lock", extra={"tries_left": left})
            shortest, longest = PAUSE
            time.sleep(shortest + (longest - shortest) * secrets.randbelow(1000) / 1000)


def _migrate(connection: Connection, foreign: str | None) -> None:
    """Do what is still to be done."""
    context.configure(
        connection=connection,
        target_metadata=current_app.extensions["migrate"].db.metadata,
        compare_server_default=True,
        include_name=lambda name, kind, _: not (foreign and kind == "table" and str(name).startswith(foreign)),
        process_revision_directives=_no_empty_revision,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def _no_empty_revision(_: Any, __: Any, directives: list[Any]) -> None:
    """Write no file when the models have not changed."""
    if getattr(context.config.cmd_opts, "autogenerate", False) and directives[0].upgrade_ops.is_empty():
        directives[:] = []


def append_only(table: str) -> None:
    """In a migration: rows of this table are never changed or deleted, not even by the service that owns it."""
    op.execute(
        f"""
        CREATE FUNCTION refuse_change_of_{table}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '{table} is append-only' USING ERRCODE = 'restrict_violation';
        END $$
        """
    )
    op.execute(
        f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table}"
        f" FOR EACH ROW EXECUTE FUNCTION refuse_change_of_{table}()"
    )
    op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM CURRENT_USER")
