"""What became of documents and how long it took, counted by the database: whole hours, on every engine alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from webkit.core.kernel.tables import Scoped
from webkit.core.kernel.tenancy import ask, mine


class Became(NamedTuple):
    """So many documents of one state and currency, and what they come to in minor units."""

    state: str
    currency: str
    documents: int
    total: int


def _within(column: Any) -> sa.ColumnElement[bool]:
    found: sa.ColumnElement[bool] = sa.and_(column >= sa.bindparam("since"), column < sa.bindparam("until"))
    return found


def became(
    table: type[Scoped],
    state: Any,
    currency: Any,
    amount: Any,
    at: Any,
    since: datetime,
    until: datetime,
    **values: Any,
) -> list[Became]:
    """What became of the documents whose moment `at` lies in this time; `values` are those `state` asks for."""
    word = sa.cast(state, sa.String).label("word")
    query = sa.select(word, currency, sa.func.count(), sa.func.coalesce(sa.func.sum(amount), 0))
    query = query.where(mine(table), _within(at)).group_by(sa.literal_column("word"), currency)
    found = ask(query, since=since, until=until, **values)
    return [Became(row[0], row[1], int(row[2]), int(row[3])) for row in found]


def took(
    table: type[Scoped], start: Any, end: Any, since: datetime, until: datetime, *where: Any
) -> list[tuple[int, int]]:
    """(whole hours from one moment to the other, how many), of what ended in this time."""
    seconds = [sa.cast(sa.extract("epoch", column), sa.BigInteger) for column in (end, start)]
    hours = ((seconds[0] - seconds[1]) // sa.literal_column("3600")).label("hours")
    query = sa.select(hours, sa.func.count()).where(mine(table), start.is_not(None), _within(end), *where)
    rows: Sequence[Any] = ask(query.group_by(sa.literal_column("hours")), since=since, until=until)
    return sorted((max(0, int(row[0])), int(row[1])) for row in rows)


def median(counted: Iterable[tuple[int, int]]) -> int | None:
    """The middle one of (value, how often); of an even number the lower of the two in the middle."""
    rows = sorted(counted)
    left = (sum(often for _value, often in rows) + 1) // 2
    for value, often in rows:
        left -= often
        if left <= 0:
            return value
    return None
