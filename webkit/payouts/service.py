"""Asks the vendor what a payout consists of, and finds the payments in it again.

A report only says that something became of a payout; what holds is asked for, so that no order of news matters.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import structlog

from webkit.core.capabilities.errors import NotFoundAtProvider, ProviderError
from webkit.core.capabilities.payments import PAYMENTS, PaymentFeature, PayoutLineKind, PayoutState, PaysOut
from webkit.core.kernel import clock, outbox, vendors
from webkit.core.kernel.db import release, writes
from webkit.core.kernel.errors import Conflict, NotFound
from webkit.core.kernel.i18n import gettext as _
from webkit.core.values import dataclass
from webkit.payments.events import PayoutTold
from webkit.payouts import keeping, models
from webkit.payouts.models import Payout, PayoutLine

unlike_ledger = keeping.unlike_ledger
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
    keeping.keep(account_id, vendor.name, told, asked_at)


@dataclass(frozen=True, slots=True)
class PaidOutRow:
    """A payout in a report: what came in it, what of that went back, what was kept and what moved otherwise."""

    payout: PayoutView
    came_minor: int
    back_minor: int
    other_minor: int

    @property
    def reconciled(self) -> bool:
        """Whether its lines explain it, and all of them are about payments that were asked for here."""
        return not (self.payout.missing_minor or self.payout.strange)


def between(since: date, until: date, limit: int) -> list[PaidOutRow]:
    """The payouts that arrive on these days, the latest first."""
    return [_row(each) for each in models.between(since, until, limit)]


def _row(found: models.Sums) -> PaidOutRow:
    came = found.moved.get(PayoutLineKind.PAYMENT, 0)
    back = sum(found.moved.get(kind, 0) for kind in (PayoutLineKind.REFUND, PayoutLineKind.DISPUTE))
    view = _view(found.payout)
    return PaidOutRow(view, came, back, view.amount_minor + view.fee_minor - came - back)


def page(before: UUID | None = None, limit: int | None = None) -> list[PayoutView]:
    """The latest payouts; those that follow one. Of an unknown one nothing follows but the latest."""
    return [_view(row) for row in models.page(models.get(before) if before else None, limit or PAGE)]


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
        invoice_id=keeping.invoice_of(line.reference),
    )  # fmt: skip
