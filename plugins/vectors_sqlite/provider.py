"""Vectors as rows of a SQLite file. Searching compares with all of the namespace: exact, and fine for ten thousands."""

from __future__ import annotations

import heapq
import math
import sqlite3
from array import array
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from operator import mul

from webkit.sdk import (
    MOST_NEAREST,
    Health,
    HealthReport,
    Near,
    Point,
    ProviderUnavailable,
    Space,
    Vector,
    Vectors,
    WrongSpace,
    check_namespace,
    check_points,
    check_vector,
)
from webkit.sdk.files import writable

from .settings import SqliteSettings

NAME = "sqlite"
BUSY_SECONDS = 10.0
SOME = 500
TABLES = """
CREATE TABLE IF NOT EXISTS spaces (
    namespace TEXT PRIMARY KEY, model TEXT NOT NULL, dimensions INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS vectors (
    namespace TEXT NOT NULL, id TEXT NOT NULL, vector BLOB NOT NULL, PRIMARY KEY (namespace, id)
) WITHOUT ROWID;
"""


class SqliteVectors:
    """One file; processes share it, one writes at a time."""

    def __init__(self, settings: SqliteSettings) -> None:
        self._path = settings.path

    def put(self, namespace: str, space: Space, points: Sequence[Point]) -> None:
        check_namespace(namespace)
        rows = [(namespace, point.id, _packed(point.vector)) for point in check_points(space, points)]
        with self._writing() as file:
            given = (namespace, space.model, space.dimensions)
            file.execute("INSERT INTO spaces VALUES (?, ?, ?) ON CONFLICT DO NOTHING", given)
            _must_be(file, namespace, space)
            file.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)", rows)

    def nearest(self, namespace: str, space: Space, vector: Vector, *, limit: int = 10) -> tuple[Near, ...]:
        check_namespace(namespace)
        asked = array("f", _of_length_one(check_vector(space, vector)))
        with self._reading() as file:
            _must_be(file, namespace, space)
            rows = file.execute("SELECT id, vector FROM vectors WHERE namespace = ?", (namespace,))
            scored = ((sum(map(mul, asked, memoryview(blob).cast("f"))), id) for id, blob in rows)
            best = heapq.nsmallest(min(limit, MOST_NEAREST), scored, key=lambda found: (-found[0], found[1]))
        return tuple(Near(id, max(-1.0, min(1.0, score))) for score, id in best)

    def forget(self, namespace: str, ids: Collection[str]) -> int:
        check_namespace(namespace)
        with self._writing() as file:
            rows = [(namespace, id) for id in ids]
            return file.executemany("DELETE FROM vectors WHERE namespace = ? AND id = ?", rows).rowcount if rows else 0

    def forget_all(self, namespace: str) -> int:
        check_namespace(namespace)
        with self._writing() as file:
            file.execute("DELETE FROM spaces WHERE namespace = ?", (namespace,))
            return file.execute("DELETE FROM vectors WHERE namespace = ?", (namespace,)).rowcount

    def count(self, namespace: str) -> int:
        check_namespace(namespace)
        with self._reading() as file:
            found = file.execute("SELECT count(*) FROM vectors WHERE namespace = ?", (namespace,)).fetchone()
            return int(found[0])

    def health(self) -> HealthReport:
        if not self._path.exists():
            return writable(self._path.parent)
        try:
            with self._reading() as file:
                file.execute("SELECT 1 FROM spaces LIMIT 1").fetchone()
        except ProviderUnavailable as error:
            return HealthReport(Health.DOWN, str(error))
        return HealthReport(Health.OK)

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(self._opened()) as file:
                yield file
        except (sqlite3.Error, OSError) as error:
            raise ProviderUnavailable(f"the file cannot be used ({type(error).__name__})", provider=NAME) from None

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._reading() as file:
            file.execute("BEGIN IMMEDIATE")
            with file:  # commits, or takes everything back
                yield file

    def _opened(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = sqlite3.connect(self._path, BUSY_SECONDS, isolation_level=None)
        file.execute("PRAGMA journal_mode = WAL")
        file.execute("PRAGMA secure_delete = ON")  # what is forgotten is gone
        file.executescript(TABLES)
        return file


def _must_be(file: sqlite3.Connection, namespace: str, space: Space) -> None:
    held = file.execute("SELECT model, dimensions FROM spaces WHERE namespace = ?", (namespace,)).fetchone()
    if held is not None and held != (space.model, space.dimensions):
        text = f"the namespace holds vectors of {held[0]} with {held[1]} dimensions"
        raise WrongSpace(text, provider=NAME, code="space")


def _packed(vector: Vector) -> bytes:
    return array("f", _of_length_one(vector)).tobytes()


def _of_length_one(vector: Vector) -> list[float]:
    length = math.sqrt(sum(value * value for value in vector))
    return [value / length for value in vector]


_checked: type[Vectors] = SqliteVectors
