"""Drafts of invoices: made, changed, thrown away. A draft has no number and its figures are computed at each save."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from webkit.agencies import service as agencies
from webkit.clients import service as clients
from webkit.core.kernel import clock, once
from webkit.core.kernel.db import writes
from webkit.core.kernel.errors import Conflict
from webkit.core.kernel.i18n import gettext as _
from webkit.invoices import models, snapshot
from webkit.invoices.models import Invoice, InvoiceState
from webkit.invoices.views import found, one
from webkit.pricing import Document, Line, Priced, compute, find
from webkit.quotations import service as quotations


@dataclass(frozen=True, slots=True)
class LineInput:
    """A typed row: quantity and unit price exact, `rate` the key of one of the scheme's rates (empty: its default)."""

    description: str
    quantity: Decimal
    price: Decimal
    rate: str = ""


@dataclass(frozen=True, slots=True)
class InvoiceInput:
    """Everything staff decide about a draft."""

    client_id: UUID
    title: str
    lines: tuple[LineInput, ...]
    payment_days: int
    note: str = ""


def price(lines: tuple[LineInput, ...], profile: agencies.AgencyProfile) -> Priced:
    """Compute typed lines under the agency's scheme. Raises PricingError naming the line."""
    today = clock.today(profile.timezone)
    scheme = find(profile.tax_scheme)
    document = Document(
        currency=profile.currency,
        scheme=scheme,
        lines=tuple(
            Line(
                id=str(position),
                description=line.description,
                quantity=line.quantity,
                unit_price=line.price,
                rate=scheme.rate(line.rate or None, today),
            )
            for position, line in enumerate(lines, start=1)
        ),
    )
    return compute(document)


@writes
def create_draft(given: InvoiceInput, once_key: str = "") -> UUID:
    """A new draft, or the one this form already made."""
    if known := once.result(once_key):
        return UUID(known)
    profile = agencies.profile()
    client = clients.get(given.client_id)
    invoice = Invoice(
        client_id=client.id,
        currency=profile.currency,
        locale=client.locale or profile.locale,
        **_columns(given, profile),
    )
    invoice_id = models.add(invoice)
    once.keep(once_key, str(invoice_id))
    return invoice_id


@writes
def create_from_quotation(quotation_id: UUID, actor: str) -> UUID:
    """The draft that bills an accepted quotation, with its very totals; asked again it is the same one.

    Raises Conflict when the quotation became a contract, or is not accepted.
    """
    accepted = quotations.to_convert(quotation_id)
    if accepted.became == snapshot.KIND and accepted.became_id:
        return accepted.became_id
    invoice = Invoice(
        client_id=accepted.client_id,
        quotation_id=quotation_id,
        title=accepted.title,
        currency=accepted.currency,
        locale=accepted.language,
        payment_days=agencies.profile().payment_days,
        lines=[],
        note=accepted.reference,
        **totals(accepted.priced),
    )
    invoice_id = models.add(invoice)
    quotations.mark_converted(quotation_id, snapshot.KIND, invoice_id, actor)
    return invoice_id


@writes
def save_draft(invoice_id: UUID, revision: int, given: InvoiceInput) -> None:
    """Change a draft; refused when somebody else changed it since it was opened, or when it was issued.

    One that bills a quotation keeps its client and its amounts: they were agreed.
    """
    invoice = one(invoice_id)
    client = clients.get(given.client_id)
    if invoice.state != InvoiceState.DRAFT:
        raise Conflict(_("This invoice has been issued and cannot be changed. Nothing was saved."))
    if invoice.quotation_id:
        values: dict[str, Any] = _head(given)
    else:
        values = {"client_id": client.id, **_columns(given, agencies.profile())}
    if not models.save(invoice_id, revision, **values):
        raise Conflict(_("Somebody else changed this invoice since you opened it. Your text is still here, not saved."))


def _columns(given: InvoiceInput, profile: agencies.AgencyProfile) -> dict[str, Any]:
    priced = price(given.lines, profile)
    lines = [
        {"description": row.description, "quantity": str(row.quantity), "price": str(row.price), "rate": row.rate}
        for row in given.lines
    ]
    return {**_head(given), "lines": lines, **totals(priced)}


def _head(given: InvoiceInput) -> dict[str, Any]:
    return {"title": given.title, "note": given.note, "payment_days": given.payment_days}


def totals(priced: Priced) -> dict[str, Any]:
    """The stored columns of what the kernel computed."""
    sums = priced.totals
    return {
        "priced": priced.to_dict(),
        "net_minor": sums.net,
        "tax_minor": sums.tax,
        "total_minor": sums.payable,
    }


@writes
def delete_draft(invoice_id: UUID, actor: str = "system") -> None:
    """Throw a draft away. What was issued stays; the quotation it billed can be billed anew."""
    invoice = found(models.locked(invoice_id))
    if invoice.state != InvoiceState.DRAFT:
        raise Conflict(_("An issued invoice cannot be deleted."))
    if invoice.quotation_id:
        quotations.release(invoice.quotation_id, invoice_id, actor)
        invoice = found(models.locked(invoice_id))  # the release made the row stale
    models.delete(invoice)
