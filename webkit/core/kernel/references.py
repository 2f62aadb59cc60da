"""What still refers to a row, whoever does: foreign keys are known to the metadata, features need not be."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa

from webkit.core.kernel.db import session
from webkit.core.kernel.tables import Base, Owned
from webkit.core.kernel.tenancy import agency_id


def referred(table: type[Owned], ids: Collection[UUID], *, but: Collection[str] = ()) -> set[UUID]:
    """Of these rows of a table those that others refer to; tables in `but` hold parts of the rows themselves."""
    found: set[UUID] = set()
    for other, column in pointing(table.__tablename__):
        if other.name not in but:
            here = (other.c.agency_id == agency_id(), column.in_(ids))
            found.update(session().scalars(sa.select(column).where(*here).distinct()))
    return found


def pointing(name: str) -> list[tuple[sa.Table, sa.Column[UUID]]]:
    """(table, column) of every foreign key that leads there."""
    return [
        (other, key.parent)
        for other in Base.metadata.sorted_tables
        for constraint in other.foreign_key_constraints
        for key in constraint.elements
        if key.target_fullname == f"{name}.id"
    ]
