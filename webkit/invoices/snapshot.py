"""What an issued invoice or credit note keeps for good: everything its page and PDF print, nothing to be looked up."""

from __future__ import annotations

from datetime import date
from typing import Any

from webkit.agencies.service import AgencyProfile, agency_snapshot
from webkit.clients.service import ClientView, client_snapshot
from webkit.core.kernel.i18n import use_locale
from webkit.invoices.credit_models import CreditNote
from webkit.invoices.models import SETTLED, Invoice
from webkit.invoices.terms import Instalment, Terms
from webkit.invoices.waiting_models import Waiting

KIND = "invoice"
TEMPLATE = "pdf/invoice/1.html"
PRO_FORMA_TEMPLATE = "pdf/pro_forma/1.html"
CREDIT_TEMPLATE = "pdf/credit_note/1.html"
VERSION = 1


def build(
    invoice: Invoice | Waiting,
    profile: AgencyProfile,
    client: ClientView,
    *,
    issued: date,
    terms: Terms,
    schedule: tuple[Instalment, ...],
) -> dict[str, Any]:
    """The snapshot: canonical JSON without floats, dates as ISO text, amounts in minor units.

    The number comes last, when all else is there.
    `due_date` is the day of the first instalment; they are listed when there are several.
    """
    with use_locale(invoice.locale, profile.timezone):
        words = terms.said()
    return {
        "version": VERSION,
        "id": str(invoice.id),
        "kind": invoice.kind.value,
        "number": "",
        "title": invoice.title,
        "issue_date": issued.isoformat(),
        "due_date": schedule[0].due.isoformat(),
        "terms": words,
        "instalments": [part.to_dict() for part in schedule] if len(schedule) > 1 else [],
        "currency": invoice.currency,
        "note": invoice.note,
        "contract": str(invoice.contract_id) if invoice.contract_id else "",
        "attachments": [file.shown() for file in invoice.attached],
        "agency": agency_snapshot(profile),
        "client": client_snapshot(client),
        "priced": invoice.priced,
    }


def credit(
    note: CreditNote, invoice: Invoice, profile: AgencyProfile, client: ClientView, *, number: str, issued: date
) -> dict[str, Any]:
    """The snapshot of a credit note; `invoice` names what it corrects (BG-3: BT-25 number, BT-26 day)."""
    return {
        "version": VERSION,
        "id": str(note.id),
        "kind": "credit_note",
        "number": number,
        "title": invoice.title,
        "reason": note.reason,
        "issue_date": issued.isoformat(),
        "currency": note.currency,
        "invoice": {
            "id": str(invoice.id),
            "number": invoice.number or "",
            "issue_date": invoice.issue_date.isoformat() if invoice.issue_date else "",
            "paid": invoice.paid_at is not None or invoice.state in SETTLED,
        },
        "agency": agency_snapshot(profile),
        "client": client_snapshot(client),
        "priced": note.priced,
    }
