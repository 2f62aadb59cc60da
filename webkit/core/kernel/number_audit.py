"""Documents that no longer have the number they were frozen with, or are gone: what counting alone does not see."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

from webkit.core.kernel.db import session
from webkit.core.kernel.frozen import FrozenDocument
from webkit.core.kernel.runtime import current
from webkit.core.values import dataclass


@dataclass(frozen=True, slots=True)
class Misnumbered:
    """So many documents of a series say something else than what was frozen."""

    agency_id: UUID
    series: str
    count: int


def misnumbered() -> list[Misnumbered]:
    """Of every series that has them, through the platform's door."""
    found = []
    for series, (column, *_rest) in sorted(current().numbered.items()):
        table = column.class_
        same = sa.and_(table.agency_id == FrozenDocument.agency_id, table.id == FrozenDocument.document_id)
        other = sa.or_(column.is_(None), column != FrozenDocument.number)
        query = sa.select(FrozenDocument.agency_id, sa.func.count(sa.distinct(FrozenDocument.document_id)))
        wrong = query.select_from(FrozenDocument).outerjoin(table, same).where(FrozenDocument.kind == series, other)
        rows = session().execute(wrong.group_by(FrozenDocument.agency_id).order_by(FrozenDocument.agency_id))
        found += [Misnumbered(agency_id, series, count) for agency_id, count in rows]
    return found
