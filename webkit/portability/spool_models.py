"""Names of many things, sorted and each once, on disk: an agency may have more files than fit into memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from types import TracebackType


class Spool:
    """Keys with a few words about each, in the order of their bytes."""

    def __init__(self) -> None:
        self._rows = sqlite3.connect("")  # a file without a name that goes when it is closed
        self._rows.execute("CREATE TABLE spool (key TEXT PRIMARY KEY, first TEXT, second TEXT) WITHOUT ROWID")

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: object, _where: TracebackType | None) -> None:
        self._rows.close()

    def add(self, key: str, first: str, second: str) -> bool:
        """Keep one; False when it is there already."""
        done = self._rows.execute("INSERT OR IGNORE INTO spool VALUES (?, ?, ?)", (key, first, second))
        return done.rowcount == 1

    def take(self, key: str) -> tuple[str, str] | None:
        """What was said of one, which is forgotten."""
        query = "DELETE FROM spool WHERE key = ? RETURNING first, second"
        found: tuple[str, str] | None = self._rows.execute(query, (key,)).fetchone()
        return found

    def __len__(self) -> int:
        return int(self._rows.execute("SELECT count(*) FROM spool").fetchone()[0])

    def __iter__(self) -> Iterator[tuple[str, str, str]]:
        yield from self._rows.execute("SELECT key, first, second FROM spool ORDER BY key")
