"""What every table has, so that its rows stay in their agency and its queries stay quick."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from flask import Flask

from webkit.core.kernel import schema, tenancy
from webkit.core.kernel.tables import Base

DOORS = {"links", "sit_ins", "agency_domains"}
"""Tables that find the agency, or who may enter it, and so are read before one is known."""
NEVER_SEARCHED = {"event_subjects": {"agency_id", "seq"}, "first_run": {"user_id"}}
"""Foreign keys whose parents are never deleted: events stay for good, and `first_run` has one row."""


def owned(metadata: sa.MetaData) -> Iterator[sa.Table]:
    """Tables whose rows belong to an agency."""
    for table in metadata.sorted_tables:
        if "agency_id" in table.c and not table.c.agency_id.nullable and table.name not in DOORS:
            yield table


def loose(metadata: sa.MetaData) -> list[str]:
    """Owned tables whose keys could reach into another agency."""
    found = []
    for table in owned(metadata):
        uniques = [set(u.columns.keys()) for u in table.constraints if isinstance(u, sa.UniqueConstraint)]
        uniques += [set(index.columns.keys()) for index in table.indexes if index.unique]
        key = set(table.primary_key.columns.keys())
        if {"agency_id", "id"} not in uniques and "agency_id" not in key:
            found.append(f"{table.name}: no composite key")
        found += [f"{table.name}: unique {columns}" for columns in map(sorted, uniques) if "agency_id" not in columns]
        if not any("agency_id" in key.column_keys for key in table.foreign_key_constraints):
            found.append(f"{table.name}: belongs to no agency")
    return found


def slow(metadata: sa.MetaData) -> list[str]:
    """Foreign keys without an index that begins with their columns."""
    found = []
    for table in metadata.sorted_tables:
        indexes = [tuple(index.columns.keys()) for index in table.indexes]
        indexes += [tuple(u.columns.keys()) for u in table.constraints if isinstance(u, sa.UniqueConstraint)]
        indexes.append(tuple(table.primary_key.columns.keys()))
        for key in table.foreign_key_constraints:
            columns = set(key.column_keys)
            indexed = any(set(index[: len(columns)]) == columns for index in indexes)
            if not indexed and columns != NEVER_SEARCHED.get(table.name):
                found.append(f"{table.name}: {', '.join(key.column_keys)}")
    return found


def test_rows_stay_in_their_agency(app: Flask) -> None:
    assert loose(Base.metadata) == []


def test_foreign_keys_are_indexed(app: Flask) -> None:
    assert slow(Base.metadata) == []


def test_every_table_of_an_agency_is_behind_the_walls(app: Flask) -> None:
    """A table with an agency that is not marked as owned would have no filter and no row-level security."""
    assert {table.name for table in owned(Base.metadata)} - set(tenancy.owned_tables()) == set()


def test_evidence_cannot_be_rewritten(app: Flask) -> None:
    assert {"events", "signed_heads"} <= set(schema.EVIDENCE)


def test_a_loose_table_is_noticed() -> None:
    metadata = sa.MetaData()
    sa.Table("agencies", metadata, sa.Column("id", sa.Uuid, primary_key=True))
    sa.Table(
        "deals",
        metadata,
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("agency_id", sa.Uuid, nullable=False),
        sa.Column("number", sa.String),
        sa.UniqueConstraint("number"),
        sa.Column("client_id", sa.Uuid, sa.ForeignKey("clients.id")),
    )
    sa.Table("clients", metadata, sa.Column("id", sa.Uuid, primary_key=True))
    assert loose(metadata) == [
        "deals: no composite key",
        "deals: unique ['number']",
        "deals: belongs to no agency",
    ]
    assert slow(metadata) == ["deals: client_id"]
