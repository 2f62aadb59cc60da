"""What there is of one person, wherever a table names them."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from webkit.core.kernel.db import session
from webkit.core.kernel.events import Event
from webkit.core.kernel.sealed import MARK, unseal
from webkit.core.kernel.tables import Base
from webkit.core.kernel.tenancy import authored_tables
from webkit.portability.row_models import AT_ONCE, USERS, Row, plain

SECRET_WORDS = ("hash", "secret", "token", "credential", "public_key", "challenge", "last_step")
"""What opens a door or helps to: nobody takes it along, not even they themselves."""
OPENED = frozenset({("phones", "number")})
"""Sealed values that are the person's own."""
STAYING = frozenset({"first_run", "audit_log", "account_deletions", "memberships"})
"""Tables whose rows outlive an account: they name somebody who is nobody by then. From agencies people are removed."""
WORDS = ("id", "agency_id", "created_at", "number", "title", "name", "state", "kind")
"""What is said of a document that somebody wrote: the rest is the agency's."""


@functools.cache
def tables() -> tuple[str, ...]:
    """Every table with rows about a person."""
    return tuple(each.name for each in Base.metadata.sorted_tables if "user_id" in each.c)


def shown(table: sa.Table) -> list[sa.Column[Any]]:
    """The columns of a table that somebody takes along."""
    return [
        each
        for each in table.c
        if (table.name, each.name) in OPENED
        or not (each.info.get(MARK) or any(word in each.name for word in SECRET_WORDS))
    ]


def account(user_id: UUID) -> Row:
    """The account itself."""
    users = Base.metadata.tables[USERS]
    row = session().execute(sa.select(*shown(users)).where(users.c.id == user_id)).one()
    return plain(dict(row._mapping))


def rows(name: str, user_id: UUID) -> Iterator[Row]:
    """Rows of a table about somebody."""
    table = Base.metadata.tables[name]
    yield from _streamed(
        sa.select(*shown(table)).where(table.c.user_id == user_id).order_by(*table.primary_key), name, user_id
    )


def authored(name: str, user_id: UUID) -> Iterator[Row]:
    """What somebody wrote, in a few words each, for the agencies that they work for: others' have become none of it."""
    table = Base.metadata.tables[name]
    words = [table.c[each] for each in WORDS if each in table.c]
    theirs = table.c.agency_id.in_([agency for agency, _role in places(user_id)])
    words_of = sa.select(*words).where(table.c.author_id == user_id, theirs)
    yield from _streamed(words_of.order_by(table.c.id), name, user_id)


def authored_names() -> list[str]:
    return sorted(authored_tables())


def acts(agency: UUID, user_id: UUID) -> Iterator[Row]:
    """What somebody did in an agency, by the chain of events; not whom it concerned."""
    words: tuple[Any, ...] = (Event.agency_id, Event.seq, Event.kind, Event.at, Event.subject)
    mine = (Event.agency_id == agency, Event.text.contains(f'"actor":"user:{user_id}"', autoescape=True))
    yield from _streamed(sa.select(*words).where(*mine).order_by(Event.seq), "events", user_id)


def _streamed(query: sa.Select[Any], name: str, user_id: UUID) -> Iterator[Row]:
    with session().connection().execute(query.execution_options(yield_per=AT_ONCE)) as found:
        for row in found:
            said = dict(row._mapping)
            for table, column in OPENED:
                if table == name and said.get(column):
                    said[column] = unseal(f"{table}.{column}", user_id, said[column])
            yield plain(said)


def places(user_id: UUID) -> list[tuple[UUID, str]]:
    """Agencies somebody works for, and as what; through the platform's door."""
    table = Base.metadata.tables["memberships"]
    query = sa.select(table.c.agency_id, table.c.role).where(table.c.user_id == user_id).order_by(table.c.agency_id)
    return [(row[0], str(row[1])) for row in session().execute(query)]


def is_last_superadmin(user_id: UUID) -> bool:
    """Whether nobody else decides about the platform."""
    staff = Base.metadata.tables["platform_staff"]
    query = sa.select(staff.c.user_id).where(staff.c.role == "superadmin")
    return session().scalars(query).all() == [user_id]


def files(user_id: UUID) -> Sequence[tuple[str, UUID | None, UUID]]:
    """Files that were made for somebody: their keys, who keeps them, and whose they are."""
    tasks = Base.metadata.tables["list_tasks"]
    query = sa.select(tasks.c.file_key, tasks.c.file_account, tasks.c.agency_id)
    here = query.where(tasks.c.user_id == user_id, tasks.c.file_key.is_not(None))
    return [(row[0], row[1], row[2]) for row in session().execute(here)]


def forget(user_id: UUID, name: str, now: datetime) -> None:
    """Delete every row about somebody, and make their account nobody's, inside a write through the platform's door."""
    connection = session().connection()
    for each in reversed(tables()):
        if each not in STAYING:
            table = Base.metadata.tables[each]
            if "id" in table.c:
                free(table, sa.select(table.c.id).where(table.c.user_id == user_id))
            connection.execute(sa.delete(table).where(table.c.user_id == user_id))
    log = Base.metadata.tables["audit_log"]
    connection.execute(sa.update(log).where(log.c.user_id == user_id).values(address=""))
    users, mails = Base.metadata.tables[USERS], Base.metadata.tables["platform_mails"]
    theirs = sa.select(users.c.email).where(users.c.id == user_id).scalar_subquery()
    connection.execute(sa.delete(mails).where(mails.c.to_email == theirs))
    nobody = {
        "email": f"gone-{user_id.hex}@deleted.invalid",
        "name": name,
        "locale": "",
        "password_hash": None,
        "is_operator": False,
        "verified_at": None,
        "suspended_at": now,
        "suspended_why": name,
    }
    connection.execute(sa.update(users).where(users.c.id == user_id).values(**nobody))


def free(table: sa.Table, going: sa.Select[Any], *, besides: bool = False) -> None:
    """Delete what points to rows that go; with `besides` only rows of tables that name no agency themselves."""
    for other in Base.metadata.sorted_tables:
        for constraint in other.foreign_key_constraints:
            if constraint.referred_table is table and other is not table and not (besides and "agency_id" in other.c):
                column = next(other.c[each] for each in constraint.column_keys if each != "agency_id")
                if "id" in other.c:
                    free(other, sa.select(other.c.id).where(column.in_(going)))
                session().connection().execute(sa.delete(other).where(column.in_(going)))
