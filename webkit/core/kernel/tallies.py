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
    """How many documents of a kind are in a state, and their sum in minor units of one currency."""

    __tablename__ = "tallies"
    __table_args__ = (
        sa.PrimaryKeyConstraint("agency_id", "kind", "currency", "state"),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"]),
    )

    kind: Mapped[str] = mapped_column(sa.String(32))
    currency: Mapped[str] = mapped_column(sa.String(3))
    state: Mapped[str] = mapped_column(sa.String(32))
    count: Mapped[int] = mapped_column(sa.BigInteger)
    total_minor: Mapped[int] = mapped_column(sa.BigInteger)


def move(kind: str, currency: str, total_minor: int, *, source: str | None, target: str) -> None:
    """A document changed its state, inside the same write; `source` is None when it was not counted before."""
    steps = [(target, 1)] if source is None else sorted([(source, -1), (target, 1)])  # one order: no two lock crosswise
    for state, sign in steps:
        _add(kind, currency, state, sign, sign * total_minor)


def of(kind: str) -> list[Tally]:
    """The tallies of a kind, by currency."""
    return list(session().scalars(sa.select(Tally).where(Tally.kind == kind).order_by(Tally.currency, Tally.state)))


def _add(kind: str, currency: str, state: str, count: int, total_minor: int) -> None:
    first = insert(Tally).values(
        agency_id=tenancy.agency_id(), kind=kind, currency=currency, state=state, count=count, total_minor=total_minor
    )
    raised = first.on_conflict_do_update(
        index_elements=[Tally.agency_id, Tally.kind, Tally.currency, Tally.state],
        set_={"count": Tally.count + count, "total_minor": Tally.total_minor + total_minor},
    )
    session().connection().execute(raised)
