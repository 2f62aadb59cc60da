"""Numbers without gaps: one locked row per agency, series and period, taken as the last step of a write.

Lock order: counters first, then the head of the event chain.
"""

from __future__ import annotations

import functools
from collections import Counter as Counted
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from flask import Flask
from sqlalchemy import ColumnElement
from sqlalchemy.orm import InstrumentedAttribute, Mapped, mapped_column

from webkit.core.kernel import asking, clock, events, number_patterns, tenancy
from webkit.core.kernel.db import insert, insert_missing, session
from webkit.core.kernel.errors import Conflict, DomainError
from webkit.core.kernel.i18n import format_date
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.runtime import current, of
from webkit.core.kernel.tables import Base, Scoped
from webkit.core.values import dataclass

MOST = 10**9


class Counter(Scoped, Base):
    """The last number used of a series in a period (a year, a month, or "" for series that never start again).

    A series counted for each client has the client's letters in its name. `first` is where the agency began, when it
    moved here with numbers given elsewhere. `skipped` counts numbers that were passed over because a document has
    them. `last_on` is the day of the last number: no later one has an earlier day.
    """

    __tablename__ = "counters"
    __table_args__ = (
        sa.PrimaryKeyConstraint("agency_id", "series", "period"),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"]),
    )

    series: Mapped[str] = mapped_column(sa.String(32))
    period: Mapped[str] = mapped_column(sa.String(8))
    value: Mapped[int] = mapped_column(sa.BigInteger)
    first: Mapped[int] = mapped_column(sa.BigInteger, default=1, server_default="1")
    skipped: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")
    last_on: Mapped[date | None]


@dataclass(frozen=True, slots=True)
class Following:
    """What the next number would be, and whether where it begins can still be said."""

    number: str
    value: int
    open: bool


@dataclass(frozen=True, slots=True)
class Gap:
    """Numbers of a series that were given and stand on no document: `missing` of them, or (negative) too few given."""

    agency_id: UUID
    series: str
    missing: int


def check_pattern(pattern: str) -> str | None:
    """What is wrong with a number pattern like `INV-{year}-{n:04}`, as a sentence, or None."""
    return number_patterns.check(pattern)


def take(series: str, pattern: str, on: date, *, client: str = "") -> str:
    """The next number of `series` for the date `on`, inside a write: gone for good only if that write commits.

    `client` is the client's name, for patterns that count by it. A number that a document has already, because the
    pattern was another one before, is passed over.
    """
    _demand_usable(pattern)
    row = _Row(_named(series, pattern, client), number_patterns.period(pattern, on))
    return _number(row, pattern, _Taken(row.raised(), on), on, client)


def take_today(
    series: str, pattern: str, timezone: str, *, client: str = "", last_lock: bool = False
) -> tuple[str, date]:
    """The next number and its date, read once the counter is ours: no later number has an earlier date.

    With `last_lock` nothing else is locked after it. PostgreSQL then locks the head of the chain and looks whether the
    number is free with the same message: whoever waits for the counter waits for no answer in between. Raises Conflict
    when the clock was put back to a day before the last number's.
    """
    _demand_usable(pattern)
    name = _named(series, pattern, client)
    before = clock.today(timezone)
    row = _Row(name, number_patterns.period(pattern, before))
    taken = row.taken(pattern, before, client) if last_lock else row.counted(before)
    day = clock.today(timezone)
    if (now := number_patterns.period(pattern, day)) != row.period:  # we waited for the lock over the turn of the year
        row.raised(by=-1)
        row = _Row(name, now)
        taken = row.counted(day)
    if taken.latest > day:
        told = {"day": format_date(day), "last": format_date(taken.latest)}
        raise Conflict(_("The clock says %(day)s, but the last number was given on %(last)s. Please set it.", **told))
    return _number(row, pattern, taken, day, client), day


def following(series: str, pattern: str, on: date, *, client: str = "") -> Following:
    """What the next number of a series looks like; nothing is taken."""
    key = {"series": _named(series, pattern, client), "period": number_patterns.period(pattern, on)}
    row = session().scalars(sa.select(Counter).filter_by(**key)).one_or_none()
    value = row.value if row else 0
    return Following(
        number=number_patterns.written(pattern, value + 1, on, number_patterns.client_code(client)),
        value=value + 1,
        open=row is None or row.value < row.first,
    )


def begin(series: str, pattern: str, on: date, value: int) -> None:
    """Let the first number of a series in this period be `value`: for agencies that gave numbers elsewhere before.

    Inside a write. Refused once a number was given here, because that would leave a gap.
    """
    _demand_usable(pattern)
    if not 1 <= value <= MOST:
        raise DomainError(_("A start number lies between 1 and a thousand million."), "start")
    if not _Row(series, number_patterns.period(pattern, on)).begun(value):
        next_ = following(series, pattern, on).value
        raise DomainError(
            _("Numbers have been given in this series already. The next one is %(next)d.", next=next_), "start"
        )


def numbered(
    app: Flask,
    series: str,
    column: InstrumentedAttribute[str | None],
    *of_it: ColumnElement[bool],
    branch: InstrumentedAttribute[str] | None = None,
) -> None:
    """Say where the numbers of a series stand, and which rows there are of it; call from `webkit_startup`.

    No number that stands there is given again, and `doctor` compares what was given with what stands there. `branch`
    is the column that names further series of the same documents, see `branched()`.
    """
    of(app).numbered[series] = (column, of_it, branch)


def branched(series: str, key: str = "") -> str:
    """What a further series of the same documents is called; without a key it is the first one."""
    return f"{series}.{key}" if key else series


def gaps() -> list[Gap]:
    """Series in which not every number that was given stands on a document, through the platform's door."""
    given: Counted[tuple[UUID, str]] = Counted()
    last = sa.select(Counter.agency_id, Counter.series, Counter.value - Counter.first + 1 - Counter.skipped)
    for agency_id, name, count in session().execute(last):
        given[agency_id, name.partition(":")[0]] += count
    for series, (column, of_it, branch) in current().numbered.items():
        place = [column.class_.agency_id, *([] if branch is None else [branch])]
        standing = sa.select(sa.func.count(), *place).where(column.is_not(None), *of_it).group_by(*place)
        for count, agency_id, *key in session().execute(standing):
            given[agency_id, branched(series, *key)] -= count
    missing = [(key, count) for key, count in sorted(given.items(), key=str) if count]
    return [Gap(*key, count) for key, count in missing if _kind(key[1]) in current().numbered]


def _is_used(name: str, number: str) -> bool:
    """Whether a document of the series has this number already."""
    if (column := _standing_in(name)) is None:
        return False
    # What this write leaves for its end are no other numbers of this counter: nothing is written while it is locked.
    own = {"agency": tenancy.agency_id(), "number": number}
    return bool(asking.rows(session().line, _standing(column), own))


def _standing_in(name: str) -> InstrumentedAttribute[str | None] | None:
    """Where the numbers of a counter stand; None for one whose documents nobody has named."""
    numbered = current().numbered.get(_kind(name))
    return None if numbered is None else numbered[0]


def _kind(name: str) -> str:
    """The documents a counter is for, whatever branch or client it counts apart."""
    return name.partition(":")[0].partition(".")[0]


@functools.cache
def _standing(column: InstrumentedAttribute[str | None]) -> sa.Select[Any]:
    return _with_number(column, sa.bindparam("number"))


def _with_number(column: InstrumentedAttribute[str | None], number: sa.ColumnElement[str]) -> sa.Select[Any]:
    own = column.class_.agency_id == sa.bindparam("agency")
    return sa.select(column).where(own, column == number).limit(1)


def _demand_usable(pattern: str) -> None:
    if problem := number_patterns.unusable(pattern):
        raise ValueError(f"{pattern!r}: {problem}")


def _named(series: str, pattern: str, client: str) -> str:
    return f"{series}:{number_patterns.client_code(client)}" if "{client}" in pattern else series


class _Taken(NamedTuple):
    """A counter's next value, the latest day on which there was one, and whether a document has the number already, if
    that was looked for."""

    value: int
    latest: date
    used: bool | None = None


def _number(row: _Row, pattern: str, taken: _Taken, on: date, client: str) -> str:
    code = number_patterns.client_code(client)
    number = number_patterns.written(pattern, taken.value, on, code)
    used = _is_used(row.series, number) if taken.used is None else taken.used
    while used:
        number = number_patterns.written(pattern, row.raised(skipped=1), on, code)
        used = _is_used(row.series, number)
    return number


@dataclass(frozen=True, slots=True)
class _Row:
    """One counter of the agency whose door is open; every change locks it until the write ends."""

    series: str
    period: str

    def raised(self, *, by: int = 1, skipped: int = 0) -> int:
        """Its new value, made if need be."""
        return self._raised({"by": by, "over": skipped})[0]

    def counted(self, day: date) -> _Taken:
        """Its next value on that day."""
        value, latest = self._raised({"by": 1, "over": 0, "day": day})
        return _Taken(value, latest or day)

    def taken(self, pattern: str, day: date, client: str) -> _Taken:
        """The same with the head of the chain, on PostgreSQL, and whether the number is used."""
        if session().line.dialect.name != "postgresql":
            return self.counted(day)
        begin, digits, end = number_patterns.parts(pattern, day, number_patterns.client_code(client))
        number = {"begin": begin, "digits": digits, "end": end, "agency": tenancy.agency_id()}
        step = {"by": 1, "over": 0, "day": day}
        value, latest, used, *head = self._changed(_raised_with_head(_standing_in(self.series)), step | number)
        events.locked(*head)
        return _Taken(value, latest, used)

    def _raised(self, step: Mapping[str, Any]) -> tuple[int, date | None]:
        value, last = self._changed(_raised("day" in step), step)
        return value, last

    def _changed(self, change: sa.Executable, values: Mapping[str, Any]) -> Sequence[Any]:
        """What a change of it returns; the first one makes it."""
        if not session().writing:
            raise RuntimeError("a number is taken inside a write")
        session().flush_changed()  # before the lock, which holds up everybody else
        given = {**values, **{f"of_{name}": value for name, value in self._key().items()}}
        if not (found := asking.rows(session().line, change, given)):
            insert_missing(Counter, **self._key(), value=0, skipped=0)
            found = asking.rows(session().line, change, given)
        (row,) = found
        return row  # type: ignore[no-any-return]

    def begun(self, value: int) -> bool:
        """Put it where `value` comes next; False when a number was taken from it."""
        start = insert(Counter).values(**self._key(), value=value - 1, first=value, skipped=0)
        put = start.on_conflict_do_update(
            index_elements=_KEY,
            set_={"value": value - 1, "first": value, "skipped": 0},
            where=Counter.value < Counter.first,
        )
        return session().connection().execute(put.returning(Counter.value)).scalar_one_or_none() is not None

    def _key(self) -> dict[str, object]:
        return {"agency_id": tenancy.agency_id(), "series": self.series, "period": self.period}


@functools.cache
def _raised(dated: bool) -> sa.Executable:
    """Made once: a statement costs more to make than to run."""
    return _raising(dated).returning(Counter.value, Counter.last_on)


@functools.cache
def _raised_with_head(column: InstrumentedAttribute[str | None] | None) -> sa.Executable:
    """The counter's row first, since the other two are asked for with what it returns."""
    raised = _raising(dated=True).returning(Counter.agency_id, Counter.value, Counter.last_on).cte("raised")
    head = events.locking(raised.c.agency_id)
    running = sa.cast(raised.c.value, sa.Text)
    filled = sa.func.lpad(
        running, sa.func.greatest(sa.bindparam("digits", type_=sa.Integer), sa.func.length(running)), "0"
    )
    number = sa.bindparam("begin", type_=sa.Text) + filled + sa.bindparam("end", type_=sa.Text)
    used = sa.false() if column is None else _with_number(column, number).exists()
    asked = sa.select(raised.c.value, raised.c.last_on, used, head.c.seq, head.c.hash)
    return asked.select_from(raised.outerjoin(head, sa.true()))


def _raising(dated: bool) -> sa.Update:
    """A plain UPDATE: of those who wait for the row PostgreSQL wakes one, of those who INSERT … ON CONFLICT all."""
    by, over, day = (sa.bindparam(name, type_=kind) for name, kind in (("by", _BIG), ("over", _BIG), ("day", sa.Date)))
    changed = {"value": Counter.value + by, "skipped": Counter.skipped + over}
    if dated:
        changed["last_on"] = sa.case((Counter.last_on > day, Counter.last_on), else_=day)
    here = [column == sa.bindparam(f"of_{column.key}") for column in _KEY]
    return sa.update(Counter.__table__).where(*here).values(**changed)  # type: ignore[arg-type]


_BIG = sa.BigInteger
_KEY = [Counter.agency_id, Counter.series, Counter.period]
