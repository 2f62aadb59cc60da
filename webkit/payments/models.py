"""Payments and their states."""

from __future__ import annotations

import enum
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.capabilities.payments import ConnectKind
from webkit.core.kernel import clock
from webkit.core.kernel.db import insert, insert_missing, session
from webkit.core.kernel.ids import uuid7
from webkit.core.kernel.tables import Json, Owned, Record, enum_column, owned_args, owned_fk
from webkit.core.kernel.tenancy import changed, changing, kept, prepared, stored


class PaymentState(enum.StrEnum):
    """An intent is open until the vendor says otherwise; `rejected` is money that fits nothing we asked for.

    What has arrived may be disputed, given back in full, or taken back by the payer's bank.
    """

    OPEN = "open"
    PENDING = "pending"
    FAILED = "failed"
    BOUNCED = "bounced"
    EXPIRED = "expired"
    SUCCEEDED = "succeeded"
    DISPUTED = "disputed"
    REFUNDED = "refunded"
    CHARGED_BACK = "charged_back"
    REJECTED = "rejected"


UNSETTLED = (PaymentState.OPEN, PaymentState.PENDING, PaymentState.FAILED)
"""What the vendor is asked about."""
UNPAID = (PaymentState.OPEN, PaymentState.FAILED)
"""Nobody has paid, and somebody may."""
ARRIVED = (PaymentState.SUCCEEDED, PaymentState.DISPUTED, PaymentState.REFUNDED, PaymentState.CHARGED_BACK)
"""The money came. Which of these it is follows from the reversals alone."""

TRANSITIONS: dict[PaymentState, frozenset[PaymentState]] = {
    PaymentState.PENDING: frozenset({PaymentState.OPEN, PaymentState.FAILED}),
    PaymentState.FAILED: frozenset({PaymentState.OPEN}),
    PaymentState.BOUNCED: frozenset({PaymentState.OPEN, PaymentState.FAILED, PaymentState.PENDING}),
    PaymentState.EXPIRED: frozenset({PaymentState.OPEN, PaymentState.FAILED}),
    PaymentState.SUCCEEDED: frozenset(
        {
            *UNSETTLED,
            PaymentState.BOUNCED,
            PaymentState.EXPIRED,
            PaymentState.REJECTED,  # the right amount after a wrong one
        }
    ),
    PaymentState.REJECTED: frozenset({*UNSETTLED, PaymentState.BOUNCED, PaymentState.EXPIRED}),
}
"""From which states an outcome is reached; whatever else arrives is stale."""


class ReversalKind(enum.StrEnum):
    REFUND = "refund"
    DISPUTE = "dispute"


class ReversalState(enum.StrEnum):
    """`asked` is our own wish, not yet at the vendor; `done`: the money is gone; `failed`: it stays after all."""

    ASKED = "asked"
    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"


BEFORE: dict[ReversalState, tuple[ReversalState, ...]] = {
    ReversalState.PENDING: (ReversalState.ASKED,),
    ReversalState.DONE: (ReversalState.ASKED, ReversalState.PENDING),
    ReversalState.FAILED: (ReversalState.ASKED, ReversalState.PENDING, ReversalState.DONE),
}
"""States only go on, so that news in any order end in the same one. A refund that was done may still come back."""


class Payment(Owned):
    """One attempt to pay one document, with what the vendor calls it; through which account of the agency, if any."""

    __tablename__ = "payments"
    __table_args__ = owned_args(
        sa.UniqueConstraint("agency_id", "provider", "checkout_id"),
        sa.Index("ix_payments_agency_id_reference", "agency_id", "reference"),
        sa.Index("ix_payments_state_id", "state", "id"),
        sa.Index("ix_payments_checkout_id", "checkout_id"),
        sa.Index("ix_payments_vendor_id", "vendor_id"),
    )

    reference: Mapped[str] = mapped_column(sa.String(64))
    provider: Mapped[str] = mapped_column(sa.String(32))
    amount_minor: Mapped[int] = mapped_column(sa.BigInteger)
    currency: Mapped[str] = mapped_column(sa.String(3))
    state: Mapped[PaymentState] = enum_column(PaymentState, default=PaymentState.OPEN)
    checkout_id: Mapped[str | None] = mapped_column(sa.String(128))
    checkout_url: Mapped[str] = mapped_column(sa.Text, default="")
    expires_at: Mapped[datetime | None]
    vendor_id: Mapped[str] = mapped_column(sa.String(128), default="")
    note: Mapped[str] = mapped_column(sa.String(255), default="")
    settled_at: Mapped[datetime | None]
    returned_minor: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")
    account_id: Mapped[UUID | None]
    withdrawn_at: Mapped[datetime | None]
    """Since when nobody should pay this amount any more: its checkout is closed where the vendor can."""
    method_id: Mapped[UUID | None]
    """The saved method that is charged, where nobody is at a page."""
    agreement_id: Mapped[UUID | None]
    """What the payer agreed to who lets the method be kept that is paid with."""
    asked_at: Mapped[datetime | None]
    """When the vendor was first asked for a charge."""
    waits: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    """Whether a charge waits for its payer to confirm it with the bank."""
    reason: Mapped[str] = mapped_column(sa.String(32), default="", server_default="")
    """Why a charge took no money."""

    @property
    def under_way(self) -> bool:
        """Whether a charge has been asked for, and the vendor has not answered."""
        return self.method_id is not None and self.checkout_id is None and self.state is PaymentState.OPEN


class Reversal(Owned):
    """Money of a payment that goes back: a refund of ours, or a dispute of the payer's bank."""

    __tablename__ = "payment_reversals"
    __table_args__ = owned_args(
        owned_fk("payment_id", "payments"),
        sa.UniqueConstraint("agency_id", "payment_id", "vendor_id"),
    )

    payment_id: Mapped[UUID]
    kind: Mapped[ReversalKind] = enum_column(ReversalKind)
    state: Mapped[ReversalState] = enum_column(ReversalState)
    amount_minor: Mapped[int] = mapped_column(sa.BigInteger)
    vendor_id: Mapped[str | None] = mapped_column(sa.String(128))
    actor: Mapped[str] = mapped_column(sa.String(64), default="")
    note: Mapped[str] = mapped_column(sa.String(255), default="")
    cause: Mapped[str] = mapped_column(sa.String(64), default="", server_default="")
    """The document it is given back for, as an event's subject: a credit note."""
    changed_at: Mapped[datetime]


class Stray(Record):
    """News of a reversal whose payment nobody knows yet. Those of payments that are not ours stay, and are dropped.

    `account` is the agency's own that told it, "" is the platform's: it is believed about its own payments only.
    """

    __tablename__ = "payment_strays"
    __table_args__ = (
        sa.UniqueConstraint("provider", "account", "event_id"),
        sa.Index("ix_payment_strays_payment_vendor_id", "payment_vendor_id"),
    )

    provider: Mapped[str] = mapped_column(sa.String(32))
    account: Mapped[str] = mapped_column(sa.String(36), default="", server_default="")
    event_id: Mapped[str] = mapped_column(sa.String(128))
    payment_vendor_id: Mapped[str] = mapped_column(sa.String(128))
    kind: Mapped[ReversalKind] = enum_column(ReversalKind)
    state: Mapped[ReversalState] = enum_column(ReversalState)
    amount_minor: Mapped[int] = mapped_column(sa.BigInteger)
    currency: Mapped[str] = mapped_column(sa.String(3))
    vendor_id: Mapped[str] = mapped_column(sa.String(128))
    key: Mapped[str] = mapped_column(sa.String(128))
    at: Mapped[datetime]


class ConnectedAccount(Owned):
    """An account at a vendor that an agency has connected, and what the vendor lets it do.

    `name` is the vendor's for it; `alive` repeats it while it is connected.
    """

    __tablename__ = "connected_accounts"
    __table_args__ = owned_args(
        owned_fk("account_id", "provider_accounts"),
        sa.UniqueConstraint("agency_id", "account_id"),
        sa.UniqueConstraint("agency_id", "provider", "alive"),
        sa.Index("ix_connected_accounts_provider_name", "provider", "name"),
    )

    account_id: Mapped[UUID]
    provider: Mapped[str] = mapped_column(sa.String(32))
    name: Mapped[str] = mapped_column(sa.String(64))
    alive: Mapped[str | None] = mapped_column(sa.String(64))
    kind: Mapped[ConnectKind] = enum_column(ConnectKind)
    can_charge: Mapped[bool] = mapped_column(default=False)
    can_pay_out: Mapped[bool] = mapped_column(default=False)
    submitted: Mapped[bool] = mapped_column(default=False)
    wanted: Mapped[list[str]] = mapped_column(Json, default=list)
    blocked: Mapped[str] = mapped_column(sa.String(255), default="")
    title: Mapped[str] = mapped_column(sa.String(255), default="")
    country: Mapped[str] = mapped_column(sa.String(2), default="")
    currency: Mapped[str] = mapped_column(sa.String(3), default="")
    since: Mapped[datetime]
    checked_at: Mapped[datetime]
    left_at: Mapped[datetime | None]
    taken_away: Mapped[bool] = mapped_column(default=False)
    """Its owner ended the access in the vendor's own pages."""
    read_until: Mapped[datetime | None]


class TakenName(Record):
    """A vendor's name of an account that one of the agencies has connected: no other connects it meanwhile."""

    __tablename__ = "connected_names"
    __table_args__ = (sa.UniqueConstraint("provider", "name"),)

    provider: Mapped[str] = mapped_column(sa.String(32))
    name: Mapped[str] = mapped_column(sa.String(64))


class Consent(Owned):
    """A way to a vendor's consent page that somebody began: for one agency and browser session, once, for a while."""

    __tablename__ = "payment_consents"
    __table_args__ = owned_args(sa.Index("ix_payment_consents_state_hash", "state_hash"))

    state_hash: Mapped[str] = mapped_column(sa.String(64))
    provider: Mapped[str] = mapped_column(sa.String(32))
    session_hash: Mapped[str] = mapped_column(sa.String(64))
    user_id: Mapped[UUID]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class PulledList(Record):
    """Up to when a vendor's list of events has been read."""

    __tablename__ = "payment_lists"

    provider: Mapped[str] = mapped_column(sa.String(32), unique=True)
    read_until: Mapped[datetime]


def add(payment: Payment) -> UUID:
    session().add(payment)
    session().flush()
    return payment.id


def get(payment_id: UUID) -> Payment | None:
    return session().get(Payment, payment_id)


def locked(payment_id: UUID) -> Payment | None:
    """The payment as it is now; its reversals do not change until this write ends."""
    query = sa.select(Payment).where(Payment.id == payment_id).with_for_update()
    return session().scalars(query.execution_options(populate_existing=True)).one_or_none()


def by_checkout(provider: str, checkout_id: str, account: UUID | None) -> Payment | None:
    query = sa.select(Payment).where(Payment.provider == provider, Payment.checkout_id == checkout_id)
    return session().scalars(query.where(_through(account))).one_or_none()


def by_vendor_id(provider: str, vendor_id: str, account: UUID | None) -> Payment | None:
    query = sa.select(Payment).where(Payment.provider == provider, Payment.vendor_id == vendor_id)
    return session().scalars(query.where(_through(account)).order_by(Payment.id).limit(1)).first()


def _through(account: UUID | None) -> sa.ColumnElement[bool]:
    return Payment.account_id.is_(None) if account is None else Payment.account_id == account


def of_reference(reference: str) -> list[Payment]:
    return list(session().scalars(sa.select(Payment).where(Payment.reference == reference).order_by(Payment.id)))


@prepared
def _stored() -> sa.Executable:
    return stored(Payment).where(Payment.reference == sa.bindparam("reference")).order_by(Payment.id)


def read_of_reference(reference: str) -> Sequence[Any]:
    """The columns of these payments, for who changes nothing."""
    return _stored(reference=reference)


@prepared
def _arrived() -> sa.Executable:
    wanted = (Payment.reference.in_(sa.bindparam("references", expanding=True)), Payment.state.in_(ARRIVED))
    return stored(Payment).where(*wanted).order_by(Payment.id)


def arrived(references: Collection[str]) -> Sequence[Any]:
    """The columns of the payments of these documents that came, whatever became of them."""
    return _arrived(references=list(references)) if references else ()


def unsettled(since: datetime, limit: int = 200) -> list[Payment]:
    """Attempts that may still end, newest first."""
    query = (
        sa.select(Payment)
        .where(Payment.state.in_(UNSETTLED), Payment.checkout_id.is_not(None), Payment.created_at >= since)
        .order_by(Payment.id.desc())
        .limit(limit)
    )
    return list(session().scalars(query))


def withdraw(reference: str, keep: Collection[int], at: datetime) -> None:
    """Mark the attempts nobody paid yet, but not those for the amounts of `keep`."""
    session().execute(
        sa.update(Payment)
        .where(Payment.reference == reference, Payment.state.in_(UNPAID), Payment.amount_minor.not_in(keep))
        .where(Payment.withdrawn_at.is_(None))
        .values(withdrawn_at=at)
    )


def agencies_with_unsettled(since: datetime) -> list[UUID]:
    """For the platform's periodic pull."""
    query = (
        sa.select(Payment.agency_id)
        .where(Payment.state.in_(UNSETTLED), Payment.checkout_id.is_not(None), Payment.created_at >= since)
        .distinct()
    )
    return list(session().scalars(query))


def move(payment_id: UUID, to: PaymentState, **values: Any) -> bool:
    """One conditional transition; False when it is stale or somebody was faster."""
    return changed(Payment, payment_id, _moved(to, tuple(values)), **values)


@kept(None)
def _moved(to: PaymentState, names: tuple[str, ...]) -> sa.Executable:
    return changing(Payment, names, Payment.state.in_(sorted(TRANSITIONS[to])), state=to)


def stand(payment_id: UUID, state: PaymentState, returned_minor: int) -> bool:
    """What the reversals have made of a payment that arrived; False when it stood like that already."""
    return changed(Payment, payment_id, _stood(), state=state, returned_minor=returned_minor)


@kept(None)
def _stood() -> sa.Executable:
    state, returned = (
        sa.bindparam(f"to_{each.key}", type_=each.type) for each in (Payment.state, Payment.returned_minor)
    )
    news = sa.or_(Payment.state != state, Payment.returned_minor != returned)
    return changing(Payment, ("state", "returned_minor"), Payment.state.in_(ARRIVED), news)


def set_checkout(payment_id: UUID, checkout_id: str, url: str, expires_at: datetime | None) -> None:
    """Keep what the vendor opened, once."""
    values = {"checkout_id": checkout_id, "checkout_url": url, "expires_at": expires_at}
    changed(Payment, payment_id, _opened(tuple(values)), **values)


@kept(None)
def _opened(names: tuple[str, ...]) -> sa.Executable:
    return changing(Payment, names, Payment.checkout_id.is_(None))


def add_reversal(reversal: Reversal) -> UUID:
    session().add(reversal)
    session().flush()
    return reversal.id


def get_reversal(reversal_id: UUID) -> Reversal | None:
    return session().get(Reversal, reversal_id)


def reversals(payment_ids: Collection[UUID]) -> list[Reversal]:
    """Oldest first."""
    query = sa.select(Reversal).where(Reversal.payment_id.in_(payment_ids)).order_by(Reversal.id)
    return list(session().scalars(query.execution_options(populate_existing=session().writing)))


@prepared
def _stored_reversals() -> sa.Executable:
    wanted = Reversal.payment_id.in_(sa.bindparam("payments", expanding=True))
    return stored(Reversal).where(wanted).order_by(Reversal.id)


def read_reversals(payment_ids: Collection[UUID]) -> Sequence[Any]:
    """The columns of these, oldest first, for who changes nothing."""
    return _stored_reversals(payments=list(payment_ids)) if payment_ids else ()


def move_reversal(reversal_id: UUID, to: ReversalState, **values: Any) -> bool:
    """One step on; False when it is stale."""
    return changed(Reversal, reversal_id, _stepped(to, tuple(values)), **values)


@kept(None)
def _stepped(to: ReversalState, names: tuple[str, ...]) -> sa.Executable:
    return changing(Reversal, names, Reversal.state.in_(BEFORE[to]), state=to)


def name_reversal(reversal_id: UUID, vendor_id: str) -> None:
    """Keep what the vendor calls our refund."""
    session().execute(
        sa.update(Reversal).where(Reversal.id == reversal_id, Reversal.vendor_id.is_(None)).values(vendor_id=vendor_id)
    )


def keep_stray(**values: Any) -> None:
    """Remember news for later, once."""
    insert_missing(Stray, id=uuid7(), created_at=clock.now(), **values)


def strays(provider: str, account: UUID | None, payment_vendor_id: str) -> list[Stray]:
    """Oldest first."""
    query = sa.select(Stray).where(Stray.provider == provider, Stray.payment_vendor_id == payment_vendor_id)
    return list(session().scalars(query.where(Stray.account == told_by(account)).order_by(Stray.at, Stray.id)))


def told_by(account: UUID | None) -> str:
    """How a stray names who told it."""
    return str(account or "")


def found_strays() -> list[tuple[UUID, UUID]]:
    """Agencies and payments for which news lie about; for the platform's periodic pull."""
    met = sa.and_(Payment.provider == Stray.provider, Payment.vendor_id == Stray.payment_vendor_id)
    query = sa.select(Payment.agency_id, Payment.id, Payment.account_id, Stray.account).join(Stray, met).distinct()
    found = [(row[0], row[1]) for row in session().execute(query) if told_by(row[2]) == row[3]]
    return list(dict.fromkeys(found))


def drop_strays(ids: Collection[UUID]) -> None:
    session().execute(sa.delete(Stray).where(Stray.id.in_(ids)))


def drop_strays_before(moment: datetime) -> None:
    session().execute(sa.delete(Stray).where(Stray.created_at < moment))


def read_until(provider: str) -> datetime | None:
    return session().scalar(sa.select(PulledList.read_until).where(PulledList.provider == provider))


def set_read_until(provider: str, moment: datetime) -> None:
    insert_missing(PulledList, id=uuid7(), created_at=clock.now(), provider=provider, read_until=moment)
    session().execute(sa.update(PulledList).where(PulledList.provider == provider).values(read_until=moment))


def connected(provider: str) -> ConnectedAccount | None:
    """The account the current agency has connected; locked while writing."""
    query = sa.select(ConnectedAccount).where(
        ConnectedAccount.provider == provider, ConnectedAccount.alive.is_not(None)
    )
    if session().writing:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session().scalars(query).one_or_none()


def former(provider: str) -> list[ConnectedAccount]:
    """Accounts the current agency had connected, the last one first."""
    query = sa.select(ConnectedAccount).where(ConnectedAccount.provider == provider, ConnectedAccount.alive.is_(None))
    return list(session().scalars(query.order_by(ConnectedAccount.left_at.desc())))


def all_connected() -> list[ConnectedAccount]:
    """Every account the current agency has connected, locked."""
    query = sa.select(ConnectedAccount).where(ConnectedAccount.alive.is_not(None)).with_for_update()
    return list(session().scalars(query.execution_options(populate_existing=True)))


def named(provider: str, name: str) -> list[ConnectedAccount]:
    """Whoever has or had this account: of the current agency, or of all. The one that has it now comes first."""
    query = sa.select(ConnectedAccount).where(ConnectedAccount.provider == provider, ConnectedAccount.name == name)
    return list(session().scalars(query.order_by(ConnectedAccount.alive.is_(None), ConnectedAccount.id)))


def connection(account_id: UUID) -> ConnectedAccount | None:
    query = sa.select(ConnectedAccount).where(ConnectedAccount.account_id == account_id)
    return session().scalars(query.execution_options(populate_existing=session().writing)).one_or_none()


def add_connection(row: ConnectedAccount) -> None:
    session().add(row)
    session().flush()


def take_name(provider: str, name: str) -> bool:
    """Take an account's name for the current agency; False while somebody has it."""
    row = {"id": uuid7(), "created_at": clock.now(), "provider": provider, "name": name}
    added = insert(TakenName).values(row).on_conflict_do_nothing().returning(TakenName.id)
    return session().scalars(added).first() is not None


def is_taken(provider: str, name: str) -> bool:
    """Whether any agency has connected an account."""
    query = sa.select(TakenName.id).where(TakenName.provider == provider, TakenName.name == name)
    return session().scalars(query).first() is not None


def free_name(provider: str, name: str) -> None:
    """Let whoever wants to connect the account."""
    session().execute(sa.delete(TakenName).where(TakenName.provider == provider, TakenName.name == name))


def leaving() -> list[UUID]:
    """Accounts the current agency has left, whose access may have to be given back still."""
    query = sa.select(ConnectedAccount.account_id).where(
        ConnectedAccount.alive.is_(None), ConnectedAccount.taken_away.is_(False)
    )
    return list(session().scalars(query.where(ConnectedAccount.kind == ConnectKind.OWN)))


def agencies_connected(read_before: datetime) -> list[UUID]:
    """Those with an account that was not read since then or has money under way, or with one whose access is still to
    be given back; for the platform's periodic pull."""
    alive = ConnectedAccount.alive.is_not(None)
    left = sa.and_(~alive, ConnectedAccount.kind == ConnectKind.OWN, ConnectedAccount.taken_away.is_(False))
    stale = sa.or_(ConnectedAccount.read_until.is_(None), ConnectedAccount.read_until < read_before)
    under_way = Reversal.state.in_((ReversalState.ASKED, ReversalState.PENDING))
    moving = sa.exists().where(Reversal.agency_id == ConnectedAccount.agency_id, under_way)
    concerned = sa.or_(left, sa.and_(alive, sa.or_(stale, moving)))
    return list(session().scalars(sa.select(ConnectedAccount.agency_id).where(concerned).distinct()))


def through(account_id: UUID, states: Collection[PaymentState]) -> list[Payment]:
    """Payments of an account that stand like this."""
    query = sa.select(Payment).where(Payment.account_id == account_id, Payment.state.in_(states))
    return list(session().scalars(query.order_by(Payment.id)))


def known(account_id: UUID, vendor_ids: Sequence[str]) -> list[Any]:
    """(vendor's name, id, document, state, currency) of an account's payments with these names."""
    found: list[Any] = []
    columns = (Payment.vendor_id, Payment.id, Payment.reference, Payment.state, Payment.currency)
    for start in range(0, len(vendor_ids), 500):
        some = Payment.vendor_id.in_(vendor_ids[start : start + 500])
        found += session().execute(sa.select(*columns).where(Payment.account_id == account_id, some))
    return found


def withdraw_through(account_id: UUID, at: datetime) -> None:
    """Nobody should pay through this account any more."""
    session().execute(
        sa.update(Payment)
        .where(Payment.account_id == account_id, Payment.state.in_(UNPAID), Payment.withdrawn_at.is_(None))
        .values(withdrawn_at=at)
    )


def add_consent(row: Consent) -> None:
    session().add(row)


def consent(state_hash: str) -> Consent | None:
    return session().scalars(sa.select(Consent).where(Consent.state_hash == state_hash)).one_or_none()


def use_consent(consent_id: UUID, at: datetime) -> bool:
    """Use a consent up; False for one that was used, or is too old."""
    used = session().scalars(
        sa.update(Consent)
        .where(Consent.id == consent_id, Consent.used_at.is_(None), Consent.expires_at > at)
        .values(used_at=at)
        .returning(Consent.id)
    )
    return used.one_or_none() is not None


def drop_consents_before(moment: datetime) -> None:
    session().execute(sa.delete(Consent).where(Consent.expires_at < moment))
