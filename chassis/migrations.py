"""How a service's migrations run: one at a time, never waiting long for a lock, with its own version table."""

from typing import Any

from alembic import context, op
from flask import current_app
from sqlalchemy import text

ONE_AT_A_TIME = 7283642


def run(foreign: str | None = None) -> None:
    """Bring this service's schema to the revision asked for. Called by each service's `migrations/env.py`.

    Tables whose names begin with `foreign` are a library's, and compared with no model.
    """
    db = current_app.extensions["migrate"].db
    with db.engine.connect() as connection:
        connection.connection.driver_connection.patience = None  # building an index takes its time
        connection.detach()  # closed for good at the end, and with it the lock and the settings below
        # of two instances that start together one migrates, and the other then finds nothing to do
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text("SET lock_timeout = '60s'"))
        connection.execute(text(f"SELECT pg_advisory_lock({ONE_AT_A_TIME})"))
        connection.execute(text("SET lock_timeout = '5s'"))
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            compare_server_default=True,
            include_name=lambda name, kind, _: not (foreign and kind == "table" and str(name).startswith(foreign)),
            process_revision_directives=_no_empty_revision,
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
