"""How an invoice follows its payments: paid once, and then whatever refunds and disputes make of it.

The state is computed from all payments together, so it is the same whatever order they were heard of in.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from webkit.agencies import service as agencies
from webkit.core.kernel import events, frozen, links, money, signals
from webkit.core.kernel.db import writes
from webkit.invoices import mails, models, paid_models, views
from webkit.invoices.events import InvoicePaid
from webkit.invoices.models import Invoice, InvoiceState
from webkit.ledger import service as ledger
from webkit.ledger.service import Claim
from webkit.payments import service as payments
from webkit.payments.events import (
    DisputeLost,
    DisputeWon,
    PaymentBounced,
    PaymentDisputed,
    PaymentOutcome,
    PaymentSucceeded,
    Refunded,
    RefundFailed,
)

LINK = "i"
_RECORDED = {InvoiceState.REFUNDED: "invoice.refunded", InvoiceState.CHARGED_BACK: "invoice.charged_back"}
_TROUBLES: dict[type[PaymentOutcome], str] = {
    PaymentBounced: "bounced",
    RefundFailed: "refund_failed",
    PaymentDisputed: "disputed",
    DisputeWon: "won",
    DisputeLost: "lost",
}
"""What the agency is written to about."""
WRITTEN_ABOUT: tuple[type[PaymentOutcome], ...] = (Refunded, *_TROUBLES)


@writes
def on_payment(event: PaymentOutcome) -> tuple[str, ...] | None:
    """Follow one outcome; answers with the client whose history shows the payment too."""
    kind, _colon, identity = event.reference.partition(":")
    if kind != "invoice" or (invoice := held(UUID(identity))) is None:
        return None
    subjects = (events.ref("client", invoice.client_id),)
    standing = payments.standing(event.reference, invoice.currency)
    before = ledger.settled(invoice.id)
    kept, disputed = ledger.follow(claim(invoice), event, event.at)
    if isinstance(event, PaymentSucceeded) and event.currency == invoice.currency:
        _arrived(invoice, event, kept, kept - before, subjects)
        if standing.returned or standing.disputed:  # heard of before it was known to have come
            kept, disputed = ledger.follow(claim(invoice), None, event.at)
            models.receive(invoice.id, kept)
    else:
        if invoice.state in models.OWED:
            models.receive(invoice.id, kept)
    pending = (invoice.pending_at or event.at) if standing.pending else None
    if pending != invoice.pending_at:
        models.set_pending(invoice.id, pending)
    if standing.received:
        follow(invoice, kept, disputed, charged_back=standing.charged_back)
    if isinstance(event, WRITTEN_ABOUT) and (document := frozen.latest("invoice", invoice.id)) is not None:
        _write(document, event)
    return subjects


def held(invoice_id: UUID) -> Invoice | None:
    """The invoice, of which nobody else books anything until this write ends."""
    if (client_id := paid_models.client_of(invoice_id)) is None:
        return None
    ledger.hold(client_id)
    return models.locked(invoice_id)


def claim(invoice: Invoice) -> Claim:
    """What is to be paid of an invoice, as the ledger asks for it."""
    return Claim(invoice.id, invoice.client_id, invoice.currency, invoice.due_minor)


def _arrived(invoice: Invoice, event: PaymentSucceeded, kept: int, gained: int, subjects: tuple[str, ...]) -> None:
    """Mark the invoice paid, once, when all of it is there. A part is kept as one; what is too much is told."""
    invoice_id, due, locale = invoice.id, invoice.due_minor, invoice.locale
    facts: dict[str, str | int] = {"actor": "client", "number": invoice.number or "", "payment": str(event.payment_id)}
    facts |= _amount(event, event.amount_minor, locale)
    more = event.amount_minor - gained
    if 0 < due <= kept:
        pay(invoice, event.at, facts, payment_id=event.payment_id)
    elif gained and kept < due:
        models.receive(invoice_id, kept)
        facts["open"] = money.format_money(due - kept, event.currency, locale)
        events.record("invoice.part_paid", event.reference, facts, about=subjects)
    if more > 0:
        events.record("invoice.overpaid", event.reference, facts | _amount(event, more, locale), about=subjects)
        if (document := frozen.latest("invoice", invoice_id)) is not None:
            mails.send_trouble(document, "overpaid", more)
    _withdraw(invoice)


def pay(invoice: Invoice, at: datetime, facts: Mapping[str, str | int], payment_id: UUID | None = None) -> None:
    """All of an invoice is there: it is paid, once."""
    invoice_id = invoice.id
    if not models.move(invoice_id, InvoiceState.PAID, paid_at=at, payment_id=payment_id):
        return
    about = (events.ref("client", invoice.client_id),)
    events.record("invoice.paid", events.ref("invoice", invoice_id), dict(facts), about=about)
    if (document := frozen.latest("invoice", invoice_id)) is not None:
        mails.send_receipts(document, public_url(invoice_id), at)
    signals.publish(InvoicePaid(invoice_id))


@writes
def settled(invoice_id: UUID, actor: str) -> None:
    """What had come of an invoice is all of it now that the rest was credited. Inside a write."""
    invoice = views.found(models.locked(invoice_id))
    facts = {
        "actor": actor,
        "number": invoice.number or "",
        "amount_minor": invoice.due_minor,
        "currency": invoice.currency,
        "amount": money.format_money(invoice.due_minor, invoice.currency, invoice.locale),
    }
    about = (events.ref("client", invoice.client_id),)
    events.record("invoice.paid", events.ref("invoice", invoice_id), facts, about=about)
    signals.publish(InvoicePaid(invoice_id))


@writes
def withdraw(invoice_id: UUID) -> None:
    """Payment pages that are open for other amounts than those asked for now are closed."""
    _withdraw(views.found(models.locked(invoice_id)))


def _withdraw(invoice: Invoice) -> None:
    payments.withdraw(events.ref("invoice", invoice.id), views.view(invoice, agencies.today()).asked)


def _amount(event: PaymentOutcome, minor: int, locale: str) -> dict[str, str | int]:
    amount = money.format_money(minor, event.currency, locale)
    return {"amount_minor": minor, "currency": event.currency, "amount": amount}


def follow(invoice: Invoice, kept: int, disputed: int, *, charged_back: bool) -> None:
    """Say how an invoice stands that was paid, now that `kept` of it is there and `disputed` of that may go. It is held
    by this write."""
    if invoice.state not in models.SETTLED:
        return
    invoice_id = invoice.id
    before, total, currency, number = invoice.state, invoice.due_minor, invoice.currency, invoice.number or ""
    state, returned = settled_as(total, kept, disputed, charged_back=charged_back)
    if (state, returned) == (before, invoice.returned_minor):
        return
    if models.follow(invoice_id, state, returned) and state != before and state in _RECORDED:
        facts = {
            "actor": "system",
            "number": number,
            "amount_minor": returned,
            "currency": currency,
            "amount": money.format_money(returned, currency, invoice.locale),
        }
        about = (events.ref("client", invoice.client_id),)
        events.record(_RECORDED[state], events.ref("invoice", invoice_id), facts, about=about)


def settled_as(total: int, kept: int, disputed: int, *, charged_back: bool) -> tuple[InvoiceState, int]:
    """How an invoice stands that was paid, and how much of its total has gone back."""
    returned = min(total, max(0, total - kept))
    if kept - disputed >= total:
        return InvoiceState.PAID, 0
    if disputed:
        return InvoiceState.DISPUTED, returned
    if kept > 0:
        return InvoiceState.PAID, returned
    return (InvoiceState.CHARGED_BACK if charged_back else InvoiceState.REFUNDED), returned


def _write(document: frozen.Frozen, event: PaymentOutcome) -> None:
    """The mails that an outcome asks for."""
    if isinstance(event, Refunded):
        mails.send_to_client("payment_refunded", document, public_url(document.document_id), event.amount_minor)
    if isinstance(event, PaymentBounced):
        mails.send_to_client("payment_bounced", document, public_url(document.document_id), event.amount_minor)
    if (what := _TROUBLES.get(type(event))) is not None:
        mails.send_trouble(document, what, event.amount_minor)


def public_url(invoice_id: UUID) -> str:
    """The client's page, or nothing when its link was revoked."""
    token = links.token_for(LINK, invoice_id)
    return links.url(LINK, token) if token else ""
