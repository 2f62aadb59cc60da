"""Numbers without gaps: one locked row per agency, series and period, taken as the last step of a write.

Lock order: counters first, the head of the event chain last.
"""

from __future__ import annotations

import re
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.kernel import clock, tenancy
from webkit.core.kernel.db import insert, session
from webkit.core.kernel.tables import Base, Scoped

PLACEHOLDER = re.compile(r"\{(year|n(?::0?(\d))?)\}")


class Counter(Scoped, Base):
    """The last number used of a series in a period (a year, or "" for series that never start again)."""

    __tablename__ = "counters"
    __table_args__ = (
        sa.PrimaryKeyConstraint("agency_id", "series", "period"),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"]),
    )

    series: Mapped[str] = mapped_column(sa.String(32))
    period: Mapped[str] = mapped_column(sa.String(8))
    value: Mapped[int] = mapped_column(sa.BigInteger)


def check_pattern(pattern: str) -> str | None:
    """What is wrong with a number pattern like `INV-{year}-{n:04}`, or None."""
    if len(PLACEHOLDER.findall(pattern)) == 0 or not re.search(r"\{n(:0?\d)?\}", pattern):
        return "needs {n}, the running number"
    if re.search(r"[{}]", PLACEHOLDER.sub("", pattern)):
        return "only knows {year} and {n}, {n:04} for four digits"
    return None


def take(series: str, pattern: str, on: date) -> str:
    """The next number of `series` for the date `on`, inside a write: gone for good only if that write commits."""
    _check(pattern)
    return _number(pattern, _raise(series, _period(pattern, on), by=1), on)


def take_today(series: str, pattern: str, timezone: str) -> tuple[str, date]:
    """The next number and its date, read once the counter is ours: no later number has an earlier date."""
    _check(pattern)
    period = _period(pattern, clock.today(timezone))
    value, day = _raise(series, period, by=1), clock.today(timezone)
    if (now := _period(pattern, day)) != period:  # we waited for the lock over the turn of the year
        _raise(series, period, by=-1)
        value = _raise(series, now, by=1)
    return _number(pattern, value, day), day


def _check(pattern: str) -> None:
    if problem := check_pattern(pattern):
        raise ValueError(f"{pattern!r} {problem}")


def _number(pattern: str, value: int, on: date) -> str:
    return PLACEHOLDER.sub(lambda m: str(on.year) if m[1] == "year" else str(value).zfill(int(m[2] or 1)), pattern)


def _period(pattern: str, on: date) -> str:
    return str(on.year) if "{year}" in pattern else ""


def _raise(series: str, period: str, *, by: int) -> int:
    """Lock the counter until the write ends, made if need be, and return its new value: one statement for all of it."""
    current = session()
    if not current.writing:
        raise RuntimeError("a number is taken inside a write")
    first = insert(Counter).values(agency_id=tenancy.agency_id(), series=series, period=period, value=by)
    raised = first.on_conflict_do_update(
        index_elements=[Counter.agency_id, Counter.series, Counter.period], set_={"value": Counter.value + by}
    )
    value: int = current.connection().execute(raised.returning(Counter.value)).scalar_one()
    return value
