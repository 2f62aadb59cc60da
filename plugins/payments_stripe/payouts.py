"""What Stripe pays out to the bank, line by line."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from webkit.sdk import NotFoundAtProvider, Payout, PayoutLine, PayoutLineKind, PayoutState

from .amounts import from_stripe
from .errors import translated

PAGE, MOST = 100, 10_000
Kind = PayoutLineKind
_STATES = {"paid": PayoutState.PAID, "failed": PayoutState.FAILED, "canceled": PayoutState.FAILED}
_KINDS = {
    "charge": Kind.PAYMENT,
    "payment": Kind.PAYMENT,
    "refund": Kind.REFUND,
    "payment_refund": Kind.REFUND,
    "refund_failure": Kind.REFUND,
    "payment_failure_refund": Kind.REFUND,
}
_OWN = ("payout", "payout_failure", "payout_cancel")
"""Lines that are about the payout as a whole."""
_PAYOUT = re.compile(r"po_\w{1,120}")


class PaidOut:
    """What the provider knows of payouts."""

    if TYPE_CHECKING:

        @property
        def _client(self) -> Any: ...

        def _options(self, key: str = "") -> Any: ...

    def payout(self, id: str) -> Payout:
        if not _PAYOUT.fullmatch(id):
            raise NotFoundAtProvider("this is not the id of a payout", provider="stripe")
        with translated():
            found = self._client.v1.payouts.retrieve(id, None, self._options())
        currency = found.currency.upper()
        return Payout(
            id=found.id,
            state=_STATES.get(found.status, PayoutState.PENDING),
            amount_minor=from_stripe(found.amount, currency),
            currency=currency,
            arrives_on=datetime.fromtimestamp(found.arrival_date, UTC).date(),
            at=datetime.fromtimestamp(found.created, UTC),
            # Of one that was made by hand Stripe does not say what is in it, and refuses the question.
            lines=self._lines(id, currency) if found.automatic else (),
        )

    def payouts(self, since: datetime) -> tuple[str, ...]:
        asked = {"limit": PAGE, "created": {"gte": int(since.timestamp())}}
        with translated():
            listed = self._client.v1.payouts.list(asked, self._options())
            found = [payout.id for payout, _each in zip(listed.auto_paging_iter(), range(MOST), strict=False)]
        return tuple(reversed(found))

    def _lines(self, payout: str, currency: str) -> tuple[PayoutLine, ...]:
        asked = {"payout": payout, "limit": PAGE, "expand": ["data.source"]}
        with translated():
            listed = self._client.v1.balance_transactions.list(asked, self._options())
            rows = [row for row, _each in zip(listed.auto_paging_iter(), range(MOST), strict=False)]
        return tuple(_line(row, currency) for row in reversed(rows) if row.type not in _OWN)


def _line(row: Any, currency: str) -> PayoutLine:
    """Adjustments are disputes where a dispute is what they are about."""
    source = row.source
    dispute = getattr(source, "object", "") == "dispute"
    payment = getattr(source, "payment_intent", None)
    return PayoutLine(
        id=row.id,
        kind=Kind.DISPUTE if dispute else _KINDS.get(row.type, Kind.OTHER),
        payment_id=str(getattr(payment, "id", payment) or ""),
        amount_minor=from_stripe(row.amount, currency),
        fee_minor=from_stripe(row.fee, currency),
    )
