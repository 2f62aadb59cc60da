"""Removes rows of an agency, some at a time. Children go before parents: what is left over of those keeps these."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from webkit.core.kernel import tenancy
from webkit.core.kernel.db import session
from webkit.core.kernel.events import Event, EventDetail
from webkit.core.kernel.tables import Base
from webkit.core.kernel.vendors import ELSEWHERE
from webkit.core.retention import CLASSES, Retention
from webkit.portability import keeping
from webkit.portability.content import PDFS
from webkit.portability.personal_models import free
from webkit.portability.row_models import owned

BATCH, DETAILS = 200, "event_details"
_AT = "invoice_write_offs"
"""Goes through the invoice it belongs to."""
Keys = list[tuple[Any, ...]]


def order() -> tuple[str, ...]:
    """Every table of which something goes, those first to which nothing left points."""
    names = [name for name in reversed(owned()) if name not in _for_good() and name != DETAILS]
    return (*(each for each in names if each not in keeping.LAST), *keeping.LAST)


@functools.cache
def _for_good() -> frozenset[str]:
    """Tables that nobody removes anything from: the evidence of the kernel, and what the database guards."""
    guarded = (t.name for t in Base.metadata.sorted_tables if t.info.get("append_only") and not t.info.get("may_go"))
    return keeping.FOR_GOOD | frozenset(guarded)


def doomed(name: str, today: date, country: str, *, limit: int = BATCH) -> Keys:
    """Some rows of a table that go, by key."""
    table = _table(name)
    going = (_mine(table), sa.not_(_stays(table, today, country)))
    found = session().connection().execute(sa.select(*_keys(table)).where(*going).limit(limit))
    return [tuple(row) for row in found]


def remove(name: str, keys: Keys) -> None:
    """Delete these rows, inside a write."""
    table = _table(name)
    columns = _keys(table)
    key: Any = columns[0] if len(columns) == 1 else sa.tuple_(*columns)
    values = [each[0] for each in keys] if len(columns) == 1 else keys
    if "id" in table.c:
        free(table, sa.select(table.c.id).where(_mine(table), key.in_(values)), besides=True)
    session().connection().execute(sa.delete(table).where(_mine(table), key.in_(values)))


def let_go(name: str, today: date, country: str) -> None:
    """Let rows that stay point no longer to what goes, and empty what no law asks for, inside a write."""
    table = _table(name)
    for constraint in table.foreign_key_constraints:
        column = next((table.c[each] for each in constraint.column_keys if each != "agency_id"), None)
        other = constraint.referred_table
        if column is None or not column.nullable or other.name in _for_good() or "agency_id" not in other.c:
            continue
        pointing = sa.update(table).where(_mine(table), column.is_not(None))
        if other.name in keeping.RULES or other.name == PDFS:
            pointing = pointing.where(column.not_in(_staying(other.name, today, country)))
        session().connection().execute(pointing.values({column.name: None}))
    if emptied := keeping.EMPTIED.get(name):
        session().connection().execute(sa.update(table).where(_mine(table)).values(dict.fromkeys(emptied, "")))


def _stays(table: sa.Table, today: date, country: str) -> sa.ColumnElement[bool]:
    """Whether a row stays by itself, or because something points to it that has stayed."""
    reasons = [_rule(table, today, country)]
    for other in Base.metadata.sorted_tables:
        for constraint in other.foreign_key_constraints:
            if constraint.referred_table is not table or "agency_id" not in other.c or other is table:
                continue
            column = next((other.c[each] for each in constraint.column_keys if each not in ("agency_id", "seq")), None)
            if column is not None and "id" in table.c:
                pointing = sa.select(column).where(_mine(other), column.is_not(None))
                reasons.append(table.c.id.in_(pointing))
    return sa.or_(*reasons)


def _rule(table: sa.Table, today: date, country: str) -> sa.ColumnElement[bool]:
    """Whether a row stays for what it is."""
    if table.name == PDFS:
        kinds = [
            sa.and_(table.c.kind.in_(kinds), table.c.document_id.in_(_staying(name, today, country)))
            for name, kinds in keeping.FROZEN.items()
        ]
        return sa.or_(*kinds)
    if table.name == "outbox":
        return table.c.kind.startswith("portability.")  # the very job that is at work
    rule = keeping.RULES.get(table.name)
    if rule is None:
        return sa.false()
    if rule.with_[0]:
        return table.c[rule.with_[0]].in_(_staying(rule.with_[1], today, country))
    return sa.and_(_when(table, rule), _lately(table.c[rule.dated], rule, today, country))


def _staying(name: str, today: date, country: str) -> sa.Select[Any]:
    table = _table(name)
    return sa.select(table.c.id).where(_mine(table), _rule(table, today, country))


def _when(table: sa.Table, rule: keeping.Rule) -> sa.ColumnElement[bool]:
    if not rule.when:
        return sa.true()
    column = table.c[rule.when[0]]
    return column.in_(rule.when[1:]) if rule.when[1:] else column.is_not(None)


def _lately(column: sa.Column[Any], rule: keeping.Rule, today: date, country: str) -> sa.ColumnElement[bool]:
    """Whether the years of its class are not over; what has no date stays."""
    first = date(today.year - years(rule.retention, country), 1, 1)
    since: Any = first if isinstance(column.type, sa.Date) else datetime(first.year, 1, 1, tzinfo=UTC)
    return sa.or_(column.is_(None), column >= since)


def years(retention: Retention, country: str) -> int:
    known = CLASSES[retention]
    return known.by_country.get(country, known.years)


def what_stays(today: date, country: str) -> list[tuple[str, Retention, int, date | None]]:
    """Tables by law with how many rows stay, and the day of the latest of them."""
    books = ((name, Retention.ACCOUNTING, column) for name, column in keeping.DATED_CHAIN)
    ruled = ((name, rule.retention, rule.dated) for name, rule in keeping.RULES.items() if not rule.with_[0])
    found = []
    for name, retention, column in (*ruled, *books):
        table = _table(name)
        here = [_mine(table), *([_rule(table, today, country)] if name in keeping.RULES else [])]
        query = sa.select(sa.func.count(), sa.func.max(table.c[column])).select_from(table).where(*here)
        count, latest = session().connection().execute(query).one()
        if count:
            found.append((name, retention, int(count), latest.date() if isinstance(latest, datetime) else latest))
    return found


def empty_over(today: date, country: str) -> None:
    """Empty what names people in and through books that nobody removes, when their years are over; inside a write."""
    first = date(today.year - years(Retention.ACCOUNTING, country), 1, 1)
    clients = _table("clients")
    named = [clients.c[each] for each in keeping.NAMES]
    since: dict[str, Any] = {name: _table(name).c[dated] >= first for name, dated in keeping.DATED_CHAIN if name != _AT}
    kept = [_mine(clients), sa.or_(*(each != "" for each in named))]
    for other in Base.metadata.sorted_tables:
        if any(each.referred_table is clients for each in other.foreign_key_constraints) and "client_id" in other.c:
            here = (_mine(other), other.c.client_id.is_not(None), since.get(other.name, sa.true()))
            kept.append(clients.c.id.not_in(sa.select(other.c.client_id).where(*here)))
    session().connection().execute(sa.update(clients).where(*kept).values({each.name: "" for each in named}))
    for name, is_young in since.items():
        table = _table(name)
        if words := table.info.get("may_empty"):
            over = (_mine(table), sa.not_(is_young), sa.or_(*(table.c[each] != "" for each in words)))
            session().connection().execute(sa.update(table).where(*over).values(dict.fromkeys(words, "")))


def living_retainers() -> int:
    """How many retainers are paid at a vendor right now, and can be ended here."""
    table = _table("retainers")
    living = (_mine(table), table.c.state.in_(("active", "past_due", "paused", "ending")))
    here = table.c.account_id.is_distinct_from(ELSEWHERE)  # what another installation began is ended there
    return (
        session().connection().execute(sa.select(sa.func.count()).select_from(table).where(*living, here)).scalar() or 0
    )


def details_after(seq: int) -> list[int]:
    """Numbers of the next events with personal details."""
    query = sa.select(EventDetail.seq).where(EventDetail.seq > seq).order_by(EventDetail.seq).limit(BATCH)
    return list(session().scalars(query))


def told_of(seqs: Sequence[int]) -> dict[int, str]:
    """What these events are about."""
    rows = session().execute(sa.select(Event.seq, Event.subject).where(Event.seq.in_(seqs)))
    return {row[0]: row[1] for row in rows}


def there(name: str, ids: Sequence[UUID]) -> set[UUID]:
    """Of these rows those that are still there."""
    table = _table(name)
    return set(session().connection().execute(sa.select(table.c.id).where(_mine(table), table.c.id.in_(ids))).scalars())


def _table(name: str) -> sa.Table:
    return Base.metadata.tables[name]


def _keys(table: sa.Table) -> list[sa.Column[Any]]:
    return [each for each in table.primary_key if each.name != "agency_id"] or [table.c.agency_id]


def _mine(table: sa.Table) -> sa.ColumnElement[bool]:
    found: sa.ColumnElement[bool] = table.c.agency_id == tenancy.agency_id()
    return found
