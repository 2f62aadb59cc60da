"""What an issued invoice keeps for good: everything its page and its PDF print, and nothing to be looked up later."""

from __future__ import annotations

from datetime import date
from typing import Any

from webkit.agencies.service import AgencyProfile, agency_snapshot
from webkit.clients.service import ClientView, client_snapshot
from webkit.invoices.models import Invoice

KIND = "invoice"
TEMPLATE = "pdf/invoice/1.html"
VERSION = 1


def build(
    invoice: Invoice, profile: AgencyProfile, client: ClientView, *, number: str, issued: date, due: date
) -> dict[str, Any]:
    """The snapshot: canonical JSON without floats, dates as ISO text, amounts in minor units."""
    return {
        "version": VERSION,
        "id": str(invoice.id),
        "kind": invoice.kind.value,
        "number": number,
        "title": invoice.title,
        "issue_date": issued.isoformat(),
        "due_date": due.isoformat(),
        "payment_days": invoice.payment_days,
        "currency": invoice.currency,
        "note": invoice.note,
        "contract": str(invoice.contract_id) if invoice.contract_id else "",
        "agency": agency_snapshot(profile),
        "client": client_snapshot(client),
        "priced": invoice.priced,
    }
