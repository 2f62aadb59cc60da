"""Invoices for what was agreed: their amounts come from a proposal, a quotation or a contract, and stay as they are."""

from __future__ import annotations

from uuid import UUID

from webkit.agencies import service as agencies
from webkit.clients import service as clients
from webkit.core.kernel import tenancy
from webkit.core.kernel.db import writes
from webkit.core.values import dataclass
from webkit.invoices import arranging, models
from webkit.invoices.drafts import totals
from webkit.invoices.models import Invoice, InvoiceKind
from webkit.invoices.views import InvoiceView, view
from webkit.pricing import Priced
from webkit.pricing.billed import stamped
from webkit.quotations import service as quotations

SOURCES = ("contract", "quotation", "proposal")


@dataclass(frozen=True, slots=True)
class Agreed:
    """What is billed: all of it, or a part; `source` is where it was agreed (`SOURCES`), `milestone_id` which part."""

    source: str
    source_id: UUID
    client_id: UUID
    title: str
    currency: str
    locale: str
    priced: Priced
    kind: InvoiceKind
    note: str = ""
    milestone_id: UUID | None = None


@writes
def bill(agreed: Agreed, actor: str) -> UUID:
    """The draft that bills it; asked again it is the same one."""
    standing = [row for row in models.of_source(agreed.source, agreed.source_id) if row.stands]
    if (same := next((row for row in standing if _same(row, agreed)), None)) is not None:
        return same.id
    profile = agencies.profile()
    invoice = Invoice(
        client_id=agreed.client_id,
        author_id=tenancy.the_author(f"{agreed.source}:{agreed.source_id}"),
        kind=agreed.kind,
        title=agreed.title,
        currency=agreed.currency,
        locale=agreed.locale,
        lines=[],
        note=agreed.note,
        milestone_id=agreed.milestone_id,
        **{f"{agreed.source}_id": agreed.source_id},
        **arranging.usual(profile, clients.get(agreed.client_id)),
        **totals(stamped(agreed.priced, profile.habits)),
    )
    invoice_id = models.add(invoice)
    if agreed.source == "quotation" and not standing:
        quotations.mark_converted(agreed.source_id, "invoice", invoice_id, actor)
    return invoice_id


def _same(invoice: Invoice, agreed: Agreed) -> bool:
    return (invoice.kind, invoice.milestone_id) == (agreed.kind, agreed.milestone_id)


def of_source(source: str, source_id: UUID) -> list[InvoiceView]:
    """What bills a contract, a quotation or a proposal, oldest first."""
    today = agencies.today()
    return [view(row, today) for row in models.of_source(source, source_id)]
