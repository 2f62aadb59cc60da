"""Kept counts and sums: what a page would otherwise add up from every row, changed in the write that changes the row.

Lock order: counters of numbers, then tallies, the head of the event chain last.
"""

from __future__ import annotations

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


def move(kind: str, currency: str, total_minor: int, *, source: str | None, target: str | None) -> None:
    """A document went from one place to another, inside the same write; None is where nothing is counted."""
    steps = sorted((place, sign) for place, sign in ((source, -1), (target, 1)) if place is not None)
    for place, sign in steps:  # always in one order: no two writes wait for each other crosswise
        _add(kind, currency, place, sign, sign * total_minor)


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


def _add(kind: str, currency: str, place: str, count: int, total_minor: int) -> None:
    first = insert(Tally).values(
        agency_id=tenancy.agency_id(), kind=kind, currency=currency, place=place, count=count, total_minor=total_minor
    )
    raised = first.on_conflict_do_update(
        index_elements=[Tally.agency_id, Tally.kind, Tally.currency, Tally.place],
        set_={"count": Tally.count + count, "total_minor": Tally.total_minor + total_minor},
    )
    left = session().connection().execute(raised.returning(Tally.count)).scalar_one()
    if left == 0:
        here = (Tally.kind == kind, Tally.currency == currency, Tally.place == place)
        session().execute(sa.delete(Tally).where(*here))
