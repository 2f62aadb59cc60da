"""How an invoice follows its payments: paid once, and then whatever refunds and disputes make of it.

The state is computed from all payments together, so it is the same whatever order they were heard of in.
"""

from __future__ import annotations

from uuid import UUID

from webkit.agencies import service as agencies
from webkit.core.kernel import events, frozen, links, money, signals
from webkit.core.kernel.db import writes
from webkit.invoices import mails, models, views
from webkit.invoices.events import InvoicePaid
from webkit.invoices.models import Invoice, InvoiceState
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
from webkit.payments.service import Standing

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


@writes
def on_payment(event: PaymentOutcome) -> tuple[str, ...] | None:
    """Follow one outcome; answers with the client whose history shows the payment too."""
    kind, _colon, identity = event.reference.partition(":")
    if kind != "invoice" or (invoice := models.locked(UUID(identity))) is None:
        return None
    subjects = (events.ref("client", invoice.client_id),)
    standing = payments.standing(event.reference, invoice.currency)
    kept = _kept(invoice, event, standing)
    if isinstance(event, PaymentSucceeded) and event.currency == invoice.currency:
        _arrived(invoice, event, kept, subjects)
    else:
        models.receive(invoice.id, kept)
    models.set_pending(invoice.id, (invoice.pending_at or event.at) if standing.pending else None)
    _follow(invoice.id, event, standing, subjects)
    document = frozen.latest("invoice", invoice.id)
    if document is not None:
        _write(document, event)
    return subjects


def _kept(invoice: Invoice, event: PaymentOutcome, standing: Standing) -> int:
    """What has come and stayed; this payment is counted whether or not its row is there yet."""
    told = isinstance(event, PaymentSucceeded) and event.currency == invoice.currency
    return max(standing.kept, event.amount_minor if told else 0)


def _arrived(invoice: Invoice, event: PaymentSucceeded, kept: int, subjects: tuple[str, ...]) -> None:
    """Mark the invoice paid, once, when all of it is there. A part is kept as one; what is too much is told."""
    invoice_id, due, locale = invoice.id, invoice.due_minor, invoice.locale
    facts: dict[str, str | int] = {"actor": "client", "number": invoice.number or "", "payment": str(event.payment_id)}
    facts |= _amount(event, event.amount_minor, locale)
    document, more = frozen.latest("invoice", invoice_id), min(event.amount_minor, kept - due)
    if 0 < due <= kept and models.move(invoice_id, InvoiceState.PAID, paid_at=event.at, payment_id=event.payment_id):
        events.record("invoice.paid", event.reference, facts, about=subjects)
        if document is not None:
            mails.send_receipts(document, public_url(invoice_id), event.at)
        signals.publish(InvoicePaid(invoice_id))
    elif kept < due:
        models.receive(invoice_id, kept)
        facts["open"] = money.format_money(due - kept, event.currency, locale)
        events.record("invoice.part_paid", event.reference, facts, about=subjects)
    else:
        more = event.amount_minor
    if more > 0:
        events.record("invoice.overpaid", event.reference, facts | _amount(event, more, locale), about=subjects)
        if document is not None:
            mails.send_trouble(document, "overpaid", more)
    withdraw(invoice_id)


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
    asked = views.view(views.found(models.locked(invoice_id)), agencies.today()).asked
    payments.withdraw(events.ref("invoice", invoice_id), asked)


def _amount(event: PaymentOutcome, minor: int, locale: str) -> dict[str, str | int]:
    amount = money.format_money(minor, event.currency, locale)
    return {"amount_minor": minor, "currency": event.currency, "amount": amount}


def _follow(invoice_id: UUID, event: PaymentOutcome, standing: Standing, subjects: tuple[str, ...]) -> None:
    invoice = models.locked(invoice_id)
    if invoice is None or invoice.state not in models.SETTLED or not standing.received:
        return
    before, total, currency, number = invoice.state, invoice.due_minor, invoice.currency, invoice.number or ""
    state, returned = settled_as(total, standing)
    if models.follow(invoice_id, state, returned) and state != before and state in _RECORDED:
        facts = {
            "actor": "system",
            "number": number,
            "amount_minor": returned,
            "currency": currency,
            "amount": money.format_money(returned, currency, invoice.locale),
        }
        events.record(_RECORDED[state], event.reference, facts, about=subjects)


def settled_as(total: int, standing: Standing) -> tuple[InvoiceState, int]:
    """How an invoice stands that was paid, and how much of its total has gone back."""
    returned = min(total, max(0, total - standing.kept))
    if standing.kept - standing.disputed >= total:
        return InvoiceState.PAID, 0
    if standing.disputed:
        return InvoiceState.DISPUTED, returned
    if standing.kept > 0:
        return InvoiceState.PAID, returned
    return (InvoiceState.CHARGED_BACK if standing.charged_back else InvoiceState.REFUNDED), returned


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
