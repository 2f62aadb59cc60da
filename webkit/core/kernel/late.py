"""What a write leaves for its end: rows that nobody reads before, written in one message.

Whoever holds a lock that others wait for does not wait for an answer after every row. PostgreSQL takes all of them as
parts of one statement, SQLite one after another; thousands go table by table.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Callable, Hashable, Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Dialect

from webkit.core.kernel import asking
from webkit.core.kernel.tables import Base

MOST = 40
"""Rows and changes of one message."""
_ROW = re.compile(r"(INSERT INTO \w+ \([^()]*\) VALUES )(\((?:[^()]|%\(\w+\)s)*\))((?: ON CONFLICT DO NOTHING)?)")
"""An INSERT of one row: what comes before its values, these, and what follows."""
Values = Mapping[str, Any]


class Late:
    """The rows and changes of one unit of work, in the order in which they were left."""

    def __init__(self) -> None:
        self._steps: list[tuple[sa.Executable, Values]] = []
        self._changed: set[Hashable] = set()

    def __bool__(self) -> bool:
        return bool(self._steps)

    def add(self, statement: sa.Executable, values: Values) -> None:
        """Leave one row. `statement` is one that is kept: it is compiled once."""
        self._steps.append((statement, values))

    def changes(self, row: Hashable) -> bool:
        """Say that a row of the database is changed; False when something left before changes it already.

        In one message PostgreSQL changes a row once.
        """
        if row in self._changed:
            return False
        self._changed.add(row)
        return True

    def clear(self) -> None:
        self._steps, self._changed = [], set()

    def write(self, connection: Connection, *, commit: bool = False) -> None:
        """Write everything that was left; with `commit`, PostgreSQL commits it in the same message if it can."""
        steps = self._steps
        self.clear()
        if connection.dialect.name == "postgresql" and 1 < len(steps) <= MOST:
            _together(connection, steps, commit)
            return
        alike: dict[sa.Executable, list[Values]] = {}
        for statement, values in steps:
            alike.setdefault(statement, []).append(values)
        for statement, rows in alike.items():
            connection.execute(statement, rows)


@functools.cache
def added(table: type[Base]) -> sa.Executable:
    """The statement that inserts a whole row."""
    return sa.insert(table.__table__)  # type: ignore[arg-type]


def whole(table: type[Base], values: Values) -> dict[str, Any]:
    """A row with the defaults of the columns that are not named."""
    row = {name: values[name] if name in values else default() for name, default in _defaults(table)}
    if unknown := values.keys() - row.keys():
        raise TypeError(f"{table.__name__} has no {', '.join(sorted(unknown))}")
    return row


@functools.cache
def _defaults(table: type[Base]) -> tuple[tuple[str, Callable[[], Any]], ...]:
    return tuple((column.key, _default(column)) for column in table.__table__.columns)


def _default(column: sa.ColumnElement[Any]) -> Callable[[], Any]:
    default: Any = getattr(column, "default", None)
    if default is not None and default.is_callable:
        return functools.partial(default.arg, None)
    value = default.arg if default is not None else None
    return lambda: value


class _Part(NamedTuple):
    """A statement as the driver takes it: its text, and what makes each value what the database is given."""

    text: str
    values: tuple[tuple[str, Callable[[Any], Any] | None], ...]

    def many(self, count: int) -> str:
        """The text for so many rows."""
        if count == 1:
            return self.text
        begin, row, end = _ROW.fullmatch(self.text).groups()  # type: ignore[union-attr]
        return begin + ", ".join([row] * count) + end


@functools.cache
def _part(statement: sa.Executable, dialect: Dialect) -> _Part:
    compiled: Any = statement.compile(dialect=dialect)  # type: ignore[attr-defined]
    kinds = [(name, compiled.binds[name].type.dialect_impl(dialect)) for name in asking.PLACE.findall(str(compiled))]
    return _Part(str(compiled), tuple((name, kind.bind_processor(dialect)) for name, kind in kinds))


class _Plan(NamedTuple):
    """Several statements as one: its text, and for each of its places the step, the value's name, what makes it."""

    text: str
    places: tuple[tuple[int, str, Callable[[Any], Any] | None], ...]


@functools.lru_cache(512)
def _plan(statements: tuple[sa.Executable, ...], dialect: Dialect) -> _Plan:
    """Rows of a table are one part: PostgreSQL begins and ends each, whatever there is to do in it."""
    alike: dict[tuple[sa.Executable, int], list[int]] = {}
    for nth, statement in enumerate(statements):
        joined = _ROW.fullmatch(_part(statement, dialect).text) is not None
        alike.setdefault((statement, -1 if joined else nth), []).append(nth)
    places = tuple(
        (nth, name, process)
        for (statement, _), rows in alike.items()
        for nth in rows
        for name, process in _part(statement, dialect).values
    )
    return _Plan(_text([(statement, len(rows)) for (statement, _), rows in alike.items()], dialect), places)


def _text(parts: list[tuple[sa.Executable, int]], dialect: Dialect) -> str:
    """All of them in PostgreSQL's own places `$1`, `$2`: every part but the last is a WITH of it."""
    places = itertools.count(1)
    texts = [asking.numbered(_part(each, dialect).many(count), lambda _name: next(places)) for each, count in parts]
    before = ", ".join(f"part{nth} AS ({text})" for nth, text in enumerate(texts[:-1]))
    return (f"WITH {before} " if before else "") + texts[-1]


def _together(connection: Connection, steps: list[tuple[sa.Executable, Values]], commit: bool) -> None:
    plan = _plan(tuple([statement for statement, _ in steps]), connection.dialect)
    given = [
        steps[nth][1][name] if process is None else process(steps[nth][1][name]) for nth, name, process in plan.places
    ]
    asking.change(connection, plan.text, given, commit=commit)
