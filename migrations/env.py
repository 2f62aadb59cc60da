"""Runs migrations as the role that owns the tables, on SQLite and PostgreSQL."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, create_engine, event, pool, text

from webkit.core.kernel import expectations, schema
from webkit.core.kernel.db import db, prepare_sqlite
from webkit.core.kernel.runtime import current


def run() -> None:
    """One transaction for everything: a failed upgrade changes nothing."""
    url = current().settings.owner_database
    # Its own engine: the application's may only read outside a declared write, and works as the plain role.
    engine = create_engine(url, poolclass=pool.NullPool)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", prepare_sqlite)
        # Batch mode replaces tables: with foreign keys on, dropping the old one would take its children along.
        event.listen(engine, "connect", lambda connection, _record: connection.execute("PRAGMA foreign_keys=OFF"))
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    with engine.begin() as connection:
        _alone(connection)
        schema.roles(connection)
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            render_as_batch=True,
            compare_type=True,
            transactional_ddl=True,
            render_item=_render,
        )
        context.run_migrations()
        expectations.expect(connection)
        _check_foreign_keys(connection)
    engine.dispose()


def _alone(connection: Connection) -> None:
    """Several machines may start at once: the second waits here and finds everything done. SQLite has one writer."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('webkit migrations', 0))"))


def _check_foreign_keys(connection: Connection) -> None:
    if connection.dialect.name == "sqlite" and (broken := connection.exec_driver_sql("PRAGMA foreign_key_check").all()):
        raise RuntimeError(f"rows would point to nothing: {broken[:5]}")


def _render(kind: str, item: object, _autogen: object) -> str | bool:
    """Migrations stand alone: our column types are written as what they are in the database."""
    if kind != "type":
        return False
    name = type(item).__name__
    plain = {
        "ExactDecimal": 'sa.Numeric(28, 8).with_variant(sa.Text(), "sqlite")',
        "UTCDateTime": "sa.DateTime(timezone=True)",
        "Json": "sa.Text()",
    }
    return plain.get(name, False)


if context.is_offline_mode():
    raise SystemExit("offline migrations are not supported")
run()
