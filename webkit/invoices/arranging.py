"""What is arranged about an invoice besides its figures: when it is paid, where it counts, what only the team reads."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from webkit.agencies import service as agencies
from webkit.agencies.service import AgencyProfile
from webkit.clients.service import ClientView
from webkit.core.kernel import audit, events
from webkit.core.kernel.db import writes
from webkit.core.kernel.errors import Conflict
from webkit.core.kernel.i18n import gettext as _
from webkit.invoices import models
from webkit.invoices.models import InvoiceState
from webkit.invoices.terms import Due, Rule, Terms
from webkit.invoices.views import found, one


def usual(profile: AgencyProfile, client: ClientView, typed: int | None = None) -> dict[str, Any]:
    """The columns of a new draft's terms."""
    return {"payment_days": _agreed(profile, client, typed)[1], **columns(usual_terms(profile, client, typed))}


def usual_terms(profile: AgencyProfile, client: ClientView, typed: int | None = None) -> Terms:
    """When a new invoice is to be paid: as agreed with the client, else as the agency does, with the `typed` days where
    somebody chose other ones than the agency's."""
    rule, days = _agreed(profile, client, typed)
    return Terms(Due(rule, 0 if rule is Rule.RECEIPT else days))


def _agreed(profile: AgencyProfile, client: ClientView, typed: int | None) -> tuple[Rule, int]:
    rule, days = Rule(client.payment_rule or profile.payment_rule), profile.payment_days
    if client.payment_days is not None:
        days = client.payment_days
    if typed is not None and typed != profile.payment_days:
        days = typed
    return rule, days


def columns(terms: Terms) -> dict[str, Any]:
    """How a draft keeps its terms: days after the issue, which its editor may change, or whatever else."""
    if terms.due.rule is Rule.NET and not terms.parts and not terms.words:
        return {"terms": None, "payment_days": terms.due.days}
    return {"terms": terms.to_dict()}


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
    if not models.save(invoice_id, revision, **columns(terms), series=agencies.series_of(series).key):
        raise Conflict(_("Somebody else changed this invoice since you opened it. Your text is still here, not saved."))


@writes
def note(invoice_id: UUID, memo: str) -> None:
    """Keep what only the team reads; it may change at any time."""
    invoice = found(models.locked(invoice_id))
    if invoice.memo != memo:
        invoice.memo = memo
        audit.log("invoice.memo", subject=events.ref("invoice", invoice_id))
