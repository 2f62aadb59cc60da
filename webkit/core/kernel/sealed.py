"""Values sealed at rest, wherever they are: counted by the key that sealed them, and sealed anew with the newest."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import mapped_column

from webkit.core.kernel.crypto import SealingKeys
from webkit.core.kernel.db import session, writes
from webkit.core.kernel.runtime import current
from webkit.core.kernel.tables import Base

MARK = "sealed"
BATCH = 200


def sealed_column() -> sa.orm.MappedColumn[str]:
    """A column of texts that `Keys.seal` made; empty where there is nothing to keep."""
    return mapped_column(sa.Text, info={MARK: True})


def columns() -> list[sa.Column[str]]:
    """Every sealed column of the database."""
    tables = Base.metadata.sorted_tables
    return [column for table in tables for column in table.columns if column.info.get(MARK)]


def count(name: str = "") -> int:
    """How many values the key `name` sealed; without a name, how many another one than the newest did.

    Inside `platform`. Jobs that wait with a sealed argument count too.
    """
    from webkit.core.kernel.outbox import OutboxJob

    total = sum(session().scalar(sa.select(sa.func.count()).where(_by(column, name))) or 0 for column in columns())
    if not name:
        return total
    waiting = sa.select(sa.func.count()).where(
        OutboxJob.done_at.is_(None), sa.type_coerce(OutboxJob.args, sa.Text).contains(SealingKeys.mark(name))
    )
    return total + (session().scalar(waiting) or 0)


def reseal() -> Iterator[int]:
    """Seal with the newest key what another one sealed, a batch in each write; yields how many each batch had.

    Inside `platform`. Interrupted anywhere, it can be called again: what is done is not done twice.
    """
    for column in columns():
        after: UUID | None = None
        while batch := _next(column, after):
            after = batch[-1][0]
            yield _store(column, batch)


def _by(column: sa.Column[str], name: str) -> sa.ColumnElement[bool]:
    if name == current().keys.sealing.first:
        return sa.or_(column.startswith("1."), column.startswith(SealingKeys.mark(name)))
    if name:
        return column.startswith(SealingKeys.mark(name))
    newest = SealingKeys.mark(current().keys.sealing.newest()[0])
    return sa.and_(column != "", sa.not_(column.startswith(newest)))


def _next(column: sa.Column[str], after: UUID | None) -> list[tuple[UUID, str]]:
    key = column.table.c.id
    query = sa.select(key, column).where(_by(column, "")).order_by(key).limit(BATCH)
    found = session().execute(query if after is None else query.where(key > after)).all()
    return [(row[0], row[1]) for row in found]


@writes
def _store(column: sa.Column[str], batch: list[tuple[UUID, str]]) -> int:
    """A value that changed meanwhile was sealed by somebody else, with the newest key."""
    keys, table = current().keys, column.table
    done = 0
    for row_id, text in batch:
        change = sa.update(table).where(table.c.id == row_id, column == text)
        result = session().execute(change.values({column.name: keys.seal(keys.unseal(text))}).returning(table.c.id))
        done += result.first() is not None
    return done
