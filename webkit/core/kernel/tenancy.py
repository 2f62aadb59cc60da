"""Doors and walls: who a unit of work belongs to, and what keeps it there.

Doors (`tenant`, `platform`) open a unit. Walls hold inside it: loader criteria on every ORM statement, stamps on
every flush, a check of the SQL at the cursor, and row-level security on PostgreSQL behind all of them.
"""

from __future__ import annotations

import functools
import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import event, inspect
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.orm import LoaderCriteriaOption, ORMExecuteState, with_loader_criteria
from sqlalchemy.orm.util import identity_key

from webkit.core.kernel import asking, late
from webkit.core.kernel.db import NoUnit, Scope, UnitSession, later, session, unit
from webkit.core.kernel.tables import Authored, Base, Scoped


class Unscoped(RuntimeError):
    """A statement would have reached rows of other agencies."""


@contextmanager
def tenant(
    agency: UUID,
    viewer: UUID | None = None,
    own: frozenset[str] = frozenset(),
    hidden: frozenset[str] = frozenset(),
) -> Iterator[UnitSession]:
    """The door of one agency, for somebody who may see less than all of it or for the agency as a whole."""
    with unit(Scope(agency=agency, viewer=viewer, own=own, hidden=hidden)) as opened:
        yield opened


@contextmanager
def platform(reason: str) -> Iterator[UnitSession]:
    """The door of the platform itself, over all agencies; every use states why and is listed in a test."""
    if not reason:
        raise ValueError("say why all agencies are needed")
    with unit(Scope(platform=reason)) as opened:
        yield opened


class prepared:  # noqa: N801 - used as a decorator
    """A query of columns that is made once, for pages that people wait for.

    The mapper has no part in it: making a statement and loading it costs several times what the database does. Nobody
    adds the filter, so the query says `mine(Table)` itself; the wall at the cursor stops one that forgets.
    What is called positionally are variations of the query, each made once; named are the values of its parameters.
    """

    def __init__(self, make: Callable[..., sa.Executable]) -> None:
        self._made = kept(None)(make)
        functools.update_wrapper(self, make)

    def __call__(self, *variation: Hashable, **values: Any) -> Sequence[Any]:
        return ask(self._made(*variation), **values)


Sight = tuple[frozenset[str], frozenset[str]]
_making: ContextVar[Sight] = ContextVar("making", default=(frozenset(), frozenset()))
"""Of which tables the statement that is being made shows one's own rows alone, and of which none."""
S = TypeVar("S")


def kept(size: int | None) -> Callable[[Callable[..., S]], Callable[..., S]]:
    """Keeps the statements that a function makes: for those who see all, and for each narrower sight."""

    def keep(make: Callable[..., S]) -> Callable[..., S]:
        @functools.lru_cache(size)
        def made(own: frozenset[str], hidden: frozenset[str], *variation: Hashable) -> S:
            mark = _making.set((own, hidden))
            try:
                return make(*variation)
            finally:
                _making.reset(mark)

        def here(*variation: Hashable) -> S:
            scope = session().scope
            return made(scope.own, scope.hidden, *variation)

        functools.update_wrapper(here, make)
        return here

    return keep


def ask(statement: sa.Executable, **values: Any) -> Sequence[Any]:
    """Run a prepared query that somebody else keeps, with `kept`."""
    current = session()
    if current.writing:
        current.flush()
    given = {"agency": agency_id(), **values}
    if current.scope.own:
        given["viewer"] = current.scope.viewer
    return asking.rows(current.line, statement, given)


def changed(table: type[Scoped], row_id: UUID, statement: sa.Executable, **values: Any) -> bool:
    """Run a prepared change of one row, which returns something of it; False when it was not as the change asks for.

    What the session knows of the row is read again.
    """
    found = ask(statement, of_id=row_id, **{f"to_{name}": value for name, value in values.items()})
    current = session()
    if found:
        current.answers.clear()
        if (known := current.identity_map.get(identity_key(table, row_id))) is not None:
            current.expire(known)
    return bool(found)


def changing(table: type[Scoped], names: Iterable[str], *where: sa.ColumnElement[bool], **fixed: Any) -> sa.Executable:
    """The change of one row for `changed`: it is to be `where`, and what is named gets the values given then."""
    columns: Any = table.__table__.columns  # type: ignore[attr-defined]
    given = {name: sa.bindparam(f"to_{name}", type_=columns[name].type) for name in names}
    here = sa.update(table.__table__).where(mine(table), columns.id == sa.bindparam("of_id"), *where)  # type: ignore[attr-defined]
    return here.values(**given, **fixed).returning(columns.id)


def mine(table: type[Scoped]) -> sa.ColumnElement[bool]:
    """The filter of a prepared query: rows of the agency whose door is open, as far as the viewer sees them."""
    here = table.agency_id == sa.bindparam("agency")
    own, hidden = _making.get()
    if not (own or hidden):
        return here
    name = inspect(table).mapper.local_table.name
    if name in hidden:
        return sa.and_(here, table.id.is_(None))  # type: ignore[attr-defined]
    if name in own:
        return sa.and_(here, table.author_id == sa.bindparam("viewer", type_=sa.Uuid()))  # type: ignore[attr-defined]
    return here


def add_late(table: type[Base], **values: Any) -> dict[str, Any]:
    """Leave a new row for the end of this write and return it whole. Nothing else of the write refers to it."""
    row = late.whole(table, values)
    if issubclass(table, Scoped):
        row["agency_id"] = _owner(table.__name__, row["agency_id"], session().scope)
    if issubclass(table, Authored) and row["author_id"] is None:
        row["author_id"] = session().scope.viewer
    later(late.added(table), row, changes=row.get("id"))  # one message does not change the row that it adds
    return row


def stored(table: type[Scoped]) -> sa.Select[Any]:
    """The rows of a table with all their columns, for who changes nothing: to be narrowed down and prepared."""
    return sa.select(*sa.inspect(table).columns.values()).where(mine(table))


def agency_id() -> UUID:
    """The agency of the current unit."""
    if (agency := session().scope.agency) is None:
        raise NoUnit("this needs an agency: enter through tenant()")
    return agency


@functools.cache
def owned_tables() -> tuple[str, ...]:
    """Names of all tables whose rows belong to an agency."""
    return tuple(
        sorted(mapper.local_table.name for mapper in Base.registry.mappers if issubclass(mapper.class_, Scoped))  # type: ignore[attr-defined]
    )


@functools.cache
def _uses() -> re.Pattern[str]:
    names = "|".join(map(re.escape, owned_tables())) or r"(?!)"
    return re.compile(rf'(?:\bFROM|\bJOIN|\bUPDATE|\bINTO|,)\s+"?({names})\b"?(?:\s+AS\s+(\w+))?', re.IGNORECASE)


_NAMED = re.compile(r"\s*\([^()]*\bagency_id\b")
"""The columns of an INSERT, one of them whose row it is."""


@functools.lru_cache(4096)
def _touches(statement: str) -> bool:
    return _uses().search(statement) is not None


@functools.lru_cache(4096)
def _filtered(statement: str) -> bool:
    """Whether every use of an owned table, under its alias, is compared with agency_id. A lint, not a parser."""
    uses = list(_uses().finditer(statement))
    inserted = {use[1] for use in uses if use[0].upper().startswith("INTO") and _NAMED.match(statement, use.end())}
    for use in uses:
        name = use[2] or use[1]
        compared = re.search(rf'\b"?{name}"?\.agency_id\s*(=|IN)', statement, re.IGNORECASE)
        if not (compared or use[1] in inserted):
            return False
    return True


def install(engine: Engine) -> None:
    """Put the check at the cursor of an engine."""
    event.listen(engine, "before_cursor_execute", _check_statement)


def _check_statement(
    connection: Connection, _cursor: object, statement: str, _parameters: object, context: Any, _many: bool
) -> None:
    options = connection.get_execution_options()
    if not options.get("unit") or options.get("platform") or not _touches(statement):
        return
    if options.get("agency") is None:
        raise Unscoped(f"no agency's door is open: {statement[:120]}")
    own_flush = connection.info.get("flush")
    own_column_load = context is not None and context.execution_options.get("any_agency")
    if not (own_flush or own_column_load or _filtered(statement)):
        raise Unscoped(f"a statement without agency_id: {statement[:120]}")


@event.listens_for(UnitSession, "do_orm_execute")
def _filter(state: ORMExecuteState) -> None:
    scope: Scope = state.session.scope  # type: ignore[attr-defined]
    if scope.platform is not None:
        return
    if state.is_column_load:
        # The row came in through the filter, and a session cannot change its agency.
        state.update_execution_options(any_agency=True)
        return
    if scope.agency is None and _is_owned(state):
        raise Unscoped("no agency's door is open")
    bulk = state.is_insert or (state.is_update and state.is_executemany)
    if bulk and _is_owned(state):
        raise Unscoped("bulk writes of owned tables pass the stamp: add objects instead")
    if scope.agency is not None and not state.is_relationship_load:
        state.statement = state.statement.options(_criteria(scope.agency))
        if scope.narrow:
            state.statement = state.statement.options(*_sight(scope.viewer, scope.own, scope.hidden))


def _is_owned(state: ORMExecuteState) -> bool:
    return any(issubclass(mapper.class_, Scoped) for mapper in state.all_mappers)


@functools.lru_cache(1024)
def _criteria(agency: UUID) -> LoaderCriteriaOption:
    return with_loader_criteria(Scoped, lambda table: table.agency_id == agency, include_aliases=True)


@functools.lru_cache(1024)
def _sight(viewer: UUID | None, own: frozenset[str], hidden: frozenset[str]) -> tuple[LoaderCriteriaOption, ...]:
    """What hides the rows of others from somebody."""
    found = []
    for name, table in authored_tables().items():
        if name in hidden:
            found.append(with_loader_criteria(table, sa.false(), include_aliases=True))
        elif name in own:
            found.append(with_loader_criteria(table, table.author_id == viewer, include_aliases=True))
    return tuple(found)


@functools.cache
def authored_tables() -> dict[str, Any]:
    """By name: the tables whose rows are somebody's."""
    found = (mapper for mapper in Base.registry.mappers if issubclass(mapper.class_, Authored))
    return {mapper.local_table.name: mapper.class_ for mapper in found}  # type: ignore[attr-defined]


def authors_of(
    table: Any, argument: str, child: Any = None, parent: str = ""
) -> Callable[[Mapping[str, Any]], tuple[UUID | None, ...]]:
    """Finds out whose the row is that an address's `argument` names, or the row that is the `parent` of that one."""

    def find(given: Mapping[str, Any]) -> tuple[UUID | None, ...]:
        if child is None:
            query = sa.select(table.author_id).where(table.id == given[argument])
        else:
            query = sa.select(table.author_id).join(child, getattr(child, parent) == table.id)
            query = query.where(child.id == given[argument])
        return tuple(session().scalars(query))

    return find


def author_of(reference: str) -> tuple[UUID | None, ...]:
    """Whose what a reference like `invoice:0190…` names is, if it can be seen here; of what is nobody's, nothing."""
    kind, _colon, key = reference.partition(":")
    table = authored_tables().get(f"{kind}s")
    if table is None:
        return ()
    return tuple(session().scalars(sa.select(table.author_id).where(table.id == UUID(key))))


def the_author(reference: str) -> UUID | None:
    """Whose it is, for what is made from it: a deal stays with whoever began it."""
    return next(iter(author_of(reference)), None)


def seen(references: Iterable[str]) -> tuple[set[str], set[str]]:
    """Of references those that name rows with authors, and of these the ones that can be seen here."""
    by_kind: dict[str, set[UUID]] = defaultdict(set)
    for each in references:
        kind, _colon, key = each.partition(":")
        if f"{kind}s" in authored_tables():
            by_kind[kind].add(UUID(key))
    found: set[str] = set()
    for kind, ids in by_kind.items():
        table = authored_tables()[f"{kind}s"]
        found |= {f"{kind}:{each}" for each in session().scalars(sa.select(table.id).where(table.id.in_(ids)))}
    return {f"{kind}:{each}" for kind, ids in by_kind.items() for each in ids}, found


@event.listens_for(UnitSession, "before_flush")
def _stamp(current: UnitSession, _context: object, _instances: object) -> None:
    if not current.writing:
        raise RuntimeError("changes belong inside a write: declare the service function with @writes")
    for row in current.new:
        if isinstance(row, Scoped):
            _stamp_new(row, current.scope)
    for row in current.dirty:
        if isinstance(row, Scoped) and inspect(row).attrs.agency_id.history.has_changes():
            raise Unscoped("a row cannot move to another agency")
    current.connection().info["flush"] = True


def _stamp_new(row: Scoped, scope: Scope) -> None:
    row.agency_id = _owner(type(row).__name__, row.agency_id, scope)
    if isinstance(row, Authored) and row.author_id is None:
        row.author_id = scope.viewer


def _owner(name: str, named: UUID | None, scope: Scope) -> UUID:
    """Whose a new row is."""
    owner = named or scope.agency
    if owner is None or (scope.platform is None and owner != scope.agency):
        raise Unscoped(f"{name} would belong to another agency")
    return owner


@event.listens_for(UnitSession, "after_flush")
def _unmark(current: UnitSession, _context: object) -> None:
    current.connection().info.pop("flush", None)
