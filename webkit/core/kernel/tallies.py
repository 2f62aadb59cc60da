"""Kept counts and sums: what a page would otherwise add up from every row, changed in the write that changes the row.

Lock order: counters of numbers, then the head of the event chain, tallies last. They are therefore added up right
before the commit; a write does not see its own.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.orm.util import identity_key

from webkit.core.kernel.db import UnitSession, asked_once, before_commit, insert, later, session
from webkit.core.kernel.runtime import current
from webkit.core.kernel.tables import Base, Owned, Scoped
from webkit.core.kernel.tenancy import agency_id, mine, prepared


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


_SUMS = (Tally.count, Tally.total_minor)
_STEP = ("of_kind", "in_currency", "at_place", "counted", "summed")
"""The parameters of one step: where, and what is added there."""
Counted = Mapping[tuple[str, str, str], tuple[int, int]]
"""What a document adds to (kind, currency, place): its count, one, and its amount in minor units."""
_PENDING, _AT_ONCE = "tallies", 16
S = TypeVar("S", bound=NamedTuple)


def change(
    table: type[Scoped],
    here: Sequence[sa.ColumnElement[bool]],
    values: Mapping[str, Any],
    standing: type[S],
    counted: Callable[[S], Counted],
    *,
    fresh: bool = False,
    told: Callable[[S, S], None] | None = None,
) -> bool:
    """Change the row that is `here` right now, and what it adds to the kept sums; False when there is none.

    `standing` names the columns which that depends on. A `fresh` row is one that adds nothing before; of any other
    `told` hears how it stood and how it stands.
    """
    columns = [getattr(table, name) for name in standing._fields]
    locked = sa.select(*columns).where(*here).with_for_update()
    before = None if fresh else session().execute(locked).one_or_none()
    if before is None and not fresh:
        return False
    changed = sa.update(table).where(*here).values(**values).returning(*columns)
    after = _changed_now(table, changed)
    if after is None:
        return False
    if before and told is not None:
        told(standing(*before), standing(*after))
    replace(counted(standing(*before)) if before else {}, counted(standing(*after)))
    return True


def _changed_now(table: type[Scoped], changed: sa.Executable) -> Any:
    """Somebody may hold a lock meanwhile: what the session knows is read again when it is asked for, not worked out."""
    unit = session()
    after = unit.execute(changed, execution_options={"synchronize_session": False}).one_or_none()
    for row in list(unit.identity_map.values()):
        if isinstance(row, table):
            unit.expire(row)
    return after


def change_alone(table: type[Owned], row_id: UUID, values: Mapping[str, Any], before: Counted, after: Counted) -> None:
    """Change a row that this write has locked, and what it adds to the kept sums, at the end of the write."""
    named = {f"to_{name}": value for name, value in values.items()}
    later(_changed(table, tuple(values)), {"agency": agency_id(), "of_id": row_id, **named}, changes=row_id)
    if (known := session().identity_map.get(identity_key(table, row_id))) is not None:
        session().flush_changed()  # to expire a row forgets what was changed in it
        session().expire(known)
    replace(before, after)


@functools.cache
def _changed(table: type[Owned], names: tuple[str, ...]) -> sa.Executable:
    here = sa.update(table.__table__).where(mine(table), table.id == sa.bindparam("of_id"))  # type: ignore[arg-type]
    return here.values({name: sa.bindparam(f"to_{name}") for name in names})


def replace(before: Counted, after: Counted) -> None:
    """A document adds something else now than it did. It is added up at the end of the write that changes it."""
    steps = session().info.setdefault(_PENDING, {})
    for at in {*before, *after}:
        was, now = before.get(at, (0, 0)), after.get(at, (0, 0))
        count, total = steps.get(at, (0, 0))
        steps[at] = (count + now[0] - was[0], total + now[1] - was[1])


@before_commit(rank=2)
def _add(unit: UnitSession) -> None:
    steps: dict[tuple[str, str, str], tuple[int, int]] = unit.info.pop(_PENDING, {})
    # Always in one order: no two writes wait for each other crosswise.
    changed = [(*at, *steps[at]) for at in sorted(steps) if any(steps[at])]
    rows: list[dict[str, Any]] = [{"agency": agency_id(), **dict(zip(_STEP, step, strict=True))} for step in changed]
    for start in range(0, len(rows), _AT_ONCE):
        if start:
            unit.flush()  # one message may write its parts in any order
        some = rows[start : start + _AT_ONCE]
        given = {f"{name}{nth}": value for nth, row in enumerate(some) for name, value in row.items()}
        later(_raised(unit.get_bind().dialect.name, len(some)), given)
    if left := [row for row in rows if row["counted"] < 0 or row["summed"] < 0]:
        unit.flush()
        unit.connection().execute(_emptied(), left)


@functools.cache
def _raised(_dialect: str, count: int) -> sa.Insert:
    """So many rows in the order in which they are given."""
    key = (Tally.agency_id, Tally.kind, Tally.currency, Tally.place)
    names = dict(zip((*key, *_SUMS), ("agency", *_STEP), strict=True))
    places: Any = [
        {column: sa.bindparam(f"{name}{nth}", type_=column.type) for column, name in names.items()}
        for nth in range(count)
    ]
    added = insert(Tally).values(places)
    raised: sa.Insert = added.on_conflict_do_update(
        index_elements=key, set_={column.key: column + added.excluded[column.key] for column in _SUMS}
    )
    return raised


@functools.cache
def _emptied() -> sa.Delete:
    at = zip((Tally.kind, Tally.currency, Tally.place), _STEP, strict=False)
    here = (column == sa.bindparam(name) for column, name in at)
    return sa.delete(Tally).where(mine(Tally), *here, Tally.count == 0, Tally.total_minor == 0)


class Question(NamedTuple):
    """What is kept of some kinds: at each place; or, where places are days, of all before one, or since."""

    kinds: tuple[str, ...]
    side: str = ""
    day: str = ""


def each_place(kind: str) -> Question:
    """What `of` asks."""
    return Question((kind,))


def days_before(day: date, *kinds: str) -> Question:
    """What `before` asks."""
    return Question(kinds, "<", day.isoformat())


def days_since(day: date, *kinds: str) -> Question:
    """What `since` asks."""
    return Question(kinds, ">=", day.isoformat())


def ahead(*questions: Question) -> None:
    """Ask several questions in one statement: who asks one of them next, in this read, has the answer already."""
    new = tuple(question for question in dict.fromkeys(questions) if not _answer.knows(question))
    for question, rows in zip(new, _read(new), strict=True):
        _answer.know(rows, question)


def of(kind: str) -> list[tuple[str, str, int, int]]:
    """(currency, place, count, sum in minor units) of a kind."""
    return [row[1:] for row in _answer(each_place(kind))]


def before(day: date, *kinds: str) -> list[tuple[str, str, int, int]]:
    """(kind, currency, count, sum in minor units) of all days before this one, of kinds whose places are days."""
    return [(row[0], row[1], row[3], row[4]) for row in _answer(days_before(day, *kinds))]


def since(day: date, *kinds: str) -> list[tuple[str, str, int, int]]:
    """The same of this day and all after it."""
    return [(row[0], row[1], row[3], row[4]) for row in _answer(days_since(day, *kinds))]


_Row = tuple[str, str, str, int, int]
"""Kind, currency, place, count, sum."""


@asked_once
def _answer(question: Question) -> tuple[_Row, ...]:
    return _read((question,))[0]


def _read(questions: tuple[Question, ...]) -> list[tuple[_Row, ...]]:
    """The answers to all of them, each in order."""
    if not questions:
        return []
    if session().scope.narrow:
        return _added_up(questions)
    given: dict[str, Any] = {f"day{nth}": each.day for nth, each in enumerate(questions) if each.side}
    for nth, each in enumerate(questions):
        given |= {f"kind{nth}_{which}": kind for which, kind in enumerate(each.kinds)}
    rows = sorted(_asked(*((len(each.kinds), each.side) for each in questions), **given))
    of_each: list[list[_Row]] = [[] for _ in questions]
    for nth, kind, currency, place, count, total in rows:
        of_each[nth].append((kind, currency, place, int(count), int(total)))
    return [tuple(found) for found in of_each]


def _added_up(questions: tuple[Question, ...]) -> list[tuple[_Row, ...]]:
    """The same for somebody who does not see every row: what they see is added up, nothing is kept of that."""
    sums: dict[tuple[str, str, str], tuple[int, int]] = {}
    for kept in current().kept_sums:
        columns = [getattr(kept.table, name) for name in kept.standing._fields]
        for row in session().execute(sa.select(*columns)):
            for at, (count, total) in kept.counted(kept.standing(*row)).items():
                before = sums.get(at, (0, 0))
                sums[at] = (before[0] + count, before[1] + total)
    return [_of_sums(question, sums) for question in questions]


def _of_sums(question: Question, sums: Mapping[tuple[str, str, str], tuple[int, int]]) -> tuple[_Row, ...]:
    found: dict[tuple[str, str, str], tuple[int, int]] = {}
    for (kind, currency, place), (count, total) in sums.items():
        if kind in question.kinds and _inside(question, place):
            at = (kind, currency, "" if question.side else place)
            before = found.get(at, (0, 0))
            found[at] = (before[0] + count, before[1] + total)
    return tuple((*at, *found[at]) for at in sorted(found))


def _inside(question: Question, place: str) -> bool:
    if not question.side:
        return True
    return place < question.day if question.side == "<" else place >= question.day


@prepared
def _asked(*parts: tuple[int, str]) -> sa.Executable:
    return sa.union_all(*(_part(nth, *part) for nth, part in enumerate(parts)))


def _part(nth: int, kinds: int, side: str) -> sa.Select[Any]:
    start: tuple[Any, ...] = (sa.literal_column(str(nth)), Tally.kind, Tally.currency)
    wanted = [sa.bindparam(f"kind{nth}_{which}", type_=Tally.kind.type) for which in range(kinds)]
    here = (mine(Tally), Tally.kind.in_(wanted))
    if not side:
        return sa.select(*start, Tally.place, *_SUMS).where(*here)
    day = sa.bindparam(f"day{nth}", type_=Tally.place.type)
    summed = sa.select(*start, sa.literal_column("''"), *(sa.func.sum(column) for column in _SUMS))
    return summed.where(*here, Tally.place.op(side)(day)).group_by(Tally.kind, Tally.currency)
