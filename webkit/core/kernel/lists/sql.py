"""Lists as the database is asked for them: statements made once for each shape, keyset pages, sums.

A page costs the same wherever it is: the order is an index's, and reading goes on behind a row instead of counting.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from webkit.core.kernel import search
from webkit.core.kernel.db import asked_once, session
from webkit.core.kernel.lists.asked import CURRENCY, Asked, minor, order
from webkit.core.kernel.lists.spec import FROM, RANGES, Filter, Here, Kind, ListSpec, Sort
from webkit.core.kernel.tenancy import ask, kept, mine
from webkit.core.values import dataclass

RARE = 2_000
"""A word of at most so many rows leads to them; a more frequent one is asked of one row after the other, until the page
is full."""
CHUNK = 1_000


@dataclass(frozen=True, slots=True)
class Page:
    """Rows as `ListSpec.row`, and the rows from which the pages beside it are read."""

    rows: list[Any]
    newer: UUID | None
    older: UUID | None


@dataclass(frozen=True, slots=True)
class Sum:
    """What is filtered in one currency: how many, and sums of minor units in the list's order."""

    currency: str
    count: int
    totals: tuple[int, ...]


def leads_far(spec: ListSpec, asked: Asked) -> bool:
    """Whether every word that is looked for leads to so many rows that looking at some of them takes a while."""
    terms = spec.words.terms(asked.words)[: search.TERMS]
    return bool(terms) and "rare" not in (_ways(spec, tuple(terms)) or ("rare",))


class _Shape(NamedTuple):
    """A statement without its values: what is made once and used again and again."""

    filters: tuple[tuple[str, tuple[str, ...]], ...]
    words: tuple[str, ...]
    """How each word is looked for: `rare`, `often`, or `together`."""
    sort: str = ""
    downwards: bool = False
    valued: bool | None = None
    """Only rows with a value to sort by, only those without one, or no difference."""
    behind: bool = False


@dataclass(frozen=True, slots=True)
class _Edge:
    """The row behind which to read on."""

    id: UUID
    value: Any


def page(spec: ListSpec, asked: Asked, here: Here, size: int) -> Page:
    """The page an address asks for."""
    back = asked.before is not None
    rows = _read(spec, asked, here, size + 1)
    more = len(rows) > size
    rows = rows[:size]
    if back:
        rows.reverse()
    if not rows:
        return Page([], None, None)
    first, last = rows[0].id, rows[-1].id
    return Page(
        rows,
        newer=first if (more if back else asked.after is not None) else None,
        older=last if back or more else None,
    )


def every(spec: ListSpec, asked: Asked, here: Here, most: int | None = None) -> Iterator[list[Any]]:
    """All rows of a list in its order, some at a time; no more than `most`."""
    place, left = replace(asked, after=None, before=None), most
    while left is None or left > 0:
        rows = _read(spec, place, here, CHUNK if left is None else min(CHUNK, left))
        if rows:
            yield rows
        if len(rows) < CHUNK:
            return
        place, left = replace(place, after=rows[-1].id), None if left is None else left - len(rows)


def ids(spec: ListSpec, asked: Asked, here: Here, most: int) -> list[UUID]:
    """The first ids of a list."""
    return [row.id for rows in every(spec, asked, here, most) for row in rows]


def sums(spec: ListSpec, asked: Asked, here: Here, most: int | None = None) -> tuple[list[Sum], bool]:
    """Sums of what is filtered for each currency, and whether that is all: no more than `most` rows are looked at."""
    shape, values = _wanted(spec, asked, here)
    if shape is None:
        return [], True
    if most is None:  # all of them anyway: the words lead to the rows
        shape = shape._replace(words=tuple("together" for _ in shape.words))
    found = ask(_sums_statement(spec, shape, most is not None), **values, most=most)
    whole = [Sum(row[0] or "", int(row[1]), tuple(int(total or 0) for total in row[2:])) for row in found]
    return whole, most is None or sum(each.count for each in whole) < most


# --- shapes and values ------------------------------------------------------------------------------------------


def _wanted(spec: ListSpec, asked: Asked, here: Here) -> tuple[_Shape | None, dict[str, Any]]:
    """What is asked, apart from its values; no shape when a word leads nowhere."""
    values: dict[str, Any] = {"today": here.today}
    shapes = []
    for each in spec.filters:
        if given := [key for key in each.keys if key in asked.values]:
            values |= {key: _value(each, key, asked, here) for key in given}
            shapes.append((each.name, asked.values[each.name] if each.kind is Kind.CHOICE else tuple(given)))
    terms = spec.words.terms(asked.words)[: search.TERMS]
    values |= _word_values(terms)
    ways = _ways(spec, tuple(terms)) if terms else ()
    return (None if ways is None else _Shape(tuple(shapes), ways)), values


def _value(each: Filter, key: str, asked: Asked, here: Here) -> Any:
    text = asked.one(key)
    if each.kind is Kind.REF:
        return UUID(text)
    if each.kind is Kind.AMOUNT:
        return minor(text, asked.one(CURRENCY))
    if each.kind is Kind.DAY:
        return date.fromisoformat(text)
    if each.kind is Kind.MOMENT:
        day = date.fromisoformat(text)
        if not key.endswith(FROM) and day < date.max:
            day += timedelta(days=1)  # up to its end
        return datetime.combine(day, time(), ZoneInfo(here.timezone))
    return text


def _word_values(terms: Sequence[str]) -> dict[str, Any]:
    ends = {f"word{at}_end": term + search.LAST for at, term in enumerate(terms)}
    return {f"word{at}": term for at, term in enumerate(terms)} | ends


@asked_once
def _ways(spec: ListSpec, terms: tuple[str, ...]) -> tuple[str, ...] | None:
    """How to look for each word, by how often there is one that begins so; None when one is nowhere."""
    counts = list(ask(_frequencies(spec, len(terms)), **_word_values(terms), most=RARE + 1)[0])
    if not all(counts):
        return None
    if min(counts) > RARE and len(counts) > 1:  # each is often, both together may be nowhere
        return ("together",) * len(counts)
    return tuple("rare" if count <= RARE else "often" for count in counts)


# --- statements -------------------------------------------------------------------------------------------------


def _read(spec: ListSpec, asked: Asked, here: Here, limit: int) -> list[Any]:
    """Rows in the direction of reading: backwards they come the other way round."""
    shape, values = _wanted(spec, asked, here)
    if shape is None:
        return []
    sort, downwards = order(spec, asked)
    back, place = asked.before is not None, asked.after or asked.before
    edge = _edge(spec, sort, place) if place else None
    parts: list[bool | None] = [True, False] if sort.nullable else [None]
    rows: list[Any] = []
    for valued in reversed(parts) if back else parts:
        inside = edge is not None and (valued is None or valued == (edge.value is not None))
        if edge is not None and not inside and not rows and _lies_before(valued, back):
            continue
        exact = shape._replace(sort=sort.name, downwards=downwards != back, valued=valued, behind=inside)
        given = {"edge": edge.id, "edge_value": edge.value} if edge is not None and inside else {}
        found = ask(_rows_statement(spec, exact), **values, **given, limit=limit - len(rows))
        rows += [spec.row(*row) for row in found]
        if inside:
            edge = None  # what follows lies behind it as a whole
        if len(rows) == limit:
            break
    return rows


def _lies_before(valued: bool | None, back: bool) -> bool:
    """Whether a part was read before the other one: rows without a value come last."""
    return valued is not None and valued is not back


def _edge(spec: ListSpec, sort: Sort, place: UUID) -> _Edge | None:
    """The row to read on from. One that is gone is the beginning, unless the order is that of ids."""
    if sort.column is None:
        return _Edge(place, place)
    found = ask(_edge_statement(spec, sort), edge=place)
    return _Edge(place, found[0][0]) if found else None


@kept(64)
def _edge_statement(spec: ListSpec, sort: Sort) -> sa.Select[Any]:
    return sa.select(sort.column).where(mine(spec.table), spec.table.id == sa.bindparam("edge", type_=sa.Uuid()))


@kept(512)
def _rows_statement(spec: ListSpec, shape: _Shape) -> sa.Select[Any]:
    sort = spec.sort(shape.sort) or spec.sorts[0]
    columns = [getattr(spec.table, name) for name in spec.row._fields]
    query = sa.select(*columns).where(mine(spec.table), *_conditions(spec, shape))
    keys = [spec.table.id] if sort.column is None or shape.valued is False else [sort.column, spec.table.id]
    if shape.valued is not None:
        query = query.where(sort.column.is_not(None) if shape.valued else sort.column.is_(None))
    if shape.behind:
        query = query.where(_behind(keys, shape.downwards))
    ordered = [key.desc() if shape.downwards else key.asc() for key in keys]
    return query.order_by(*ordered).limit(sa.bindparam("limit", type_=sa.Integer()))


def _behind(keys: Sequence[Any], downwards: bool) -> sa.ColumnElement[bool]:
    place = sa.bindparam("edge", type_=sa.Uuid())
    if len(keys) == 1:
        behind: sa.ColumnElement[bool] = keys[0] < place if downwards else keys[0] > place
        return behind
    here, there = sa.tuple_(*keys), sa.tuple_(sa.bindparam("edge_value", type_=keys[0].type), place)
    return here < there if downwards else here > there


@kept(512)
def _sums_statement(spec: ListSpec, shape: _Shape, bounded: bool) -> sa.Select[Any]:
    currency = sa.literal("").label("currency") if spec.currency is None else spec.currency.label("currency")
    columns = [each.column.label(f"sum_{each.name}") for each in spec.sums]
    rows = sa.select(currency, *columns).where(mine(spec.table), *_conditions(spec, shape))
    if bounded:  # in an order that an index holds, or else all of them would be looked at first
        rows = rows.order_by(_cheapest(spec, shape)).limit(sa.bindparam("most", type_=sa.Integer()))
    found = rows.subquery()
    totals = [sa.func.sum(found.c[f"sum_{each.name}"]) for each in spec.sums]
    return sa.select(found.c.currency, sa.func.count(), *totals).group_by(found.c.currency).order_by(found.c.currency)


def _cheapest(spec: ListSpec, shape: _Shape) -> Any:
    """The order in which the rows of a shape are found first: that of a range, if it has one."""
    ranges = (each.column for each in spec.filters if each.kind in RANGES and each.name in dict(shape.filters))
    return next(ranges, spec.table.id.desc())


@kept(64)
def _frequencies(spec: ListSpec, count: int) -> sa.Select[Any]:
    """How many rows have each word, as far as it matters."""
    return sa.select(*(_frequency(spec, at) for at in range(count)))


def _frequency(spec: ListSpec, at: int) -> Any:
    word = aliased(spec.words.table)
    found = (
        sa.select(sa.literal(1).label("one"))
        .where(*_begins(spec, word, at))
        .limit(sa.bindparam("most", type_=sa.Integer()))
    )
    return sa.select(sa.func.count()).select_from(found.subquery()).scalar_subquery()


def _begins(spec: ListSpec, word: Any, at: int) -> list[Any]:
    """Written as a range, which keeps its index under row security."""
    kind = [word.kind == spec.words.kind] if spec.words.kind else []
    high = sa.bindparam(f"word{at}_end", type_=word.word.type)
    return [mine(word), *kind, word.word >= sa.bindparam(f"word{at}", type_=word.word.type), word.word < high]


def _conditions(spec: ListSpec, shape: _Shape) -> list[Any]:
    given = dict(shape.filters)
    found: list[Any] = []
    for each in spec.filters:
        if each.name in given:
            found += _condition(each, given[each.name])
        elif each.unless is not None:
            found.append(each.unless)
    if "together" in shape.words:
        return [*found, _has_all(spec, len(shape.words))]
    return [*found, *(_has_word(spec, at, way) for at, way in enumerate(shape.words))]


def _condition(each: Filter, given: tuple[str, ...]) -> list[Any]:
    if each.kind is Kind.CHOICE:
        return [sa.or_(*(each.options[value].condition for value in given))]
    if each.kind in (Kind.REF, Kind.CURRENCY):
        return [each.column == sa.bindparam(each.name, type_=each.column.type)]
    found = []
    for key in given:
        place = sa.bindparam(key, type_=each.column.type)
        if key.endswith(FROM):
            found.append(each.column >= place)
        else:
            found.append(each.column < place if each.kind is Kind.MOMENT else each.column <= place)
    return found


def _has_all(spec: ListSpec, count: int) -> Any:
    """The rows that have all words are found first: where each is frequent, both may stand nowhere together."""
    found = [_leads(spec, at) for at in range(count)]
    return spec.table.id.in_(sa.intersect(*found) if count > 1 else found[0])


def _leads(spec: ListSpec, at: int) -> sa.Select[Any]:
    word = aliased(spec.words.table)
    return sa.select(getattr(word, spec.words.owner.key)).where(*_begins(spec, word, at))


def _has_word(spec: ListSpec, at: int, way: str) -> Any:
    if way == "rare":
        return _led_to(spec, _leads(spec, at))
    word = aliased(spec.words.table)
    owner = getattr(word, spec.words.owner.key)
    # A scalar: the planner leaves it where it is, and asks it of as many rows as the page needs.
    held = sa.select(sa.literal(1)).where(owner == spec.table.id, *_begins(spec, word, at)).limit(1)
    return held.scalar_subquery().is_not(None)


def _led_to(spec: ListSpec, few: sa.Select[Any]) -> Any:
    """The rows of a few ids, found before anything else.

    PostgreSQL plans a statement that is kept without its values: it would not know how few they are, and rather look
    through the whole table in the order of the page. Of an array it has nothing to guess.
    """
    if session().get_bind().dialect.name == "postgresql":
        return spec.table.id == sa.func.any(sa.func.array(few.scalar_subquery()))
    return spec.table.id.in_(few)


@kept(64)
def _some_statement(spec: ListSpec) -> sa.Select[Any]:
    columns = [getattr(spec.table, name) for name in spec.row._fields]
    return sa.select(*columns).where(mine(spec.table), spec.table.id.in_(sa.bindparam("ids", expanding=True)))


def some(spec: ListSpec, chosen: Sequence[UUID]) -> list[Any]:
    """These rows, in any order; of more than exist those that do."""
    return [spec.row(*row) for row in ask(_some_statement(spec), ids=list(chosen))] if chosen else []
