"""A client in every table that the register knows, with a marker in every text, and what a database says."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from webkit.core.capabilities.storage import STORAGE
from webkit.core.kernel import sealed, tenancy, vendors
from webkit.core.kernel.db import release, session, writing
from webkit.core.kernel.ids import uuid7
from webkit.core.kernel.runtime import current
from webkit.core.kernel.sealed import Sealed
from webkit.core.kernel.tables import Base, ExactDecimal, Json
from webkit.privacy import register
from webkit.privacy.register import STAY

MARK = "xmarkerx"
LONG_AGO = date(1990, 5, 1)
"""Before whatever a law still asks for."""


def everywhere(client_id: UUID, **given: Any) -> list[str]:
    """Insert a row of the client into every table that erasure looks through, and those these need; the names of the
    first."""
    known: dict[str, UUID] = {"clients": client_id}
    wanted = _with_parents({name for name, table in register.of_clients().items() if table.erase != STAY})
    planted = []
    with writing():
        for source in Base.metadata.sorted_tables:
            if source.name in wanted - {"clients", "event_details", "event_subjects"}:
                row = {c.name: _value(c, client_id, known) for c in source.columns}
                row |= {
                    name: value
                    for name, value in given.items()
                    if source.name in ("vat_checks", "report_shares") and name in row
                }
                session().execute(sa.insert(source).values(row), execution_options={"any_agency": True})
                known |= {source.name: row["id"]} if "id" in row else {}
                planted += [source.name] if source.name in register.of_clients() else []
    return planted


def _with_parents(names: set[str]) -> set[str]:
    """These tables, and those they refer to."""
    tables = Base.metadata.tables
    while more := {key.column.table.name for name in names for key in tables[name].foreign_keys} - names:
        names |= more
    return names - {"agencies", "users", "events"}


def _value(column: sa.Column[Any], client_id: UUID, known: dict[str, UUID]) -> Any:
    name, kind, table = column.name, column.type, register.tables()[column.table.name]
    if name == "agency_id":
        return tenancy.agency_id()
    for key in column.foreign_keys:
        if key.column.table.name in known and key.column.name == "id":
            return (
                None if column.nullable and key.column.table.name == column.table.name else known[key.column.table.name]
            )
        if isinstance(kind, sa.String) and name != "id":
            return f"{key.column.name}-{key.column.table.name}"
    if name in ("client_id", "document_id", "made_id"):
        return client_id
    if name == "id":
        return uuid7()
    if name in (table.by.partition(" in ")[0].partition("|")[0], "subject"):
        parent = known.get(table.by.partition(" in ")[2], client_id)
        return parent if isinstance(kind, sa.Uuid) else f"client:{client_id}"
    return _plain(column, kind, name)


def _plain(column: sa.Column[Any], kind: Any, name: str) -> Any:
    said = register.tables()[column.table.name]
    ours = (*said.personal, *said.secret) if said.by else ()
    if name in said.files:
        return [] if isinstance(kind, Json) else f"planted/{column.table.name}/{MARK}"
    if isinstance(kind, Json):
        return {"said": MARK} if name in ours else {}
    if isinstance(kind, sa.Enum):
        return next(word for word in kind.enums if word not in said.open)
    if isinstance(kind, sa.LargeBinary):
        return f"{MARK} {MARK}@x.example".encode()
    if isinstance(kind, sa.String | Sealed):
        text = f"{MARK}-{column.table.name}-{name}" if name in ours else f"{name}-{column.table.name}"
        text = f"{MARK}@x.example" if name in {"email", "address", "value", "told"} & {*ours} else text
        return text[: kind.length or 200]
    return _other(column, kind, name)


def _other(column: sa.Column[Any], kind: Any, name: str) -> Any:
    if isinstance(kind, sa.Date):
        return LONG_AGO
    if type(kind).__name__ == "UTCDateTime":
        return datetime(1990, 5, 1, tzinfo=UTC)
    if isinstance(kind, sa.Uuid):
        return None if column.nullable else uuid7()
    if isinstance(kind, sa.Boolean):
        return False
    if isinstance(kind, ExactDecimal):
        return None if column.nullable else 1
    return 1


def store_files() -> list[str]:
    """Put the files that planted rows name; their keys."""
    keys = [
        f"planted/{name}/{MARK}"
        for name, table in register.of_clients().items()
        if any(not isinstance(Base.metadata.tables[name].c[each].type, Json) for each in table.files)
    ]
    storage = vendors.chosen(STORAGE)
    release()
    for key in keys:
        storage.connect().put(key, io.BytesIO(MARK.encode()), content_type="text/plain")
    return keys


def says(what: str = MARK) -> dict[str, set[str]]:
    """In which columns of which tables something stands, whoever's rows they are."""
    found: dict[str, set[str]] = {}
    with tenancy.platform("a test reads everything"):
        for source in Base.metadata.sorted_tables:
            written = (Json, Sealed)
            raw = [
                sa.type_coerce(c, sa.Text).label(c.name) if isinstance(c.type, written) else c for c in source.columns
            ]
            for row in session().execute(sa.select(*raw)).mappings():
                for name, value in row.items():
                    if what in _text(_opened(source.c[name], value, row)):
                        found.setdefault(source.name, set()).add(name)
    return found


def _opened(column: sa.Column[Any], value: Any, row: sa.RowMapping) -> Any:
    if not value or not isinstance(column.type, Sealed):
        return value
    return current().keys.unseal(value, sealed.place(column.type.field, row["agency_id"]))


def _text(value: object) -> str:
    return (value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)).casefold()


def files_saying(folder: Path, what: str = MARK) -> Iterator[Path]:
    """Files whose name or bytes say something; databases are looked at as such."""
    for path in sorted(folder.rglob("*")):
        is_file = path.is_file() and ".db" not in path.name and "sqlite" not in path.name
        if is_file and (what in path.name or what.encode() in path.read_bytes()):
            yield path
