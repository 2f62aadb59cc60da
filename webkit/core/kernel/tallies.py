"""Kept counts and sums: what a page would otherwise add up from every row, changed in the write that changes the row.

Lock order: counters of numbers, then tallies, the head of the event chain last.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.kernel import tenancy
from webkit.core.kernel.db import insert, session
from webkit.core.kernel.tables import Base, Scoped


class Tally(Scoped, Base):
    """How many documents of a kind are at a place, and their sum in minor units of one currency.

    Places are the feature's words: states, or days as ISO text. Nothing is kept of a place that is empty.
    """

    __tablename__ = "tallies"
    __table_args__ = (
        sa.PrimaryKeyConstraint("agency_id", "kind", "currency", "place"),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"]),
    )

    kind: Mapped[str] = mapped_column(sa.String(32))
    currency: Mapped[str] = mapped_column(sa.String(3))
    place: Mapped[str] = mapped_column(sa.String(32))
    count: Mapped[int] = mapped_column(sa.BigInteger)
    total_minor: Mapped[int] = mapped_column(sa.BigInteger)


Counted = Mapping[tuple[str, str], tuple[int, int]]
"""What a document adds to (kind, place): its count, one, and its amount in minor units."""


def replace(currency: str, before: Counted, after: Counted) -> None:
    """A document adds something else now than it did, inside the write that changes it."""
    steps = []
    for kind, place in sorted({*before, *after}):  # always in one order: no two writes wait for each other crosswise
        was, now = before.get((kind, place), (0, 0)), after.get((kind, place), (0, 0))
        if was != now:
            steps.append({"kind": kind, "place": place, "count": now[0] - was[0], "total_minor": now[1] - was[1]})
    if steps:
        _add(currency, steps)


def _add(currency: str, steps: list[dict[str, Any]]) -> None:
    owner = {"agency_id": tenancy.agency_id(), "currency": currency}
    added = insert(Tally).values([{**owner, **step} for step in steps])
    raised = added.on_conflict_do_update(
        index_elements=[Tally.agency_id, Tally.kind, Tally.currency, Tally.place],
        set_={
            "count": Tally.count + added.excluded.count,
            "total_minor": Tally.total_minor + added.excluded.total_minor,
        },
    )
    left = session().connection().execute(raised.returning(Tally.kind, Tally.place, Tally.count)).all()
    for kind, place in [(kind, place) for kind, place, count in left if count == 0]:
        empty = (Tally.kind == kind, Tally.currency == currency, Tally.place == place, Tally.count == 0)
        session().execute(sa.delete(Tally).where(*empty))


def of(kind: str) -> list[tuple[str, str, int, int]]:
    """(currency, place, count, sum in minor units) of a kind."""
    query = sa.select(Tally.currency, Tally.place, Tally.count, Tally.total_minor).where(Tally.kind == kind)
    return [(row[0], row[1], row[2], row[3]) for row in session().execute(query.order_by(Tally.currency, Tally.place))]


def before(kind: str, place: str) -> list[tuple[str, int, int]]:
    """(currency, count, sum in minor units) of all places of a kind that sort before this one."""
    query = (
        sa.select(Tally.currency, sa.func.sum(Tally.count), sa.func.sum(Tally.total_minor))
        .where(Tally.kind == kind, Tally.place < place)
        .group_by(Tally.currency)
    )
    return [(row[0], int(row[1]), int(row[2])) for row in session().execute(query)]
