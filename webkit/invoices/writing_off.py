"""Writing off what will not come, and taking that back.

A write-off changes nothing that was issued and nothing that the client owes: the agency only stops waiting. It is told
with its reason, leaves the sums of what is unpaid and late, and ends by itself when money comes after all.
"""

from __future__ import annotations

from uuid import UUID

from webkit.core.kernel import clock, events, money
from webkit.core.kernel.db import writes
from webkit.core.kernel.errors import Conflict
from webkit.core.kernel.i18n import gettext as _
from webkit.invoices import models
from webkit.invoices.models import Invoice, InvoiceState
from webkit.invoices.views import found


@writes
def write_off(invoice_id: UUID, reason: str, actor: str) -> None:
    """Stop waiting for what is left of an invoice; asked twice it is done once."""
    invoice = found(models.locked(invoice_id))
    if invoice.state == InvoiceState.WRITTEN_OFF:
        return
    if invoice.state != InvoiceState.ISSUED:
        raise Conflict(_("Only what was issued and has not been paid can be written off."))
    if invoice.pending_at is not None:
        raise Conflict(_("A payment of this invoice is on its way. Write it off if that does not arrive."))
    facts, why = _facts(invoice, actor), {"reason": reason}
    subject, about = events.ref("invoice", invoice_id), (events.ref("client", invoice.client_id),)
    if models.move(invoice_id, InvoiceState.WRITTEN_OFF, written_off_at=clock.now(), write_off_reason=reason):
        events.record("invoice.written_off", subject, facts, personal=why, about=about)


@writes
def reopen(invoice_id: UUID, actor: str) -> None:
    """Wait again for what was written off; asked twice it is done once."""
    invoice = found(models.locked(invoice_id))
    if invoice.state == InvoiceState.ISSUED:
        return
    if invoice.state != InvoiceState.WRITTEN_OFF:
        raise Conflict(_("This invoice was not written off."))
    facts = _facts(invoice, actor)
    subject, about = events.ref("invoice", invoice_id), (events.ref("client", invoice.client_id),)
    if models.move(invoice_id, InvoiceState.ISSUED, since=InvoiceState.WRITTEN_OFF, written_off_at=None):
        events.record("invoice.reopened", subject, facts, about=about)


def _facts(invoice: Invoice, actor: str) -> dict[str, str | int]:
    left = invoice.due_minor - invoice.received_minor
    return {
        "actor": actor,
        "number": invoice.number or "",
        "amount_minor": left,
        "currency": invoice.currency,
        "amount": money.format_money(left, invoice.currency, invoice.locale),
    }
