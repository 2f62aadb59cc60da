"""Vectors in tables of their own schema. Searching reads the namespace's rows by their key: exact, in the server."""

from __future__ import annotations

import os
import re
import threading
import weakref
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

import psycopg
from psycopg import Connection

from webkit.sdk import (
    MOST_NEAREST,
    Health,
    HealthReport,
    Near,
    Point,
    ProviderError,
    ProviderMisconfigured,
    ProviderUnavailable,
    Space,
    Vector,
    Vectors,
    WrongSpace,
    check_namespace,
    check_points,
    check_vector,
)

from .settings import PgVectorSettings

NAME = "pgvector"
CONNECT_SECONDS = 5
MAKE = 7_305_128_901_442
"""The lock under which the tables are made, so that two processes do not make them at once."""
TABLES = """
CREATE EXTENSION IF NOT EXISTS vector;
CREATE SCHEMA IF NOT EXISTS webkit_vectors;
CREATE TABLE IF NOT EXISTS webkit_vectors.spaces (
    namespace text PRIMARY KEY, model text NOT NULL, dimensions integer NOT NULL
);
CREATE TABLE IF NOT EXISTS webkit_vectors.points (
    namespace text NOT NULL, id text NOT NULL, vector vector NOT NULL, PRIMARY KEY (namespace, id)
);
"""


class PgVectors:
    """One kept connection; who comes meanwhile waits."""

    def __init__(self, settings: PgVectorSettings) -> None:
        self._url = re.sub(r"^postgres(ql)?(\+\w+)?://", "postgresql://", settings.url.get_secret_value())
        self._lock = threading.Lock()
        self._kept: tuple[int, Connection] | None = None

    def put(self, namespace: str, space: Space, points: Sequence[Point]) -> None:
        check_namespace(namespace)
        rows = [(namespace, point.id, _written(point.vector)) for point in check_points(space, points)]
        with self._asking() as database:
            database.execute(
                "INSERT INTO webkit_vectors.spaces VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
                (namespace, space.model, space.dimensions),
            )
            _must_be(database, namespace, space, "FOR SHARE")
            database.cursor().executemany(
                "INSERT INTO webkit_vectors.points VALUES (%s, %s, %s::vector) "
                "ON CONFLICT (namespace, id) DO UPDATE SET vector = excluded.vector",
                rows,
            )

    def nearest(self, namespace: str, space: Space, vector: Vector, *, limit: int = 10) -> tuple[Near, ...]:
        check_namespace(namespace)
        asked = _written(check_vector(space, vector))
        with self._asking() as database:
            _must_be(database, namespace, space)
            rows = database.execute(
                "SELECT id, 1 - (vector <=> %s::vector) AS score FROM webkit_vectors.points WHERE namespace = %s "
                "ORDER BY score DESC, id LIMIT %s",
                (asked, namespace, min(limit, MOST_NEAREST)),
            ).fetchall()
        return tuple(Near(id, float(score)) for id, score in rows)

    def forget(self, namespace: str, ids: Collection[str]) -> int:
        check_namespace(namespace)
        with self._asking() as database:
            return database.execute(
                "DELETE FROM webkit_vectors.points WHERE namespace = %s AND id = ANY(%s)", (namespace, list(ids))
            ).rowcount

    def forget_all(self, namespace: str) -> int:
        check_namespace(namespace)
        with self._asking() as database:
            database.execute("DELETE FROM webkit_vectors.spaces WHERE namespace = %s", (namespace,))
            return database.execute("DELETE FROM webkit_vectors.points WHERE namespace = %s", (namespace,)).rowcount

    def count(self, namespace: str) -> int:
        check_namespace(namespace)
        with self._asking() as database:
            query = "SELECT count(*) FROM webkit_vectors.points WHERE namespace = %s"
            found = database.execute(query, (namespace,)).fetchone()
            return int(found[0]) if found else 0

    def health(self) -> HealthReport:
        try:
            with self._asking() as database:
                database.execute("SELECT 1 FROM webkit_vectors.spaces LIMIT 1").fetchone()
        except ProviderError as error:
            return HealthReport(Health.DOWN, str(error))
        return HealthReport(Health.OK)

    @contextmanager
    def _asking(self) -> Iterator[Connection]:
        """A transaction. A connection that broke is left, and the next call makes a new one."""
        with self._lock:
            try:
                database = self._connected()
                with database.transaction():
                    yield database
            except psycopg.OperationalError as error:
                self._kept = None
                text = f"the database does not answer ({type(error).__name__})"
                raise ProviderUnavailable(text, provider=NAME) from None
            except psycopg.Error as error:
                raise _mapped(error) from None

    def _connected(self) -> Connection:
        if self._kept is None or self._kept[0] != os.getpid() or self._kept[1].closed:
            database = psycopg.connect(self._url, autocommit=True, connect_timeout=CONNECT_SECONDS)
            weakref.finalize(self, _leave, os.getpid(), database)
            with database.transaction():
                database.execute("SELECT pg_advisory_xact_lock(%s)", (MAKE,))
                found = database.execute("SELECT to_regclass('webkit_vectors.points')").fetchone()
                if not (found and found[0]):
                    database.execute(TABLES)
            self._kept = os.getpid(), database
        return self._kept[1]


def _leave(process: int, database: Connection) -> None:
    """Close it, unless we are a fork: then it is our parent's."""
    if process == os.getpid():
        database.close()


def _must_be(database: Connection, namespace: str, space: Space, lock: str = "") -> None:
    """`lock` keeps the space as it is until the vectors are in: nobody forgets it meanwhile."""
    query = f"SELECT model, dimensions FROM webkit_vectors.spaces WHERE namespace = %s {lock}"  # noqa: S608
    held = database.execute(query, (namespace,)).fetchone()
    if held is not None and held != (space.model, space.dimensions):
        text = f"the namespace holds vectors of {held[0]} with {held[1]} dimensions"
        raise WrongSpace(text, provider=NAME, code="space")


def _mapped(error: psycopg.Error) -> ProviderError:
    """The server's words may name rows: only its code is kept."""
    code = error.sqlstate or ""
    if code.startswith(("42", "0A", "28", "3D")) or code == "58P01":
        text = f"the database lacks pgvector or its rights ({code}): run CREATE EXTENSION vector as its owner"
        return ProviderMisconfigured(text, provider=NAME, code=code)
    return ProviderUnavailable(f"the database refused ({code})", provider=NAME, code=code)


def _written(vector: Vector) -> str:
    return f"[{','.join(map(repr, map(float, vector)))}]"


_checked: type[Vectors] = PgVectors
