"""What SQLite is told to expect of its tables.

It chooses indexes by statistics. Without any it takes the first column of an index for nearly as good as all of them:
the agency, whose rows it then reads one after another. So it is told how tables look in a busy installation, and its
plans are the same everywhere and from the first row on. PostgreSQL finds out for itself.
"""

from __future__ import annotations

import math

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from webkit.core.kernel.tables import Base

ROWS = 1_000_000
FEW, SOME, DAYS = 4, 10, 1_000
"""Into how many parts a column divides rows: states and currencies, short words, days."""
ALIKE = 50
"""Rows that share whatever else a column holds: a client, a document, a moment."""


def expect(connection: Connection) -> None:
    """Write down for every index how many rows share its first columns. Done again it does nothing new."""
    if connection.dialect.name != "sqlite":
        return
    connection.execute(sa.text("ANALYZE sqlite_schema"))  # makes the table of statistics
    connection.execute(sa.text("DELETE FROM sqlite_stat1"))
    rows = [row for table in Base.metadata.sorted_tables for row in _expected(connection, table)]
    if rows:
        connection.execute(sa.text("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (:table, :name, :stat)"), rows)
    connection.execute(sa.text("ANALYZE sqlite_schema"))


def _expected(connection: Connection, table: sa.Table) -> list[dict[str, str]]:
    found = []
    for _nth, name, unique, *_rest in connection.exec_driver_sql(f"PRAGMA index_list({table.name})").all():
        named = [row[2] for row in connection.exec_driver_sql(f"PRAGMA index_info({name})").all()]
        counts, left = [ROWS], ROWS
        for column in named:
            left = _alike(table.columns.get(column) if column else None, left)
            counts.append(left)
        if unique:
            counts[-1] = 1
        found.append({"table": table.name, "name": name, "stat": " ".join(map(str, counts))})
    return found


def _alike(column: sa.Column[object] | None, rows: int) -> int:
    """How many of these rows share one value of a column."""
    if column is None:  # an expression
        return min(rows, ALIKE)
    kind = column.type
    if column.name == "agency_id" or isinstance(kind, sa.Boolean | sa.Enum):
        return math.ceil(rows / FEW)
    if isinstance(kind, sa.Date):
        return math.ceil(rows / DAYS)
    if isinstance(kind, sa.String) and kind.length is not None and kind.length <= 32:
        return math.ceil(rows / (FEW if kind.length <= 3 else SOME))
    return min(rows, ALIKE)
