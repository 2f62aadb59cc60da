"""Writes down what became of payments, each thing once, whoever reports it and in whatever order.

Outcomes are conditional transitions; reversals only ever go on; how a payment stands follows from the set of its
reversals, not from the order in which they were heard of. So webhook, return page and pull end in the same ledger.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import structlog

from webkit.agencies import service as agencies
from webkit.core.kernel import clock, events, outbox, signals
from webkit.core.kernel.money import format_money
from webkit.core.values import dataclass
from webkit.payments import models
from webkit.payments.events import (
    ChargeTold,
    DisputeLost,
    DisputeWon,
    PaymentBounced,
    PaymentDisputed,
    PaymentFailed,
    PaymentOutcome,
    PaymentPending,
    PaymentSucceeded,
    Refunded,
    RefundFailed,
    RefundPending,
)
from webkit.payments.models import Payment, PaymentState, Reversal, ReversalKind, ReversalState

log = structlog.get_logger(__name__)

LOOK_SETUP = "payments.setup"
"""The job that asks for a method somebody has let be kept."""
CLOSE = "payments.close"
"""The job that closes what nobody should pay any more."""

_OUTCOMES: dict[PaymentState, tuple[type[PaymentOutcome] | None, str]] = {
    PaymentState.SUCCEEDED: (PaymentSucceeded, "payment.received"),
    PaymentState.PENDING: (PaymentPending, "payment.pending"),
    PaymentState.FAILED: (PaymentFailed, "payment.failed"),
    PaymentState.BOUNCED: (PaymentBounced, "payment.bounced"),
    PaymentState.REJECTED: (None, "payment.rejected"),
}
"""What is published and recorded; nobody needs to hear that nobody paid."""
_REVERSALS: dict[tuple[ReversalKind, ReversalState], tuple[type[PaymentOutcome], str]] = {
    (ReversalKind.REFUND, ReversalState.PENDING): (RefundPending, "payment.refund_pending"),
    (ReversalKind.REFUND, ReversalState.DONE): (Refunded, "payment.refunded"),
    (ReversalKind.REFUND, ReversalState.FAILED): (RefundFailed, "payment.refund_failed"),
    (ReversalKind.DISPUTE, ReversalState.PENDING): (PaymentDisputed, "payment.disputed"),
    (ReversalKind.DISPUTE, ReversalState.DONE): (DisputeLost, "payment.dispute_lost"),
    (ReversalKind.DISPUTE, ReversalState.FAILED): (DisputeWon, "payment.dispute_won"),
}


@dataclass(frozen=True, slots=True)
class News:
    """Something about a refund or a dispute. `vendor_id` is the vendor's name for it, `key` the one of our request."""

    kind: ReversalKind
    state: ReversalState
    vendor_id: str
    amount_minor: int
    currency: str
    at: datetime
    key: str = ""
    note: str = ""


def settle(
    payment: Payment,
    state: PaymentState,
    amount_minor: int,
    currency: str,
    vendor_id: str,
    at: datetime,
    reason: str = "",
) -> bool:
    """Record an outcome once, tell the features, and write it into the history; False when it changes nothing."""
    note = ""
    if (amount_minor, currency) != (payment.amount_minor, payment.currency) and state in (
        PaymentState.SUCCEEDED,
        PaymentState.PENDING,
    ):
        note = f"{amount_minor} {currency} arrived, {payment.amount_minor} {payment.currency} was asked for"
        state = PaymentState.REJECTED
    payment_id, provider, account, known = payment.id, payment.provider, payment.account_id, payment.vendor_id
    why = {"reason": reason[:32]} if reason else {}
    if not models.move(payment_id, state, vendor_id=vendor_id or known, settled_at=at, note=note, **why):
        return False
    current = _locked(payment_id)
    if state in models.ARRIVED:
        _stand(current)
    charged = current.method_id is not None
    quiet = charged and state in (PaymentState.FAILED, PaymentState.EXPIRED)  # the charge itself says why
    if (told := _OUTCOMES.get(state)) is not None and not quiet:
        _tell(current, *told, current.amount_minor, at, note=note)
    if state == PaymentState.EXPIRED and current.withdrawn_at and not quiet:
        _tell(current, None, "payment.closed", current.amount_minor, at, note="")
    if charged:
        signals.publish(ChargeTold(payment_id))
    if current.agreement_id and state in (PaymentState.SUCCEEDED, PaymentState.PENDING):
        outbox.add(LOOK_SETUP, agreement=str(current.agreement_id))
    if vendor_id:
        take_strays(payment_id, provider, account, vendor_id)
    return True


def reverse(payment_id: UUID, news: News) -> bool:
    """Record one step of a refund or dispute; False when it changes nothing."""
    payment = _locked(payment_id)
    if news.currency != payment.currency:
        log.warning("a reversal in another currency", payment=str(payment_id), currency=news.currency)
        return False
    if not _step(payment_id, news):
        return False
    _stand(payment)
    _tell(payment, *_REVERSALS[news.kind, news.state], news.amount_minor, news.at, note=news.note)
    return True


def _step(payment_id: UUID, news: News) -> bool:
    """The row of it, new or known by the vendor's id, or by the key of our own request."""
    rows = models.reversals([payment_id])
    row = next((row for row in rows if news.vendor_id and row.vendor_id == news.vendor_id), None)
    if row is None and news.key:
        row = next((row for row in rows if row.vendor_id is None and key_of(row.id) == news.key), None)
    if row is None:
        models.add_reversal(
            Reversal(
                payment_id=payment_id, kind=news.kind, state=news.state, amount_minor=news.amount_minor,
                vendor_id=news.vendor_id, actor="vendor", note=news.note, changed_at=news.at,
            )
        )  # fmt: skip
        return True
    if row.vendor_id is None and news.vendor_id:
        models.name_reversal(row.id, news.vendor_id)
    said = {"note": news.note} if news.note else {}  # why staff asked stays, unless there is something to say
    return models.move_reversal(row.id, news.state, changed_at=news.at, **said)


def key_of(reversal_id: UUID) -> str:
    """The idempotency key of a refund of ours."""
    return f"refund-{reversal_id}"


def keep_stray(provider: str, account: UUID | None, event_id: str, payment_vendor_id: str, news: News) -> None:
    """Keep news of a payment that is not known: its own report may be late, or it is none of ours."""
    models.keep_stray(
        provider=provider, account=models.told_by(account), event_id=event_id, payment_vendor_id=payment_vendor_id,
        kind=news.kind, state=news.state, amount_minor=news.amount_minor, currency=news.currency,
        vendor_id=news.vendor_id, key=news.key, at=news.at,
    )  # fmt: skip


def take_strays(payment_id: UUID, provider: str, account: UUID | None, vendor_id: str) -> None:
    """Apply what was heard before the payment was known."""
    found = models.strays(provider, account, vendor_id)
    waiting = [
        News(stray.kind, stray.state, stray.vendor_id, stray.amount_minor, stray.currency, stray.at, stray.key)
        for stray in found
    ]
    if found:
        models.drop_strays([stray.id for stray in found])
    for news in waiting:
        reverse(payment_id, news)


def _locked(payment_id: UUID) -> Payment:
    payment = models.locked(payment_id)
    assert payment is not None  # payments are never deleted, and the caller has just seen it
    return payment


def _stand(payment: Payment) -> None:
    """How a payment stands that arrived: a function of its reversals alone."""
    rows = models.reversals([payment.id])
    returned = sum(row.amount_minor for row in rows if row.state == ReversalState.DONE)
    disputes = {row.state for row in rows if row.kind == ReversalKind.DISPUTE}
    state = PaymentState.SUCCEEDED
    if ReversalState.PENDING in disputes:
        state = PaymentState.DISPUTED
    elif returned >= payment.amount_minor:
        state = PaymentState.CHARGED_BACK if ReversalState.DONE in disputes else PaymentState.REFUNDED
    if (payment.state, payment.returned_minor) != (state, returned):
        models.stand(payment.id, state, returned)


def _tell(
    payment: Payment, signal: type[PaymentOutcome] | None, kind: str, amount_minor: int, at: datetime, *, note: str
) -> None:
    reference, payment_id, currency = payment.reference, payment.id, payment.currency
    facts = {
        "actor": "client" if payment.state not in models.ARRIVED else "vendor",
        "payment": str(payment_id),
        "provider": payment.provider,
        "vendor_id": payment.vendor_id,
        "amount_minor": amount_minor,
        "currency": currency,
        "note": note,
    }
    outcome = signal(reference, payment_id, amount_minor, currency, at) if signal else None
    record(kind, reference, facts, publish=outcome)


def record(kind: str, reference: str, facts: dict[str, str | int], *, publish: PaymentOutcome | None = None) -> None:
    """Tell the features, and write it into the history of the document and of what they say it is about."""
    answers = signals.publish(publish) if publish else []
    about = tuple(subject for answer in answers if isinstance(answer, tuple) for subject in answer)
    locale = agencies.profile().locale
    facts["amount"] = format_money(int(facts["amount_minor"]), str(facts["currency"]), locale)
    events.record(kind, reference, facts, about=tuple(dict.fromkeys(about)))


def ask(payment: Payment, amount_minor: int, actor: str, note: str, cause: str = "") -> UUID:
    """Write down the wish to give money back; the vendor is told later."""
    reversal_id = models.add_reversal(
        Reversal(
            payment_id=payment.id, kind=ReversalKind.REFUND, state=ReversalState.ASKED, amount_minor=amount_minor,
            actor=actor, note=note, cause=cause, changed_at=clock.now(),
        )
    )  # fmt: skip
    facts: dict[str, str | int] = {
        "actor": actor,
        "payment": str(payment.id),
        "amount_minor": amount_minor,
        "currency": payment.currency,
    }
    record("payment.refund_asked", payment.reference, facts)
    return reversal_id
