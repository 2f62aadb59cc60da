"""What belongs to a client, table by table as the register says: rows that go, and those a law keeps until a day."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import field
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from webkit.core.kernel import tenancy
from webkit.core.kernel.db import session
from webkit.core.kernel.events import Event, EventSubject
from webkit.core.kernel.tables import Base, Json
from webkit.core.kernel.vendors import ELSEWHERE
from webkit.core.retention import Retention, until
from webkit.core.values import dataclass
from webkit.privacy import register
from webkit.privacy.register import BLANK, STAY, WITH, Table

CHUNK = 400
CLIENTS, DOCUMENTS = "clients", "documents"
FROZEN, LAST = 10, 20
PASSING = frozenset({"ended", "mentioned"})
"""Where other people's work brings something new all the time."""
MADE_UP = "erased-"
Key = tuple[Any, ...]
Law = tuple[Retention, date]
"""The class that keeps something, and the last day of that."""


@dataclass(frozen=True, slots=True)
class Person:
    """Whose data is looked for, where, and on which day."""

    client_id: UUID
    email: str
    numbers: frozenset[str]
    country: str
    today: date


@dataclass(slots=True)
class Found:
    """Rows by table: which go and which are kept. `ids` are the rows that others may name, `laws` what keeps them."""

    person: Person
    goes: dict[str, list[Key]] = field(default_factory=dict)
    kept: dict[str, dict[Key, Law]] = field(default_factory=dict)
    ids: dict[str, set[UUID]] = field(default_factory=dict)
    laws: dict[UUID, Law] = field(default_factory=dict)

    @property
    def all_ids(self) -> set[UUID]:
        return set().union(*self.ids.values()) if self.ids else set()

    @property
    def subjects(self) -> set[str]:
        """What they are called in events, mails and logs."""
        known = register.of_clients()
        return {f"{kind}:{each}" for name, ids in self.ids.items() for kind in known[name].subject for each in ids}


def find(person: Person, known: Mapping[str, Iterable[UUID]]) -> Found:
    """Everything of a client; `known` are rows that were found before and may be gone by now."""
    found = Found(person, ids={name: set(ids) for name, ids in known.items()})
    for table in sorted(register.of_clients().values(), key=_rank):
        if table.erase != STAY:
            _look(table, found)
    return found


def still_open(found: Found) -> dict[str, int]:
    """What has to be ended before anything is erased: how many rows of which table."""
    counts: dict[str, int] = {}
    for name, table in register.of_clients().items():
        source = sql_table(name)
        for ids in chunks(found.ids.get(name, ()) if table.open else ()):
            words: list[sa.ColumnElement[bool]] = [source.c[table.open[0]].in_(table.open[1:]), source.c.id.in_(ids)]
            if "account_id" in source.c:  # what another installation began is ended there
                words.append(source.c.account_id.is_distinct_from(ELSEWHERE))
            query = sa.select(sa.func.count()).select_from(source).where(here(source), *words)
            counts[name] = counts.get(name, 0) + (session().scalar(query) or 0)
    return {name: count for name, count in counts.items() if count}


def _rank(table: Table) -> int:
    """What is found by itself comes first, then what belongs to it, then what names any of it."""
    parent = table.by.partition(" in ")[2]
    if parent == DOCUMENTS:
        return FROZEN if table.name == "frozen_documents" else FROZEN + 1
    if parent:
        return _rank(register.tables()[parent]) + 1
    return LAST if table.by in _SPECIAL else 0


def _look(table: Table, found: Found) -> None:
    source = sql_table(table.name)
    keys, asked = key_columns(source), _asked(table, source)
    named = "id" in source.c and _rank(table) < LAST
    for condition in _conditions(table, source, found):
        where = [here(source), condition]
        if table.erase == BLANK and table.name != CLIENTS:
            if named:
                ids = session().scalars(sa.select(source.c.id).where(*where))
                found.ids.setdefault(table.name, set()).update(ids)
            where.append(not_blank(table, source))
        columns = (*keys, *(column.label(f"x_{name}") for name, column in asked.items()))
        for row in session().execute(sa.select(*columns).where(*where)).all():
            _sort(table, tuple(row[: len(keys)]), row, found, named=named)
    if table.name in found.goes:  # a mail to the client's address about the client's invoice is one mail
        found.goes[table.name] = list(dict.fromkeys(found.goes[table.name]))


def _sort(table: Table, key: Key, row: Any, found: Found, *, named: bool) -> None:
    law = _law(table, row, found)
    if law is not None and law[1] >= found.person.today:
        found.kept.setdefault(table.name, {})[key] = law
        if named:
            found.laws[key[0]] = law
    else:
        found.goes.setdefault(table.name, []).append(key)
    if named:
        found.ids.setdefault(table.name, set()).add(key[0])


def _asked(table: Table, source: sa.Table) -> dict[str, sa.ColumnElement[Any]]:
    """What has to be read of a row to know how long it is kept."""
    if table.keep == WITH:
        return {"parent": _event_subject(source) if table.by == "told" else source.c[table.by.partition(" in ")[0]]}
    if not table.keep:
        return {}
    said: dict[str, sa.ColumnElement[Any]] = {"dated": source.c[table.dated], "made": source.c.created_at}
    return {**said, "word": source.c[table.when[0]]} if table.when else said


def _law(table: Table, row: Any, found: Found) -> Law | None:
    if not table.keep:
        return None
    if table.keep == WITH:
        return found.laws.get(_uuid(row.x_parent))
    if table.when and (row.x_word not in table.when[1:] if len(table.when) > 1 else row.x_word is None):
        return None
    retention = Retention(table.keep)
    last = until(retention, row.x_dated or row.x_made, found.person.country)
    return (retention, last) if last else None


def _uuid(value: Any) -> UUID:
    """The id in a subject, or the id itself."""
    try:
        return value if isinstance(value, UUID) else UUID(str(value).rpartition(":")[2])
    except ValueError:
        return UUID(int=0)


# --- where to look ----------------------------------------------------------------------------------------------


def _conditions(table: Table, source: sa.Table, found: Found) -> Iterator[sa.ColumnElement[bool]]:
    """The rows of a client, as conditions that each fit into one statement."""
    if (special := _SPECIAL.get(table.by)) is not None:
        yield from special(source, found)
        return
    names, _, parent = table.by.partition(" in ")
    if not parent:
        yield source.c[names] == found.person.client_id
        return
    for name in names.split("|"):
        column = source.c[name]
        wanted: Collection[Any] = found.all_ids if parent == DOCUMENTS else found.ids.get(parent, ())
        if isinstance(column.type, sa.String):
            wanted = found.subjects
        for some in chunks(wanted):
            yield column.in_(some)


def _of_tax_number(source: sa.Table, found: Found) -> Iterator[sa.ColumnElement[bool]]:
    """What a register said of the client's number, unless another client has the same."""
    if found.person.numbers:
        yield source.c.number.in_(found.person.numbers)


def _mailed(source: sa.Table, found: Found) -> Iterator[sa.ColumnElement[bool]]:
    for some in chunks(found.subjects):
        yield source.c.subject.in_(some)
    if found.person.email:
        yield source.c.address == found.person.email


def _told(source: sa.Table, found: Found) -> Iterator[sa.ColumnElement[bool]]:
    shown = EventSubject.__table__
    for some in chunks(found.subjects):
        yield source.c.seq.in_(sa.select(shown.c.seq).where(here(shown), shown.c.subject.in_(some)))


def _event_subject(source: sa.Table) -> sa.ColumnElement[Any]:
    event = Event.__table__
    same = (event.c.agency_id == source.c.agency_id, event.c.seq == source.c.seq)
    return sa.select(event.c.subject).where(*same).scalar_subquery()


def _ended(source: sa.Table, _found: Found) -> Iterator[sa.ColumnElement[bool]]:
    """Whatever was made of many documents at once may name anybody, and can be made again."""
    yield source.c.ended_at.is_not(None)


def _mentioned(source: sa.Table, found: Found) -> Iterator[sa.ColumnElement[bool]]:
    """Texts and bytes of others in which the client's address or number here stands."""
    wanted = [each for each in (str(found.person.client_id), found.person.email) if each]
    keys = key_columns(source)
    texts = [column for column in source.c if column.name in ("key", "value", "body", "told")]
    hits = []
    query = sa.select(*keys, *texts).where(here(source)).execution_options(yield_per=200)
    if "applied_at" in source.c:  # what waits is still needed, and soon is not
        query = query.where(source.c.applied_at.is_not(None))
    for row in session().execute(query):
        whole = " ".join(_plain(value) for value in row[len(keys) :])
        if any(each in whole for each in wanted):
            hits.append(tuple(row[: len(keys)]))
    for some in chunks(hits):
        yield matching(source, some)


def _plain(value: object) -> str:
    return (value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)).casefold()


def _imported(source: sa.Table, found: Found) -> Iterator[sa.ColumnElement[bool]]:
    """Files that were brought in and done with, in which the client stood."""
    rows = sql_table("import_rows")
    for some in chunks(found.all_ids):
        named = sa.or_(rows.c.made_id.in_(some), rows.c.target_id.in_(some))
        chosen = sa.select(rows.c.import_id).where(here(rows), named)
        yield source.c.finished_at.is_not(None) & source.c.id.in_(chosen)


_SPECIAL: dict[str, Callable[[sa.Table, Found], Iterator[sa.ColumnElement[bool]]]] = {
    "tax_id": _of_tax_number,
    "mailed": _mailed,
    "told": _told,
    "ended": _ended,
    "imported": _imported,
    "mentioned": _mentioned,
}


# --- tables as they are -----------------------------------------------------------------------------------------


def sql_table(name: str) -> sa.Table:
    return Base.metadata.tables[name]


def here(source: Any) -> sa.ColumnElement[bool]:
    """The current agency's rows."""
    condition: sa.ColumnElement[bool] = source.c.agency_id == tenancy.agency_id()
    return condition


def key_columns(source: sa.Table) -> list[sa.Column[Any]]:
    """What tells the rows of one agency apart."""
    return [column for column in source.primary_key.columns if column.name != "agency_id"]


def matching(source: sa.Table, keys: Collection[Key]) -> sa.ColumnElement[bool]:
    """The rows with these keys."""
    columns = key_columns(source)
    if len(columns) == 1:
        return columns[0].in_([key[0] for key in keys])
    return sa.tuple_(*columns).in_(list(keys))


def chunks(values: Collection[Any]) -> Iterator[list[Any]]:
    whole = list(values)
    for start in range(0, len(whole), CHUNK):
        yield whole[start : start + CHUNK]


def blanked(table: Table) -> list[sa.Column[Any]]:
    """The columns that erasure empties."""
    source = sql_table(table.name)
    return [source.c[name] for name in (*table.personal, *table.secret)]


def blank_of(column: sa.Column[Any]) -> Any:
    """What an emptied column holds; None stands for nothing at all."""
    if column.nullable:
        return None
    if isinstance(column.type, Json):
        return [] if _holds_list(column) else {}
    return b"" if isinstance(column.type, sa.LargeBinary) else ""


def is_unique(column: sa.Column[Any]) -> bool:
    """Whether two emptied rows would collide."""
    source = column.table
    uniques = [set(each.columns) for each in source.constraints if isinstance(each, sa.UniqueConstraint)]
    uniques += [set(index.columns) for index in source.indexes if index.unique]
    return not column.nullable and any(column in each for each in uniques)


def not_blank(table: Table, source: sa.Table) -> sa.ColumnElement[bool]:
    """Whether a row still says anything."""
    conditions = [_says(source.c[column.name]) for column in blanked(table)]
    return sa.or_(sa.false(), *conditions)


def _says(column: sa.Column[Any]) -> sa.ColumnElement[bool]:
    if column.nullable:
        return column.is_not(None)
    if is_unique(column):
        return ~column.startswith(MADE_UP)
    says: sa.ColumnElement[bool] = column != blank_of(column)
    return says


def _holds_list(column: sa.Column[Any]) -> bool:
    for mapper in Base.registry.mappers:
        if mapper.local_table is column.table:
            annotated = next((a[column.name] for a in map(_annotations, mapper.class_.__mro__) if column.name in a), "")
            return "list[" in str(annotated)
    return False


def _annotations(cls: type[Any]) -> dict[str, Any]:
    return inspect.get_annotations(cls)
