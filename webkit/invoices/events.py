"""What other features hear about invoices."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class InvoiceIssued:
    """An invoice gets its number at the end of this write; nobody keeps it waiting there."""

    invoice_id: UUID


@dataclass(frozen=True, slots=True)
class InvoiceReopened:
    """What was recorded as paid was not: an invoice is waited for again."""

    invoice_id: UUID


@dataclass(frozen=True, slots=True)
class InvoicePaid:
    """An invoice was paid in full. Published once."""

    invoice_id: UUID
