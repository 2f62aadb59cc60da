"""Mails and how far they got."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.kernel.db import session
from webkit.core.kernel.tables import Json, Owned, Record, enum_column, owned_args


class MailState(enum.StrEnum):
    """`sending` is committed before the vendor is called; a crash there leaves it, and nobody knows what arrived."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    UNCERTAIN = "uncertain"
    FAILED = "failed"


class MailColumns:
    """What a mail is, whoever sends it. `sealed` is the encrypted context: links in it open documents."""

    template: Mapped[str] = mapped_column(sa.String(64))
    to_name: Mapped[str] = mapped_column(sa.String(255))
    to_email: Mapped[str] = mapped_column(sa.String(255))
    reply_to: Mapped[str] = mapped_column(sa.String(255), default="")
    locale: Mapped[str] = mapped_column(sa.String(16))
    sealed: Mapped[str] = mapped_column(sa.Text)
    subject_line: Mapped[str] = mapped_column(sa.String(255), default="")
    state: Mapped[MailState] = enum_column(MailState, default=MailState.QUEUED)
    vendor_id: Mapped[str] = mapped_column(sa.String(255), default="")
    error: Mapped[str] = mapped_column(sa.Text, default="")
    sent_at: Mapped[datetime | None]


class Mail(MailColumns, Owned):
    """A mail of an agency about one of its documents."""

    __tablename__ = "mails"
    __table_args__ = owned_args(sa.Index("ix_mails_agency_id_subject", "agency_id", "subject"))

    subject: Mapped[str] = mapped_column(sa.String(64))
    about: Mapped[list[str]] = mapped_column(Json)
    attach: Mapped[list[str]] = mapped_column(Json)


class PlatformMail(MailColumns, Record):
    """A mail of the platform itself: sign-in links."""

    __tablename__ = "platform_mails"


AnyMail = Mail | PlatformMail


def add(mail: AnyMail) -> UUID:
    session().add(mail)
    session().flush()
    return mail.id


def mail(mail_id: UUID) -> Mail | None:
    return session().get(Mail, mail_id)


def platform_mail(mail_id: UUID) -> PlatformMail | None:
    return session().get(PlatformMail, mail_id)


def page(limit: int, before: UUID | None) -> list[Mail]:
    query = sa.select(Mail).order_by(Mail.id.desc()).limit(limit)
    return list(session().scalars(query.where(Mail.id < before) if before else query))


def of_subject(subject: str) -> list[Mail]:
    return list(session().scalars(sa.select(Mail).where(Mail.subject == subject).order_by(Mail.id.desc()).limit(50)))


def move(kind: type[AnyMail], mail_id: UUID, expected: tuple[MailState, ...], **values: Any) -> bool:
    """Change a mail that is still in one of the `expected` states; False when somebody was faster."""
    changed = session().scalars(
        sa.update(kind).where(kind.id == mail_id, kind.state.in_(expected)).values(**values).returning(kind.id)
    )
    return changed.one_or_none() is not None
