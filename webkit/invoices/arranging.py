"""What is arranged about an invoice besides its figures: when it is paid, where it counts, what only the team reads."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from webkit.agencies import service as agencies
from webkit.core.kernel import audit, events
from webkit.core.kernel.db import writes
from webkit.core.kernel.errors import Conflict
from webkit.core.kernel.i18n import gettext as _
from webkit.invoices import models
from webkit.invoices.models import InvoiceState
from webkit.invoices.terms import Rule, Terms
from webkit.invoices.views import found, one


@writes
def save_terms(invoice_id: UUID, revision: int, terms: Terms, series: str) -> None:
    """Arrange when a draft is to be paid and in which series it counts.

    Raises DomainError for instalments that are not the total or days that are over, Conflict when somebody else changed
    the draft since `revision`.
    """
    invoice = one(invoice_id)
    if invoice.state != InvoiceState.DRAFT:
        raise Conflict(_("This invoice has been issued and cannot be changed. Nothing was saved."))
    terms.resolve(invoice.total_minor, invoice.currency, agencies.today())
    values: dict[str, Any] = {"terms": terms.to_dict(), "series": agencies.series_of(series).key}
    if terms.due.rule is Rule.NET and not terms.parts:
        values["payment_days"] = terms.due.days
    if not models.save(invoice_id, revision, **values):
        raise Conflict(_("Somebody else changed this invoice since you opened it. Your text is still here, not saved."))


@writes
def note(invoice_id: UUID, memo: str) -> None:
    """Keep what only the team reads; it may change at any time."""
    invoice = found(models.locked(invoice_id))
    if invoice.memo != memo:
        invoice.memo = memo
        audit.log("invoice.memo", subject=events.ref("invoice", invoice_id))
