"""Where invoices come from, once they bill it no more."""

from __future__ import annotations

from webkit.invoices import models, snapshot
from webkit.invoices.models import Invoice
from webkit.quotations import service as quotations


def let_go(invoice: Invoice, actor: str) -> None:
    """A quotation whose invoice is gone, or was credited in full, can be billed anew, unless another one stands."""
    source = invoice.quotation_id
    if source is None or not quotations.release(source, invoice.id, actor):
        return
    if other := next((row for row in models.of_source("quotation", source) if row.stands), None):
        quotations.mark_converted(source, snapshot.KIND, other.id, actor)
