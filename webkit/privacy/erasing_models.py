"""Carrying an erasure out, a few rows in each write: what nothing needs is deleted, of the rest nothing is left."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from webkit.core.kernel import events, references
from webkit.core.kernel.db import session, writes
from webkit.core.kernel.events import ERASED, ref
from webkit.core.kernel.tables import Base
from webkit.core.values import dataclass
from webkit.privacy import register
from webkit.privacy.register import BLANK, DELETE, Table
from webkit.privacy.scope_models import (
    CLIENTS,
    MADE_UP,
    Found,
    Key,
    blank_of,
    blanked,
    here,
    is_unique,
    key_columns,
    matching,
    not_blank,
    sql_table,
)

DETAILS, FROZEN, MAILS, METHODS, TEXTS = "event_details", "frozen_documents", "mails", "payment_methods", "ai_runs"
AtVendor = tuple[str, UUID | None, str]
"""What a vendor calls something, the agency's account that has it, and the vendor."""


@dataclass(frozen=True, slots=True)
class Things:
    """What lies outside the database: stored files, kept messages, saved payment methods, and streams."""

    files: tuple[tuple[str, UUID | None], ...] = ()
    messages: tuple[AtVendor, ...] = ()
    methods: tuple[AtVendor, ...] = ()
    streams: tuple[str, ...] = ()


def in_order(found: Found) -> list[str]:
    """Tables in which something goes: what refers to others before these, the client last of all."""
    names = [table.name for table in reversed(Base.metadata.sorted_tables) if table.name in found.goes]
    return [name for name in names if name != CLIENTS]


def things(name: str, keys: Collection[Key], keep: Collection[str] = ()) -> Things:
    """What these rows name outside the database, but for files in `keep`."""
    if name == MAILS:
        return Things(messages=_at_vendors(name, keys))
    if name == METHODS:
        return Things(methods=_at_vendors(name, keys, sql_table(name).c.state == "active"))
    if name == TEXTS:
        return Things(streams=tuple(str(key[0]) for key in keys))
    table = register.tables().get(name)
    if table is None or not table.files or not keys:
        return Things()
    source = sql_table(name)
    found = _files(table, (here(source), matching(source, keys)))
    return Things(files=tuple(file for file in found if file[0] not in keep))


def _at_vendors(name: str, keys: Collection[Key], *where: sa.ColumnElement[bool]) -> tuple[AtVendor, ...]:
    source = sql_table(name)
    columns = (source.c.vendor_id, source.c.account_id, source.c.provider)
    mine = (here(source), matching(source, keys), source.c.vendor_id != "")
    return tuple((row[0], row[1], row[2]) for row in session().execute(sa.select(*columns).where(*mine, *where)))


def kept_files(found: Found) -> set[str]:
    """The keys of files that kept rows name."""
    names: set[str] = set()
    for name, rows in found.kept.items():
        table, source = register.tables()[name], sql_table(name)
        if table.files:
            names.update(key for key, _account in _files(table, (here(source), matching(source, list(rows)))))
    return names


def _files(table: Table, where: tuple[sa.ColumnElement[bool], ...]) -> list[tuple[str, UUID | None]]:
    source, found = sql_table(table.name), list[tuple[str, UUID | None]]()
    for name in table.files:
        account = source.c.get(name.replace("_key", "_account"))
        plain = account is not None and account.name != name
        owned: Any = account if plain else sa.null()
        for value, owner in session().execute(sa.select(source.c[name], owned).where(*where)):
            if plain:
                found += [(value, owner)] if value else []
            else:
                found += [_attached(each) for each in value or () if isinstance(each, dict)]
    return found


def _attached(file: Mapping[str, Any]) -> tuple[str, UUID | None]:
    return file["key"], UUID(file["account"]) if file.get("account") else None


@writes
def erase(name: str, keys: Collection[Key], reason: str) -> int:
    """Erase these rows of a table; returns of how many something was left. Done twice it is done once."""
    table = register.tables()[name]
    if name == DETAILS:
        return events.erase([key[0] for key in keys], reason)
    if table.erase == BLANK:
        return _empty(table, keys)
    if table.erase != DELETE:
        return 0
    needed = _let_go(name, keys)
    gone = [key for key in keys if key[0] not in needed]
    done = _delete(name, gone, reason) if gone else 0
    held = [key for key in keys if key[0] in needed]
    return done + (_empty(table, held) if held else 0)


def _delete(name: str, keys: Collection[Key], reason: str) -> int:
    source = sql_table(name)
    column = key_columns(source)[0]
    deleted = session().execute(sa.delete(source).where(here(source), matching(source, keys)).returning(column))
    found = [row[0] for row in deleted]
    if found and name == FROZEN:
        facts = {"actor": "system", "documents": sorted(map(str, found)), "reason": reason}
        events.record(ERASED, ref("events", "documents"), facts)
    return len(found)


def _let_go(name: str, keys: Collection[Key]) -> set[Any]:
    """Take rows out of what may do without them; returns those that something still needs."""
    needed: set[Any] = set()
    for other, column in references.pointing(name):
        mine = (here(other), column.in_([key[0] for key in keys]))
        if column.nullable and not other.info.get("append_only"):
            session().execute(sa.update(other).where(*mine).values({column.name: None}))
        else:
            needed.update(session().scalars(sa.select(column).where(*mine).distinct()))
    return needed


def _empty(table: Table, keys: Collection[Key]) -> int:
    """Empty the personal columns of rows; what must be unique gets a made-up name."""
    source, columns = sql_table(table.name), blanked(table)
    if not columns:
        return 0
    alike = {column.name: blank_of(column) for column in columns if not is_unique(column)}
    unique = [column.name for column in columns if is_unique(column)]
    done = 0
    for some in [[key] for key in keys] if unique else [list(keys)]:
        values = alike | {name: f"{MADE_UP}{_name(some[0])}" for name in unique}
        change = sa.update(source).where(here(source), matching(source, some), not_blank(table, source))
        done += len(session().execute(change.values(values).returning(key_columns(source)[0])).all())
    return done


def _name(key: Key) -> str:
    """Its own id: fits into 32 letters and more, and tells nothing."""
    return key[0].hex if isinstance(key[0], UUID) else str(key[0])


def empty_client(client_id: UUID, name: str) -> None:
    """Leave of a client a made-up name, archived, for the documents that are kept."""
    source, table = sql_table(CLIENTS), register.tables()[CLIENTS]
    values = {column.name: blank_of(column) for column in blanked(table)}
    values |= dict.fromkeys(table.pseudonym, name)
    values |= {"sort_name": name.casefold(), "archived": True, "revision": source.c.revision + 1}
    session().execute(sa.update(source).where(here(source), source.c.id == client_id).values(values))
