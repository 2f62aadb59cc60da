"""Tables as they are: every row that belongs to an agency, in one order and one form on every database."""

from __future__ import annotations

import base64
import binascii
import enum
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from webkit.core.kernel.db import session
from webkit.core.kernel.sealed import KEYED, MARK
from webkit.core.kernel.tables import PLACES, Base, ExactDecimal, Json, UTCDateTime
from webkit.portability.content import LEFT_OUT, LOG, OMITTED, PEOPLE, PLATFORMS

AGENCIES, USERS, MEMBERSHIPS = "agencies", "users", "memberships"
AT_ONCE = 500
Row = dict[str, Any]


class Unfit(ValueError):
    """A value that its column does not take."""


def tables() -> tuple[str, ...]:
    """Every table of an archive in an order in which rows can be brought in."""
    return tuple(each.name for each in Base.metadata.sorted_tables if _is_part(each))


def owned() -> tuple[str, ...]:
    """Every table with rows of agencies, in that order, the agencies themselves not among them."""
    return tuple(each.name for each in Base.metadata.sorted_tables if "agency_id" in each.columns)


def told() -> tuple[str, ...]:
    """Tables of which an archive tells and which are never brought in."""
    return tuple(each.name for each in Base.metadata.sorted_tables if each.name in PLATFORMS)


def _is_part(table: sa.Table) -> bool:
    if table.name in (AGENCIES, USERS):
        return True
    return "agency_id" in table.columns and table.name not in LEFT_OUT and table.name not in PLATFORMS


@functools.cache
def columns(name: str) -> tuple[sa.Column[Any], ...]:
    """The columns of a table that an archive has."""
    found = Base.metadata.tables[name].columns
    if name == USERS:
        return tuple(found[each] for each in PEOPLE)
    return tuple(each for each in found if each.name not in OMITTED.get(name, ()) and KEYED not in each.info)


@functools.cache
def column(name: str, of: str) -> sa.Column[Any]:
    return Base.metadata.tables[name].columns[of]


@functools.cache
def sealed(name: str) -> tuple[str, ...]:
    """Columns whose values only this installation opens, and that are told under a passphrase alone."""
    return tuple(each.name for each in columns(name) if each.info.get(MARK))


@functools.cache
def keyed(name: str) -> dict[str, str]:
    """Columns that are made anew from others, by these."""
    return {each.info[KEYED]: each.name for each in Base.metadata.tables[name].columns if KEYED in each.info}


@functools.cache
def required(name: str) -> frozenset[str]:
    """Columns without which a row cannot be brought in."""
    return frozenset(
        each.name
        for each in columns(name)
        if not each.nullable and each.default is None and each.server_default is None
    )


def key_of(name: str) -> tuple[str, ...]:
    """The primary key without the agency."""
    return tuple(each.name for each in Base.metadata.tables[name].primary_key if each.name != "agency_id")


def stand_still() -> None:
    """Let everything that this unit reads from now on be of one moment."""
    connection = session().connection()
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")


def rows(name: str, agency: UUID, until: datetime) -> Iterator[Row]:
    """Every row of a table that is the agency's, streamed. Of the log what was noted before a moment."""
    shown = columns(name)
    query = sa.select(*shown).where(_of(name, agency)).order_by(*_order(name))
    if name == LOG:
        query = query.where(column(name, "created_at") < until)
    names = [each.name for each in shown]
    with session().connection().execute(query.execution_options(yield_per=AT_ONCE)) as found:
        for row in found:
            yield dict(zip(names, row, strict=True))


def _of(name: str, agency: UUID) -> sa.ColumnElement[bool]:
    if name == AGENCIES:
        return column(AGENCIES, "id") == agency
    if name == USERS:
        here = sa.select(column(MEMBERSHIPS, "user_id")).where(column(MEMBERSHIPS, "agency_id") == agency)
        return column(USERS, "id").in_(here)
    return column(name, "agency_id") == agency


def _order(name: str) -> list[sa.ColumnElement[Any]]:
    """By key; texts as bytes, so that no database has an order of its own."""
    bytewise = session().get_bind().dialect.name == "postgresql"
    found: list[sa.ColumnElement[Any]] = []
    for each in Base.metadata.tables[name].primary_key:
        is_text = isinstance(each.type, sa.String)
        found.append(sa.collate(each, "C") if is_text and bytewise else each)
    return found


def plain(row: Row) -> Row:
    """A row as JSON."""
    return {name: _plain(value) for name, value in row.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value


def read(name: str, given: Mapping[str, Any]) -> Row:
    """A row of an archive as the database takes it. Raises Unfit."""
    known = {each.name: each for each in columns(name)}
    if unknown := sorted(given.keys() - known.keys()):
        raise Unfit(f"unknown column {unknown[0][:80]!r}")
    if missing := sorted(required(name) - given.keys()):
        raise Unfit(f"the column {missing[0]} is missing")
    found: Row = {}
    for key, value in given.items():
        try:
            found[key] = _read(known[key], value)
        except (ValueError, TypeError, InvalidOperation, binascii.Error) as error:
            raise Unfit(f"{key}: {error}") from None
    return found


def _read(column: sa.Column[Any], value: Any) -> Any:
    if value is None:
        if not column.nullable:
            raise Unfit("has no value")
        return None
    if isinstance(column.type, Json):
        return value
    if isinstance(column.type, sa.Boolean):
        return _exactly(value, bool)
    if isinstance(column.type, sa.Integer):
        return _whole(column.type, value)
    text = _text(value)
    for kind, convert in _CONVERTED:
        if isinstance(column.type, kind):
            return convert(text)
    if isinstance(column.type, sa.Enum):
        if column.type.enum_class is None or text not in column.type.enums:
            raise Unfit(f"{text[:40]!r} is none of its words")
        return column.type.enum_class(text)
    length = getattr(column.type, "length", None)
    if length is not None and len(text) > length:
        raise Unfit(f"is longer than {length}")
    return text


def _exactly(value: Any, kind: type) -> Any:
    if type(value) is not kind:
        raise Unfit(f"is no {kind.__name__}")
    return value


def _whole(kind: sa.Integer, value: Any) -> int:
    bits = 63 if isinstance(kind, sa.BigInteger) else 31
    number: int = _exactly(value, int)
    if not -(2**bits) <= number < 2**bits:
        raise Unfit("is too large")
    return number


def _text(value: Any) -> str:
    text: str = _exactly(value, str)
    if "\0" in text:
        raise Unfit("holds a zero byte")
    text.encode()  # half a character is no text
    return text


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise Unfit("has no time zone")
    return found.astimezone(UTC)


def _decimal(text: str) -> Decimal:
    found = Decimal(text)
    if not found.is_finite() or abs(found) >= 10**20 or found != round(found, PLACES):
        raise Unfit("is no amount")
    return found


def whole(name: str, row: Row) -> Row:
    """A row with every column: what an archive does not have is what a new row would have."""
    made = dict(row)
    for each in Base.metadata.tables[name].columns:
        if each.name not in made and each.server_default is None:
            default: Any = each.default
            made[each.name] = None if default is None else default.arg(None) if default.is_callable else default.arg
    return made


_CONVERTED: tuple[tuple[type, Callable[[str], Any]], ...] = (
    (sa.Uuid, UUID),
    (UTCDateTime, _moment),
    (sa.Date, date.fromisoformat),
    (ExactDecimal, _decimal),
    (sa.LargeBinary, lambda text: base64.b64decode(text, validate=True)),
)


def self_reference(name: str) -> str | None:
    """The column by which rows of a table point to others of it."""
    for constraint in Base.metadata.tables[name].foreign_key_constraints:
        if constraint.referred_table.name == name:
            return next(each for each in constraint.column_keys if each != "agency_id")
    return None


def insert(name: str, batch: Sequence[Row]) -> None:
    """Add rows as they are, inside a write through the platform's door."""
    if batch:
        session().connection().execute(sa.insert(Base.metadata.tables[name]), list(batch))


def people_here(found: Sequence[tuple[UUID, str]]) -> list[tuple[UUID, str]]:
    """Who of these people has an account, by id or by address: their ids and addresses here."""
    ids, emails = [person for person, _email in found], [email for _person, email in found]
    users = Base.metadata.tables[USERS]
    query = sa.select(users.c.id, users.c.email).where(sa.or_(users.c.id.in_(ids), users.c.email.in_(emails)))
    return [(row[0], row[1]) for row in session().execute(query)]


RowsError = (sa.exc.IntegrityError, sa.exc.DataError)
"""What a database says of rows that do not fit together."""
