"""Statements of a bank, and their lines."""

from __future__ import annotations

import enum
from collections.abc import Collection
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.kernel.db import session
from webkit.core.kernel.sealed import Sealed, keyed, keyed_column
from webkit.core.kernel.tables import Owned, enum_column, owned_args, owned_fk


class LineState(enum.StrEnum):
    OPEN = "open"
    RECORDED = "recorded"
    IGNORED = "ignored"


class BankFile(Owned):
    """A file of a bank. The same bytes are one file."""

    __tablename__ = "bank_files"
    __table_args__ = owned_args(sa.UniqueConstraint("agency_id", "digest"))

    filename: Mapped[str] = mapped_column(sa.String(200))
    digest: Mapped[str] = mapped_column(sa.String(64))
    came: Mapped[int]
    known: Mapped[int]
    went: Mapped[int]


class BankLine(Owned):
    """Money that came. `identity` is the same in every file that tells of it."""

    __tablename__ = "bank_lines"
    __table_args__ = owned_args(
        owned_fk("file_id", "bank_files"),
        owned_fk("receipt_id", "ledger_receipts"),
        owned_fk("client_id", "clients"),
        sa.UniqueConstraint("agency_id", "identity"),
        sa.Index("ix_bank_lines_file", "agency_id", "file_id"),
        sa.Index("ix_bank_lines_receipt", "agency_id", "receipt_id"),
        sa.Index("ix_bank_lines_client", "agency_id", "client_id"),
        sa.Index("ix_bank_lines_state", "agency_id", "state", "id"),
    )

    file_id: Mapped[UUID]
    identity: Mapped[str] = mapped_column(sa.String(64))
    state: Mapped[LineState] = enum_column(LineState, default=LineState.OPEN)
    day: Mapped[date]
    currency: Mapped[str] = mapped_column(sa.String(3))
    amount_minor: Mapped[int] = mapped_column(sa.BigInteger)
    name: Mapped[str] = mapped_column(sa.String(200), default="")
    iban: Mapped[str] = mapped_column(Sealed("bank_lines.iban", 34), default="")
    iban_key: Mapped[str] = keyed_column("iban")
    text: Mapped[str] = mapped_column(sa.String(1000), default="")
    receipt_id: Mapped[UUID | None]
    client_id: Mapped[UUID | None]
    """Whose money it was, once somebody has said so."""


def add(rows: Collection[BankFile | BankLine]) -> None:
    session().add_all(rows)
    session().flush()


def file_of(digest: str) -> BankFile | None:
    return session().scalars(sa.select(BankFile).where(BankFile.digest == digest)).one_or_none()


def known(identities: Collection[str]) -> set[str]:
    """Which of these lines are here."""
    found: set[str] = set()
    wanted = list(identities)
    for start in range(0, len(wanted), 500):
        here = BankLine.identity.in_(wanted[start : start + 500])
        found.update(session().scalars(sa.select(BankLine.identity).where(here)))
    return found


def page(state: LineState, limit: int, before: UUID | None) -> list[BankLine]:
    """Newest first."""
    query = sa.select(BankLine).where(BankLine.state == state).order_by(BankLine.id.desc()).limit(limit)
    return list(session().scalars(query.where(BankLine.id < before) if before else query))


def locked(line_id: UUID) -> BankLine | None:
    """The line, with which nobody else does anything until this write ends."""
    query = sa.select(BankLine).where(BankLine.id == line_id).with_for_update()
    return session().scalars(query.execution_options(populate_existing=True)).one_or_none()


def get(line_id: UUID) -> BankLine | None:
    return session().get(BankLine, line_id)


def account(iban: str) -> dict[str, str]:
    """The columns that say from which account money came."""
    return {"iban": iban, "iban_key": keyed("bank_lines.iban", iban)}


def payers(ibans: Collection[str]) -> dict[str, UUID]:
    """Whose money came from these accounts before: the last time counts."""
    wanted = {keyed("bank_lines.iban", iban): iban for iban in ibans if iban}
    here = (BankLine.iban_key.in_(list(wanted)), BankLine.client_id.is_not(None))
    query = sa.select(BankLine.iban_key, BankLine.client_id).where(*here).order_by(BankLine.id)
    return {wanted[key]: client for key, client in session().execute(query) if client}
