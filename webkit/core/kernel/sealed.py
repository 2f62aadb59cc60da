"""Values sealed at rest, wherever they are: bound to their places, counted by the key that sealed them, and sealed anew
with the newest.

A value is bound to its table, its column and whose row it is: copied to another one it does not open.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.orm import mapped_column
from sqlalchemy.types import TypeDecorator

from webkit.core.kernel.crypto import PLACED, UNNAMED, CryptoError, SealingKeys
from webkit.core.kernel.db import session, writes
from webkit.core.kernel.runtime import current
from webkit.core.kernel.tables import Base

MARK, KEYED = "sealed", "keyed"
BATCH = 200
OPENED, SHORT = 2048, 1024
"""So many values are remembered opened, in the memory of a process alone, if they are not longer than this."""
OWNERS = ("agency_id", "user_id")
"""The columns that say whose a row is: the first of them that a table has."""

_owner: ContextVar[UUID | None] = ContextVar("owner", default=None)


def place(field: str, owner: UUID | None) -> str:
    """The place of a value: `field` is "table.column"."""
    return f"{field}/{owner or ''}"


@contextmanager
def belonging_to(agency: UUID) -> Iterator[None]:
    """What is written and read in here through the platform's door is this agency's."""
    mark = _owner.set(agency)
    try:
        yield
    finally:
        _owner.reset(mark)


def _whose(field: str) -> UUID:
    owner = session().scope.agency or _owner.get()
    if owner is None:
        raise CryptoError(f"{field} opens for its agency alone: enter through tenant()")
    return owner


class Sealed(TypeDecorator[str]):
    """A text of an agency that is sealed in the database and plain in memory. `field` is its "table.column".

    What is there and was not sealed for this place is an error, never the value. The empty text stays empty. Such a
    column cannot be searched: where equality is asked, keep `keyed` beside it.
    """

    impl = sa.Text
    cache_ok = True

    def __init__(self, field: str, length: int | None = None) -> None:
        super().__init__()
        self.field, self.length = field, length

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        if not value:
            return value
        if self.length is not None and len(value) > self.length:
            raise ValueError(f"{self.field} takes {self.length} characters")
        return current().keys.seal(value, place(self.field, _whose(self.field)))

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> str | None:
        if not value:
            return value
        opened = _opened if len(value) <= SHORT else _open
        return opened(value, self.field, _whose(self.field))


def _open(text: str, field: str, owner: UUID) -> str:
    if not text.startswith(f"{PLACED}."):  # bound since there are such columns: anything else was put there
        raise CryptoError(f"{field} holds what was never sealed for it")
    return current().keys.unseal(text, place(field, owner))


_opened = functools.lru_cache(OPENED)(_open)
"""Every page reads the agency's details: no two sealings are the same text, so what one of them says is always true."""


def keyed(field: str, text: str) -> str:
    """What equal texts of one agency's column have in common, and nobody computes without the installation's secret."""
    return _keyed(text, place(field, _whose(field))) if text else ""


def _keyed(text: str, where: str) -> str:
    return hmac.new(current().keys.secret, f"{where}/{text}".encode(), hashlib.sha256).hexdigest()


def keyed_column(of: str) -> sa.orm.MappedColumn[str]:
    """The column beside the sealed one `of` that holds what `keyed` says."""
    return mapped_column(sa.String(64), default="", server_default="", info={KEYED: of})


def seal(field: str, owner: UUID | None, text: str) -> str:
    """A text for a `sealed_column`: `owner` is the agency, or else the user, whose row it is."""
    return current().keys.seal(text, place(field, owner)) if text else ""


def unseal(field: str, owner: UUID | None, text: str) -> str:
    """What was sealed for there. Raises CryptoError."""
    return current().keys.unseal(text, place(field, owner)) if text else ""


def sealed_column() -> sa.orm.MappedColumn[str]:
    """A column of texts that `seal` made and its feature opens when it needs to; empty if there is nothing to keep."""
    return mapped_column(sa.Text, info={MARK: True})


def columns() -> list[sa.Column[str]]:
    """Every sealed column of the database."""
    tables = Base.metadata.sorted_tables
    return [column for table in tables for column in table.columns if is_sealed(column)]


def is_sealed(column: sa.Column[Any]) -> bool:
    return isinstance(column.type, Sealed) or bool(column.info.get(MARK))


def count(name: str = "") -> int:
    """How many values the key `name` sealed; without a name, how many another one than the newest did.

    Inside `platform`. Jobs that wait with a sealed argument count too.
    """
    from webkit.core.kernel.outbox import OutboxJob

    total = sum(session().scalar(sa.select(sa.func.count()).where(_by(column, name))) or 0 for column in columns())
    if not name:
        return total
    args = sa.type_coerce(OutboxJob.args, sa.Text)
    marked = sa.or_(*(args.contains(mark) for mark in SealingKeys.marks(name)))
    waiting = sa.select(sa.func.count()).where(OutboxJob.done_at.is_(None), marked)
    return total + (session().scalar(waiting) or 0)


def reseal() -> Iterator[int]:
    """Seal with the newest key what another one sealed, a batch in each write; yields how many each batch had.

    Inside `platform`. Interrupted anywhere, it can be called again: what is done is not done twice. Every value is
    bound to its place by this, also what was sealed before there were places.
    """
    for column in columns():
        after: Sequence[Any] | None = None
        while batch := _next(column, after):
            after = batch[-1].key
            yield _store(column, batch)


def _raw(column: sa.Column[str]) -> sa.ColumnElement[str]:
    """The sealed text itself."""
    return sa.type_coerce(column, sa.Text)


def _by(column: sa.Column[str], name: str) -> sa.ColumnElement[bool]:
    sealing, text = current().keys.sealing, _raw(column)
    marks = [text.startswith(mark) for mark in SealingKeys.marks(name or sealing.newest()[0])]
    if not name:
        return sa.and_(text != "", sa.not_(sa.or_(*marks)))
    return sa.or_(*marks, *([text.startswith(f"{UNNAMED}.")] if name == sealing.first else []))


class _Value:
    """A sealed text, the key of its row, and whose row it is."""

    __slots__ = ("key", "owner", "text")

    def __init__(self, row: Sequence[Any]) -> None:
        self.text, self.owner, self.key = str(row[0]), row[1], tuple(row[2:])


def _next(column: sa.Column[str], after: Sequence[Any] | None) -> list[_Value]:
    key = list(column.table.primary_key)
    query = sa.select(_raw(column), _owner_of(column.table), *key).where(_by(column, "")).order_by(*key).limit(BATCH)
    if after is not None:
        last = [sa.literal(value, each.type) for value, each in zip(after, key, strict=True)]
        query = query.where(sa.tuple_(*key) > sa.tuple_(*last))
    return [_Value(row) for row in session().execute(query)]


def _owner_of(table: sa.Table) -> sa.ColumnElement[Any]:
    return next((table.c[name] for name in OWNERS if name in table.c), sa.null())


@writes
def _store(column: sa.Column[str], batch: list[_Value]) -> int:
    """A value that changed meanwhile was sealed by somebody else, with the newest key."""
    keys, table = current().keys, column.table
    done = 0
    for value in batch:
        where = place(str(column), value.owner)
        fresh = sa.type_coerce(keys.seal(keys.unseal(value.text, where), where), sa.Text)
        same = [each == given for each, given in zip(table.primary_key, value.key, strict=True)]
        change = sa.update(table).where(*same, _raw(column) == value.text).values({column.name: fresh})
        done += session().execute(change.returning(*table.primary_key)).first() is not None
    return done


# --- for migrations, which know no models -----------------------------------------------------------------------


_Change = Callable[[str, str], str]


def seal_plain(connection: Connection, table: str, names: Sequence[str], key: Sequence[str] = ("id",)) -> None:
    """Seal what stands plain in columns of a table, in the transaction of a migration: all of it, or nothing."""
    _convert(connection, table, {each: each for each in names}, key, current().keys.seal)


def open_sealed(connection: Connection, table: str, names: Sequence[str], key: Sequence[str] = ("id",)) -> None:
    """The way back."""
    _convert(connection, table, {each: each for each in names}, key, current().keys.unseal)


def key_plain(connection: Connection, table: str, name: str, into: str) -> None:
    """Fill the column `into` with what `keyed` says of the plain column `name`."""
    _convert(connection, table, {name: into}, ("id",), _keyed)


def _convert(connection: Connection, table: str, names: Mapping[str, str], key: Sequence[str], change: _Change) -> None:
    columns = dict.fromkeys((*key, "agency_id", *names, *names.values()))
    found = sa.table(table, *(sa.column(each) for each in columns))
    keys, says = [found.c[each] for each in key], sa.or_(*(found.c[each] != "" for each in names))
    query = sa.select(*found.c).where(says).order_by(*keys).limit(BATCH)
    while batch := connection.execute(query).mappings().all():
        for row in batch:
            owner = UUID(str(row["agency_id"]))
            fresh = {to: change(row[name], place(f"{table}.{name}", owner)) for name, to in names.items() if row[name]}
            connection.execute(sa.update(found).where(*(each == row[each.name] for each in keys)).values(fresh))
        last = sa.tuple_(*(sa.literal(batch[-1][each]) for each in key))
        query = sa.select(*found.c).where(says, sa.tuple_(*keys) > last).order_by(*keys).limit(BATCH)
