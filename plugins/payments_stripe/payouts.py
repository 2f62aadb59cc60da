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
_BACK = ("payout_failure", "payout_cancel")
_CHARGED = ("stripe_fee", "stripe_fx_fee", "tax_fee")
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
        return tuple(_line(row, currency) for row in reversed(rows) if not _is_own(row, payout))


def _is_own(row: Any, payout: str) -> bool:
    """Whether a line is about this payout as a whole; one that is about another came back and goes out again."""
    return row.type == "payout" or (row.type in _BACK and getattr(row.source, "id", row.source) == payout)


def _line(row: Any, currency: str) -> PayoutLine:
    """Adjustments are disputes where a dispute is what they are about."""
    source = row.source
    payment = getattr(source, "payment_intent", None)
    amount, fee = from_stripe(row.amount, currency), from_stripe(row.fee, currency)
    kind = _kind(row.type, getattr(source, "object", ""))
    if kind is Kind.FEE:
        amount, fee = 0, fee - amount
    return PayoutLine(
        id=row.id,
        kind=kind,
        payment_id=str(getattr(payment, "id", payment) or ""),
        amount_minor=amount,
        fee_minor=fee,
        platform_minor=sum(
            from_stripe(part.amount, currency) for part in row.fee_details or () if part.type == "application_fee"
        ),
        **_changed(row, source, amount),
    )


def _kind(type: str, about: str) -> Kind:
    if type in _BACK:
        return Kind.RETURNED
    if type in _CHARGED:
        return Kind.FEE
    return Kind.DISPUTE if about == "dispute" else _KINDS.get(type, Kind.OTHER)


def _changed(row: Any, source: Any, amount: int) -> dict[str, Any]:
    """What moved in the currency of the payment, where that was changed into the one of the payout."""
    currency = str(getattr(source, "currency", "") or "")
    if not getattr(row, "exchange_rate", None) or currency == row.currency:
        return {}
    minor = from_stripe(abs(source.amount), currency.upper())
    return {"changed_minor": minor if amount >= 0 else -minor, "changed_currency": currency.upper()}
