"""Prepared queries on their way to the driver.

A statement that is kept is compiled once, and once it is found out how its values are written and its columns read.
What is left to do each time is what the driver does; to go through SQLAlchemy costs twice that again. Listeners of the
engine hear of these statements as of all others: the wall of `tenancy` is one of them.
"""

from __future__ import annotations

import functools
import re
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection

if TYPE_CHECKING:
    from webkit.core.kernel.wire import Answer, Wire

KEPT = 2048
PLACE = re.compile(r"%\((\w+)\)s")
"""Where a value stands in a statement, as SQLAlchemy writes it for the driver of PostgreSQL."""
WIRED = SimpleNamespace(execution_options={})
"""What listeners are told of statements that go past SQLAlchemy's cursors."""
T = TypeVar("T")
Process = Callable[[Any], Any]


def rows(connection: Connection, statement: sa.Executable, values: Mapping[str, Any]) -> Sequence[Any]:
    """Everything a kept SELECT finds, or a change returns, as named tuples."""
    kept = _kept(statement, connection.dialect)
    return connection.execute(statement, values).all() if kept is None else kept.run(connection, values)


def wire(connection: Connection) -> Wire:
    """What talks to PostgreSQL on this connection."""
    found: Wire = connection.info["wire"]
    return found


def change(connection: Connection, text: str, values: Sequence[Any], *, commit: bool) -> None:
    """Run a change with PostgreSQL's own places `$1` in it; with `commit`, COMMIT goes out together with it.

    Whoever waits for a lock of ours then waits for one answer less.
    """
    _sent(connection, text, values, lambda _answer: None, commit=commit)


def _sent(
    connection: Connection, text: str, values: Sequence[Any], read: Callable[[Answer], T], *, commit: bool = False
) -> T:
    """What is read of PostgreSQL's answer; listeners hear of it, errors are SQLAlchemy's."""
    connection.dispatch.before_cursor_execute(connection, None, text, values, WIRED, False)
    line = wire(connection)
    try:
        found = read(line.run(text, values, commit=commit))
    except connection.dialect.loaded_dbapi.Error as error:
        connection._handle_dbapi_exception(error, text, values, None, None)
    except BaseException:
        if line.closed:  # it was not heard to the end
            connection.invalidate()
        raise
    connection.dispatch.after_cursor_execute(connection, None, text, values, WIRED, False)
    return found


def numbered(text: str, place: Callable[[str], int]) -> str:
    """A statement with PostgreSQL's own places `$1`, `$2`, as told for each name."""
    return PLACE.sub(lambda found: f"${place(found[1])}", text).replace("%%", "%")


class _Kept:
    """A statement as the driver takes it, with what is written and read for each of its values and columns."""

    def __init__(self, compiled: Any, columns: Sequence[sa.ColumnElement[Any]], dialect: sa.Dialect) -> None:
        self._dialect, self._columns = dialect, columns
        self._wired = dialect.name == "postgresql"
        self._text, self._order = str(compiled), compiled.positiontup
        if self._wired:  # a value that stands in two places is the same expression in both
            self._order = list(dict.fromkeys(PLACE.findall(self._text)))
            self._text = numbered(self._text, lambda name: self._order.index(name) + 1)
        self._fixed: dict[str, Any] = {}
        self._given: list[tuple[str, Process | None]] = []
        self._read: list[tuple[int, Process]] = []
        self._row: Callable[[Sequence[Any]], Any] | None = None
        for name, bound in compiled.binds.items():
            write = bound.type.dialect_impl(dialect).bind_processor(dialect)
            if bound.required:
                self._given.append((name, write))
            else:
                self._fixed[name] = write(bound.value) if write else bound.value

    def run(self, connection: Connection, values: Mapping[str, Any]) -> list[Any]:
        parameters = self._parameters(values)
        return self._wire(connection, parameters) if self._wired else self._cursor(connection, tuple(parameters))

    def _wire(self, connection: Connection, parameters: Sequence[Any]) -> list[Any]:
        return _sent(connection, self._text, parameters, self._rows)

    def _rows(self, answer: Answer) -> list[Any]:
        make = self._row or self._look(answer.columns())
        return answer.rows(make) if not self._read else [make(self._readable(row)) for row in answer.rows(list)]

    def _cursor(self, connection: Connection, parameters: tuple[Any, ...]) -> list[Any]:
        heard = connection.dispatch
        cursor: Any = connection.connection.cursor()
        heard.before_cursor_execute(connection, cursor, self._text, parameters, WIRED, False)
        try:
            cursor.execute(self._text, parameters)
            heard.after_cursor_execute(connection, cursor, self._text, parameters, WIRED, False)
            found: list[Any] = cursor.fetchall()
            make = self._row or self._look(cursor.description)
        except BaseException as error:
            connection._handle_dbapi_exception(error, self._text, parameters, cursor, None)
        cursor.close()
        return [make(row) for row in (map(self._readable, found) if self._read else found)]

    def _parameters(self, values: Mapping[str, Any]) -> list[Any]:
        ready = self._fixed.copy()
        for name, write in self._given:
            ready[name] = write(values[name]) if write else values[name]
        return [ready[name] for name in self._order]

    def _look(self, description: Sequence[Any]) -> Callable[[Sequence[Any]], Any]:
        """What the first answer says about the columns of all that follow."""
        reads = [
            column.type.dialect_impl(self._dialect).result_processor(self._dialect, told[1])
            for column, told in zip(self._columns, description, strict=True)
        ]
        self._read = [(place, read) for place, read in enumerate(reads) if read is not None]
        named: Any = namedtuple("Row", [told[0] for told in description], rename=True)  # type: ignore[misc]
        self._row = named._make
        return self._row

    def _readable(self, row: Sequence[Any]) -> list[Any]:
        values = list(row)
        for place, read in self._read:
            values[place] = read(values[place])
        return values


@functools.lru_cache(KEPT)
def _kept(statement: sa.Executable, dialect: sa.Dialect) -> _Kept | None:
    """None for what is written anew for each number of its values."""
    compiled: Any = statement.compile(dialect=dialect)  # type: ignore[attr-defined]
    if any(bound.expanding for bound in compiled.binds.values()):
        return None
    return _Kept(compiled, list(statement.exported_columns), dialect)  # type: ignore[attr-defined]
