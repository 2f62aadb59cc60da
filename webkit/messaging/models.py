"""Mails and how far they got."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.kernel.db import session
from webkit.core.kernel.sealed import sealed_column
from webkit.core.kernel.tables import Json, Owned, Record, enum_column, owned_args
from webkit.core.kernel.tenancy import add_late, prepared, stored


class MailState(enum.StrEnum):
    """In the order a mail goes through them; what a vendor reports moves it forward only, never back.

    `sending` is committed before the vendor is called; a crash there leaves it, and nobody knows what arrived.
    """

    QUEUED = "queued"
    SENDING = "sending"
    UNCERTAIN = "uncertain"
    ACCEPTED = "accepted"
    FAILED = "failed"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


RETURNED = (MailState.BOUNCED, MailState.COMPLAINED)
TROUBLES = (MailState.UNCERTAIN, MailState.FAILED, *RETURNED)
"""States that a person should look at, until somebody has."""


def before(state: MailState) -> tuple[MailState, ...]:
    """The states from which `state` is a step forward."""
    order = tuple(MailState)
    return order[: order.index(state)]


class MailColumns:
    """What a mail is, whoever sends it. `sealed` is the encrypted context: links in it open documents.

    `sending` counts how often a person had it sent: what is reported about an earlier sending is stale. `provider` is
    who has it or was asked last, through the agency's own account or the platform's; `tried` who was asked before;
    `attempt` counts how often somebody was.
    """

    template: Mapped[str] = mapped_column(sa.String(64))
    to_name: Mapped[str] = mapped_column(sa.String(255))
    to_email: Mapped[str] = mapped_column(sa.String(255))
    reply_to: Mapped[str] = mapped_column(sa.String(255), default="")
    locale: Mapped[str] = mapped_column(sa.String(16))
    sealed: Mapped[str] = sealed_column()
    subject_line: Mapped[str] = mapped_column(sa.String(255), default="")
    state: Mapped[MailState] = enum_column(MailState, default=MailState.QUEUED)
    vendor_id: Mapped[str] = mapped_column(sa.String(255), default="")
    error: Mapped[str] = mapped_column(sa.Text, default="")
    sent_at: Mapped[datetime | None]
    sending: Mapped[int] = mapped_column(default=1, server_default="1")
    delayed_at: Mapped[datetime | None]
    reported_at: Mapped[datetime | None]
    provider: Mapped[str] = mapped_column(sa.String(32), default="", server_default="")
    account_id: Mapped[UUID | None]
    tried: Mapped[list[dict[str, str]] | None] = mapped_column(Json)
    attempt: Mapped[int] = mapped_column(default=0, server_default="0")


class Mail(MailColumns, Owned):
    """A mail of an agency about one of its documents. `address` is `to_email` as it is compared."""

    __tablename__ = "mails"
    __table_args__ = owned_args(
        sa.Index("ix_mails_agency_id_subject", "agency_id", "subject"),
        sa.Index("ix_mails_agency_id_state_id", "agency_id", "state", "id"),
        sa.Index("ix_mails_agency_id_address_id", "agency_id", "address", "id"),
    )

    subject: Mapped[str] = mapped_column(sa.String(64))
    about: Mapped[list[str]] = mapped_column(Json)
    attach: Mapped[list[Any]] = mapped_column(Json)
    """Ids of frozen documents, and files as `Attached.to_dict()` says them."""
    address: Mapped[str] = mapped_column(sa.String(255), default="", server_default="")
    handled_at: Mapped[datetime | None]


class PlatformMail(MailColumns, Record):
    """A mail of the platform itself: sign-in links."""

    __tablename__ = "platform_mails"


AnyMail = Mail | PlatformMail


def add(kind: type[AnyMail], **mail: Any) -> UUID:
    """Leave a new mail for the end of the write; returns its id."""
    mail_id: UUID = add_late(kind, **mail)["id"]
    return mail_id


def mail(mail_id: UUID) -> Mail | None:
    return session().get(Mail, mail_id)


def platform_mail(mail_id: UUID) -> PlatformMail | None:
    return session().get(PlatformMail, mail_id)


def page(limit: int, before: UUID | None, states: Sequence[MailState] = (), *, unhandled: bool = False) -> list[Mail]:
    """Mails, newest first: all, those in `states`, of those the ones nobody has put away."""
    query = sa.select(Mail).order_by(Mail.id.desc()).limit(limit)
    if states:
        query = query.where(Mail.state.in_(states))
    if unhandled:
        query = query.where(Mail.handled_at.is_(None))
    return list(session().scalars(query.where(Mail.id < before) if before else query))


def last_known(address: str) -> Mail | None:
    """The newest mail to an address of which it is known whether it arrived."""
    known = (MailState.DELIVERED, *RETURNED)
    query = sa.select(Mail).where(Mail.address == address, Mail.state.in_(known)).order_by(Mail.id.desc())
    return session().scalars(query.limit(1)).one_or_none()


def agency_of(mail_id: UUID) -> UUID | None:
    """Whose mail it is; call inside `platform`."""
    return session().scalars(sa.select(Mail.agency_id).where(Mail.id == mail_id)).one_or_none()


@prepared
def _of_subject() -> sa.Executable:
    return stored(Mail).where(Mail.subject == sa.bindparam("subject")).order_by(Mail.id.desc()).limit(50)


def of_subject(subject: str) -> Sequence[Any]:
    """The columns of these mails, newest first, for who changes nothing."""
    return _of_subject(subject=subject)


def move(
    kind: type[AnyMail],
    mail_id: UUID,
    expected: Sequence[MailState],
    *,
    nth: int | None = None,
    attempt: int | None = None,
    **values: Any,
) -> bool:
    """Change a mail that is still in one of the `expected` states, and in its `nth` sending; False if it is not.

    With `attempt`, only while nobody has begun a later one.
    """
    change = sa.update(kind).where(kind.id == mail_id, kind.state.in_(expected)).values(**values).returning(kind.id)
    if nth is not None:
        change = change.where(kind.sending == nth)
    if attempt is not None:
        change = change.where(kind.attempt == attempt)
    return session().scalars(change).one_or_none() is not None


def claim(kind: type[AnyMail], mail_id: UUID, expected: Sequence[MailState], *, nth: int, **values: Any) -> int | None:
    """Mark a mail as being handed over; the number of this attempt, or None when it is in no `expected` state."""
    change = sa.update(kind).where(kind.id == mail_id, kind.state.in_(expected), kind.sending == nth)
    change = change.values(state=MailState.SENDING, attempt=kind.attempt + 1, **values)
    return session().scalars(change.returning(kind.attempt)).one_or_none()


def put_away(mail_id: UUID, at: datetime) -> bool:
    """Note that a person has seen to a mail in trouble; False when it is in none."""
    change = sa.update(Mail).where(Mail.id == mail_id, Mail.state.in_(TROUBLES)).values(handled_at=at)
    return session().scalars(change.returning(Mail.id)).one_or_none() is not None
