"""The floors' own small tables, filled by the database itself. Plain: no tenancy, no evidence, no history."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    is_authenticated = is_active = True

    def get_id(self) -> str:
        return str(self.id)


class Client(Base):
    __tablename__ = "clients"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    email: Mapped[str]


class Invoice(Base):
    __tablename__ = "invoices"

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[int] = mapped_column(sa.ForeignKey("clients.id"), index=True)
    number: Mapped[str | None]
    title: Mapped[str]
    state: Mapped[str]
    due: Mapped[str]
    total: Mapped[int] = mapped_column(sa.BigInteger)
    client: Mapped[Client] = relationship()
    lines: Mapped[list[Line]] = relationship(order_by="Line.id")


class Line(Base):
    __tablename__ = "lines"

    id: Mapped[int] = mapped_column(primary_key=True)
    invoice_id: Mapped[int] = mapped_column(sa.ForeignKey("invoices.id"), index=True)
    what: Mapped[str]
    quantity: Mapped[int]
    amount: Mapped[int] = mapped_column(sa.BigInteger)


class Hook(Base):
    __tablename__ = "hooks"

    id: Mapped[str] = mapped_column(primary_key=True)
    body: Mapped[str]


class Counter(Base):
    """The first of the two locks of an issue."""

    __tablename__ = "counters"

    series: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[int]


class Head(Base):
    """The second: the end of the chain of events."""

    __tablename__ = "heads"

    id: Mapped[int] = mapped_column(primary_key=True)
    seq: Mapped[int]
    hash: Mapped[str]


class Event(Base):
    __tablename__ = "events"

    seq: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
    hash: Mapped[str]


def fill(engine: Engine, clients: int, invoices: int) -> None:
    """Make the tables and as many rows as ours have."""
    with engine.begin() as connection:
        Base.metadata.create_all(connection)
        run = connection.exec_driver_sql
        run("INSERT INTO users (id, name) VALUES (1, 'Ada Brandt')")
        run("INSERT INTO counters VALUES ('invoice', 0)")
        run("INSERT INTO heads VALUES (1, 0, '')")
        numbers = "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < {})"
        run(
            f"INSERT INTO clients {numbers.format(clients)} "
            "SELECT n, 'Client ' || n, 'client' || n || '@example.com' FROM t"
        )
        run(
            f"INSERT INTO invoices {numbers.format(invoices)} SELECT n, 1 + n - n / {clients} * {clients}, "
            "'INV-' || n, 'Website, design and care', 'issued', '2026-11-12', 100000 + n FROM t"
        )
        run(f"INSERT INTO lines {numbers.format(3 * invoices)} SELECT n, 1 + (n - 1) / 3, 'Design', 2, 40000 FROM t")
        if engine.dialect.name == "postgresql":
            for table in ("invoices", "lines"):
                run(f"SELECT setval('{table}_id_seq', (SELECT max(id) FROM {table}))")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
