from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from pydantic import SecretStr
from sqlalchemy.engine import make_url

from plugins.vectors_pgvector.plugin import webkit_register_providers as pgvector
from plugins.vectors_pgvector.provider import PgVectors
from plugins.vectors_pgvector.settings import PgVectorSettings
from plugins.vectors_sqlite.plugin import webkit_register_providers as sqlite
from plugins.vectors_sqlite.provider import SqliteVectors
from plugins.vectors_sqlite.settings import SqliteSettings
from tests.databases import postgres
from webkit.sdk import Health, Point, ProviderMisconfigured, ProviderUnavailable, Space
from webkit.sdk.testing.vectors import NORTH, SPACE, VectorsContract


class TestSqlite(VectorsContract):
    spec = sqlite()[0]


def test_what_is_forgotten_is_not_in_the_file(tmp_path: Path) -> None:
    vectors = SqliteVectors(SqliteSettings(data=tmp_path))
    vectors.put("a", SPACE, [Point("who-was-forgotten", NORTH)])
    vectors.forget("a", ["who-was-forgotten"])
    with sqlite3.connect(tmp_path / "vectors.db") as file:
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert b"who-was-forgotten" not in (tmp_path / "vectors.db").read_bytes()


def test_a_file_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "vectors.db").write_bytes(b"not a database " * 100)
    vectors = SqliteVectors(SqliteSettings(data=tmp_path))
    with pytest.raises(ProviderUnavailable):
        vectors.count("a")
    assert vectors.health().status is Health.DOWN


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres() as url:
        yield url.replace("+psycopg", "")


@pytest.fixture
def database(server: str) -> Iterator[str]:
    """The address of a fresh database."""
    name = f"vectors_{uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}".encode())
    yield make_url(server).set(database=name).render_as_string(hide_password=False)
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def on(url: str) -> PgVectors:
    return PgVectors(PgVectorSettings(url=SecretStr(url)))


@pytest.mark.slow
class TestPgVector(VectorsContract):
    spec = pgvector()[0]

    @pytest.fixture
    def configured(self, database: str) -> dict[str, str]:
        return {"VECTORS_PROVIDER": "pgvector", "VECTORS_DATABASE_URL": database}


@pytest.mark.slow
def test_a_connection_that_was_cut_is_made_anew(database: str) -> None:
    vectors = on(database.replace("postgresql://", "postgresql+psycopg://"))
    vectors.put("a", SPACE, [Point("x", NORTH)])
    with psycopg.connect(database, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
    with pytest.raises(ProviderUnavailable):
        vectors.count("a")
    assert vectors.count("a") == 1


@pytest.mark.slow
def test_who_may_not_make_tables_is_told(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as admin:
        admin.execute("DO $$ BEGIN CREATE ROLE nobody_here LOGIN; EXCEPTION WHEN duplicate_object THEN END $$")
    vectors = on(make_url(database).set(username="nobody_here").render_as_string(hide_password=False))
    with pytest.raises(ProviderMisconfigured):
        vectors.put("a", Space("m", 4), [Point("x", NORTH)])


def test_nobody_there_is_unavailable() -> None:
    vectors = on("postgresql://127.0.0.1:9/nothing")
    with pytest.raises(ProviderUnavailable):
        vectors.count("a")
    assert vectors.health().status is Health.DOWN
