"""Codes that were mailed and signatures that were given."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.kernel import clock, tenancy
from webkit.core.kernel.db import insert, session
from webkit.core.kernel.ids import uuid7
from webkit.core.kernel.schema import NEVER_CHANGED
from webkit.core.kernel.tables import Owned, owned_args, owned_fk

TRIES = 5


class SigningCode(Owned):
    """Six digits somebody was mailed, as a keyed hash. `ordinal` counts a contract's codes: two at once are one."""

    __tablename__ = "signing_codes"
    __table_args__ = owned_args(
        owned_fk("contract_id", "contracts"), sa.UniqueConstraint("agency_id", "contract_id", "ordinal")
    )

    contract_id: Mapped[UUID]
    ordinal: Mapped[int]
    code_hash: Mapped[str] = mapped_column(sa.String(64))
    email: Mapped[str] = mapped_column(sa.String(255))
    expires_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    used_at: Mapped[datetime | None]


class Signature(Owned):
    """Who signed which bytes, and how we know. Written once; triggers refuse any change."""

    __tablename__ = "signatures"
    __table_args__ = (
        *owned_args(
            owned_fk("contract_id", "contracts"),
            owned_fk("frozen_id", "frozen_documents"),
            sa.UniqueConstraint("agency_id", "contract_id"),
            sa.Index("ix_signatures_agency_id_frozen_id", "agency_id", "frozen_id"),
        ),
        NEVER_CHANGED,
    )

    contract_id: Mapped[UUID]
    frozen_id: Mapped[UUID]
    snapshot_hash: Mapped[str] = mapped_column(sa.String(64))
    pdf_hash: Mapped[str] = mapped_column(sa.String(64))
    consent_version: Mapped[int]
    consent_language: Mapped[str] = mapped_column(sa.String(8))
    consent_hash: Mapped[str] = mapped_column(sa.String(64))
    consent_text: Mapped[str] = mapped_column(sa.Text)
    method: Mapped[str] = mapped_column(sa.String(8))
    typed: Mapped[str] = mapped_column(sa.String(120), default="")
    drawn: Mapped[str] = mapped_column(sa.Text, default="")
    name: Mapped[str] = mapped_column(sa.String(120))
    title: Mapped[str] = mapped_column(sa.String(120))
    email: Mapped[str] = mapped_column(sa.String(255))
    address: Mapped[str] = mapped_column(sa.String(64))
    user_agent: Mapped[str] = mapped_column(sa.String(400))
    code_sent_at: Mapped[datetime]
    code_verified_at: Mapped[datetime]
    signed_at: Mapped[datetime]


def newest_code(contract_id: UUID) -> SigningCode | None:
    """Only the newest code counts."""
    query = sa.select(SigningCode).where(SigningCode.contract_id == contract_id)
    return session().scalars(query.order_by(SigningCode.ordinal.desc()).limit(1)).one_or_none()


def codes_since(contract_id: UUID, moment: datetime) -> list[datetime]:
    """When codes were sent, oldest first."""
    query = sa.select(SigningCode.created_at).where(
        SigningCode.contract_id == contract_id, SigningCode.created_at > moment
    )
    return list(session().scalars(query.order_by(SigningCode.ordinal)))


def add_code(contract_id: UUID, code_hash: str, email: str, expires_at: datetime) -> bool:
    """Keep the next code; False when another request has just made it."""
    last = newest_code(contract_id)
    values: dict[str, Any] = {
        "id": uuid7(),
        "created_at": clock.now(),
        "agency_id": tenancy.agency_id(),
        "contract_id": contract_id,
        "ordinal": last.ordinal + 1 if last else 1,
        "code_hash": code_hash,
        "email": email,
        "expires_at": expires_at,
        "tries": 0,
    }
    statement = insert(SigningCode).values(**values).on_conflict_do_nothing().returning(SigningCode.id)
    return session().connection().execute(statement).one_or_none() is not None


def try_code(code_id: UUID) -> int | None:
    """Count one try of a code that is still good and lock it; the number of this try, or None when it is used up."""
    done = session().scalars(
        sa.update(SigningCode)
        .where(
            SigningCode.id == code_id,
            SigningCode.tries < TRIES,
            SigningCode.used_at.is_(None),
            SigningCode.expires_at > clock.now(),
        )
        .values(tries=SigningCode.tries + 1)
        .returning(SigningCode.tries)
        .execution_options(synchronize_session=False)
    )
    return done.one_or_none()


def use_code(code_id: UUID, at: datetime) -> None:
    session().execute(
        sa.update(SigningCode)
        .where(SigningCode.id == code_id)
        .values(used_at=at)
        .execution_options(synchronize_session=False)
    )


def add_signature(signature: Signature) -> UUID:
    session().add(signature)
    session().flush()
    return signature.id


def signature_of(contract_id: UUID) -> Signature | None:
    return session().scalars(sa.select(Signature).where(Signature.contract_id == contract_id)).one_or_none()
