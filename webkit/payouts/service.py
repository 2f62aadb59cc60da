"""Asks the vendor what a payout consists of, and finds the payments in it again.

A report only says that something became of a payout; what holds is asked for, so that no order of news matters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import structlog

from webkit.core.capabilities.errors import NotFoundAtProvider, ProviderError
from webkit.core.capabilities.payments import PAYMENTS, PaymentFeature, PayoutLineKind, PayoutState, PaysOut
from webkit.core.capabilities.payments import Payout as Told
from webkit.core.capabilities.payments import PayoutLine as ToldLine
from webkit.core.kernel import clock, locks, outbox, vendors
from webkit.core.kernel.db import release, writes
from webkit.core.kernel.errors import Conflict, NotFound
from webkit.core.kernel.i18n import gettext as _
from webkit.core.values import dataclass
from webkit.invoices import service as invoices
from webkit.payments import service as payments
from webkit.payments.events import PayoutTold
from webkit.payouts import models
from webkit.payouts.models import Payout, PayoutLine

log = structlog.get_logger(__name__)

FETCH, PULL = "payouts.fetch", "payouts.pull"
BACK = timedelta(days=35)
PAGE, MOST_LINES = 50, 500


@dataclass(frozen=True, slots=True)
class PayoutView:
    """A payout as pages show it. `gross_minor` moved for clients, `fee_minor` stayed with vendor and platform."""

    id: UUID
    vendor_id: str
    state: PayoutState
    amount_minor: int
    fee_minor: int
    gross_minor: int
    missing_minor: int
    strange: int
    currency: str
    arrives_on: date
    made_at: datetime

    @property
    def word(self) -> str:
        """Its state as the state component knows it."""
        return {PayoutState.PENDING: "pending", PayoutState.PAID: "paid", PayoutState.FAILED: "failed"}[self.state]


@dataclass(frozen=True, slots=True)
class LineView:
    kind: PayoutLineKind
    amount_minor: int
    fee_minor: int
    net_minor: int
    payment_vendor_id: str
    label: str
    invoice_id: UUID | None


@writes
def hear(told: PayoutTold) -> None:
    """Something became of a payout: a job asks what."""
    outbox.add(FETCH, account=str(told.account_id), payout=told.payout_id)


@writes
def ask() -> None:
    """Look for payouts of the last weeks at the vendor, whether or not it told of them."""
    account = vendors.own(PAYMENTS)
    if account is None:
        raise Conflict(_("Payouts are listed for an account of your own only, and there is none."))
    outbox.add(PULL, account=str(account.id))


def pull(account_id: UUID) -> None:
    """Add a job for each payout of the last weeks."""
    vendor = vendors.find_keeper(PAYMENTS, account_id)
    release()
    provider: object = vendor.connect() if vendor is not None else None
    if isinstance(provider, PaysOut):
        _fetch_all(account_id, provider.payouts(clock.now() - BACK))


@writes
def _fetch_all(account_id: UUID, found: Sequence[str]) -> None:
    for payout_id in found:
        outbox.add(FETCH, account=str(account_id), payout=payout_id)


def fetch(account_id: UUID, payout_id: str) -> None:
    """Ask what a payout consists of and keep it; the same answer again changes nothing."""
    vendor, asked_at = vendors.find_keeper(PAYMENTS, account_id), clock.now()
    release()
    if vendor is None or PaymentFeature.PAYOUTS not in vendor.features:
        return
    provider: object = vendor.connect()
    if not isinstance(provider, PaysOut):
        raise ProviderError(f"{vendor.label} does not tell of payouts", provider=vendor.name)
    try:
        told = provider.payout(payout_id)
    except NotFoundAtProvider:
        log.warning("the vendor does not know a payout it told of", payout=payout_id)
        return
    _keep(account_id, told, asked_at)


@writes
def _keep(account_id: UUID, told: Told, asked_at: datetime) -> None:
    locks.hold(f"payout {told.id}")
    row = models.known(account_id, told.id)
    if row is not None and row.asked_at > asked_at:
        return
    references = payments.references(account_id, [line.payment_id for line in told.lines if line.payment_id])
    if row is None:
        row = Payout(account_id=account_id, vendor_id=told.id, made_at=told.at)
    row.state, row.amount_minor, row.currency = told.state, told.amount_minor, told.currency
    row.arrives_on, row.asked_at = told.arrives_on, asked_at
    row.fee_minor = sum(line.fee_minor for line in told.lines)
    row.missing_minor = told.amount_minor - sum(line.net_minor for line in told.lines)
    row.strange = sum(_is_strange(line, references) for line in told.lines)
    payout_id = models.add(row)
    labels = {reference: _label(reference) for reference in set(references.values())}
    models.replace(payout_id, [_line(payout_id, line, references, labels) for line in told.lines])


def _is_strange(line: ToldLine, references: Mapping[str, str]) -> bool:
    return line.kind != PayoutLineKind.OTHER and line.payment_id not in references


def _line(payout_id: UUID, line: ToldLine, references: Mapping[str, str], labels: Mapping[str, str]) -> PayoutLine:
    reference = references.get(line.payment_id, "")
    return PayoutLine(
        payout_id=payout_id, vendor_id=line.id, kind=line.kind, amount_minor=line.amount_minor,
        fee_minor=line.fee_minor, payment_vendor_id=line.payment_id, reference=reference,
        label=labels.get(reference, ""),
    )  # fmt: skip


def _label(reference: str) -> str:
    """The number of the invoice that was paid."""
    if (invoice_id := _invoice(reference)) is None:
        return ""
    try:
        return (invoices.get(invoice_id).number or "")[:64]
    except NotFound:
        return ""


def _invoice(reference: str) -> UUID | None:
    kind, _colon, identity = reference.partition(":")
    return UUID(identity) if kind == "invoice" else None


def page(before: UUID | None = None) -> list[PayoutView]:
    """The latest payouts; those that follow one. Of an unknown one nothing follows but the latest."""
    return [_view(row) for row in models.page(models.get(before) if before else None, PAGE)]


def get(payout_id: UUID) -> tuple[PayoutView, list[LineView]]:
    """One payout and its lines. Raises NotFound."""
    row = models.get(payout_id)
    if row is None:
        raise NotFound(_("There is no such payout."))
    return _view(row), [_shown(line) for line in models.lines(payout_id, MOST_LINES)]


def _view(row: Payout) -> PayoutView:
    return PayoutView(
        id=row.id, vendor_id=row.vendor_id, state=row.state, amount_minor=row.amount_minor, fee_minor=row.fee_minor,
        gross_minor=row.amount_minor + row.fee_minor - row.missing_minor, missing_minor=row.missing_minor,
        strange=row.strange, currency=row.currency, arrives_on=row.arrives_on, made_at=row.made_at,
    )  # fmt: skip


def _shown(line: PayoutLine) -> LineView:
    return LineView(
        kind=line.kind, amount_minor=line.amount_minor, fee_minor=line.fee_minor,
        net_minor=line.amount_minor - line.fee_minor, payment_vendor_id=line.payment_vendor_id, label=line.label,
        invoice_id=_invoice(line.reference),
    )  # fmt: skip
