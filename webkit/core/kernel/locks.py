"""One after the other: writes that must not do the same thing side by side."""

from __future__ import annotations

import functools

import sqlalchemy as sa

from webkit.core.kernel import asking
from webkit.core.kernel.db import session


def hold(name: str) -> None:
    """Wait until no other write of this agency, or of none, holds `name`, and hold it until this one ends.

    SQLite has one writer anyway; PostgreSQL locks the name, and what is read afterwards is what the other one left.
    """
    current = session()
    if not current.writing:
        raise RuntimeError("a lock is held by a write")
    if current.get_bind().dialect.name == "postgresql":
        key = f"{current.scope.agency or ''}/{name}"
        asking.rows(current.connection(), _held(), {"name": key})


@functools.cache
def _held() -> sa.Executable:
    return sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(sa.bindparam("name", type_=sa.Text), 0)))
