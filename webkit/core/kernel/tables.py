"""Base classes and column types of every table."""

from __future__ import annotations

import enum
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column
from sqlalchemy.types import TypeDecorator

from webkit.core.kernel import clock
from webkit.core.kernel.ids import uuid7

PLACES = 8
"""Decimal places of exact columns: enough for every unit price a tax office accepts."""


class ExactDecimal(TypeDecorator[Decimal]):
    """A Decimal with up to 8 places: NUMERIC on PostgreSQL, TEXT on SQLite, where NUMERIC silently is a float.

    Never sum it in SQL: money is summed in minor units.
    """

    impl = sa.Numeric(28, PLACES)
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> Any:
        exact = sa.Text() if dialect.name == "sqlite" else sa.Numeric(28, PLACES)
        return dialect.type_descriptor(exact)

    def process_bind_param(self, value: Decimal | None, dialect: sa.Dialect) -> Any:
        if value is None:
            return None
        if not isinstance(value, Decimal) or not value.is_finite():
            raise TypeError(f"{value!r} is not a finite Decimal")
        if value != round(value, PLACES):
            raise ValueError(f"{value} has more than {PLACES} places")
        return f"{value:f}" if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Decimal | None:
        return None if value is None else Decimal(value).normalize() + 0


class UTCDateTime(TypeDecorator[datetime]):
    """An aware moment, kept and returned in UTC; naive values are refused."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise TypeError("a moment needs a time zone")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Json(TypeDecorator[Any]):
    """JSON kept as text exactly as written, with sorted keys, equal on both databases."""

    impl = sa.Text()
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> str | None:
        return None if value is None else json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> Any:
        return None if value is None else json.loads(value)


def enum_column(kind: type[enum.StrEnum], **options: Any) -> Any:
    """A column for a StrEnum, stored by value as text: native enums lose their index under row-level security."""
    column = sa.Enum(kind, native_enum=False, length=32, values_callable=lambda k: [member.value for member in k])
    return mapped_column(column, **options)


class Base(DeclarativeBase):
    """Plain declarative base; constraint names follow one convention so that migrations can name them."""

    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UTCDateTime(), Decimal: ExactDecimal(), UUID: sa.Uuid()}  # noqa: RUF012


class Record(Base):
    """A table with a UUIDv7 key."""

    __abstract__ = True

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    def __init__(self, **values: Any) -> None:
        """Its id is known before it is in the database: nobody has to write a row only to hear what it is called."""
        super().__init__(**{"id": uuid7(), "created_at": clock.now(), **values})


class Scoped:
    """Marks a table whose rows belong to an agency; the walls of `tenancy` look for it."""

    agency_id: Mapped[UUID] = mapped_column(sa.Uuid(), nullable=False)


class Authored:
    """Marks a table whose rows are somebody's: of some tables not everybody sees and changes everybody's rows.

    Nobody's rows, of before there were authors, are seen by those who see all.
    """

    author_id: Mapped[UUID | None] = mapped_column(sa.Uuid(), nullable=True)


class Owned(Scoped, Record):
    """A record that belongs to one agency. `extra_args` holds a table's own constraints and indexes."""

    __abstract__ = True

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Any, ...]:
        return owned_args()


def owned_args(*extra: Any) -> tuple[Any, ...]:
    """Table arguments of an Owned table: the composite key that foreign keys point to, and the agency itself."""
    return (
        sa.UniqueConstraint("agency_id", "id"),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"]),
        *extra,
    )


def owned_fk(column: str, table: str, **options: Any) -> sa.ForeignKeyConstraint:
    """A foreign key that cannot leave the agency: foreign-key checks bypass row-level security."""
    return sa.ForeignKeyConstraint(["agency_id", column], [f"{table}.agency_id", f"{table}.id"], **options)
