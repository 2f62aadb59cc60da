"""Pro-formas: what a draft will ask for, sent before it is an invoice.

A pro-forma is a frozen document with a number of its own that is no fiscal one. While it stands, its draft asks for
the very same; issued, the draft becomes the invoice with the same totals. It can be withdrawn, then the draft is free.
"""

from __future__ import annotations

from datetime import date
from uuid import UUID

from webkit.agencies import service as agencies
from webkit.clients import service as clients
from webkit.core.kernel import clock, counters, events, frozen, money
from webkit.core.kernel.db import writes
from webkit.core.kernel.errors import Conflict, DomainError, NotFound
from webkit.core.kernel.i18n import gettext as _
from webkit.core.values import dataclass
from webkit.invoices import mails, models, pro_forma_models, snapshot
from webkit.invoices.models import InvoiceState
from webkit.invoices.pro_forma_models import ProForma
from webkit.invoices.views import found, terms_of

KIND = "pro_forma"


@dataclass(frozen=True, slots=True)
class ProFormaView:
    """A pro-forma as pages show it."""

    id: UUID
    number: str
    currency: str
    total: int
    issue_date: date | None
    withdrawn: bool


def of_invoice(invoice_id: UUID) -> list[ProFormaView]:
    """The pro-formas of a draft, oldest first."""
    return [_view(row) for row in pro_forma_models.pro_formas(invoice_id)]


@writes
def send(invoice_id: UUID, actor: str) -> UUID:
    """Number, freeze and mail the pro-forma of a draft; while one stands it is that one."""
    invoice = found(models.locked(invoice_id))
    if invoice.state != InvoiceState.DRAFT:
        raise Conflict(_("This is an invoice already: there is nothing to announce any more."))
    if (standing := pro_forma_models.standing_pro_forma(invoice_id)) is not None:
        already: UUID = standing.id
        return already
    if invoice.total_minor <= 0:
        raise DomainError(_("An invoice needs an amount greater than zero to be issued."))
    profile, client = agencies.profile(), clients.get(invoice.client_id)
    if not client.email:
        raise DomainError(_("%(client)s has no e-mail address to send the invoice to.", client=client.name))
    row = ProForma(
        client_id=client.id, invoice_id=invoice_id, currency=invoice.currency, total_minor=invoice.total_minor
    )
    models.add(row)
    number, day = counters.take_today(KIND, profile.patterns[KIND], profile.timezone, client=client.name)
    terms = terms_of(invoice)
    schedule = terms.resolve(invoice.total_minor, invoice.currency, day)
    content = snapshot.build(invoice, profile, client, issued=day, terms=terms, schedule=schedule)
    content |= {"id": str(row.id), "kind": KIND, "number": number, "invoice": str(invoice_id), "attachments": []}
    kept = frozen.freeze(
        KIND, row.id, number=number, template=snapshot.PRO_FORMA_TEMPLATE, snapshot=content, locale=invoice.locale
    )
    row.number, row.issue_date, row.frozen_id = number, day, kept.id
    _record("pro_forma.sent", row, actor, amount=money.format_money(row.total_minor, row.currency, invoice.locale))
    mails.send_pro_forma(content, kept.id, locale=invoice.locale)
    return row.id


@writes
def withdraw(pro_forma_id: UUID, actor: str) -> UUID:
    """Take a pro-forma back, so that its draft may ask for something else; returns the draft."""
    row = pro_forma_models.pro_forma(pro_forma_id)
    if row is None:
        raise NotFound(_("There is no such pro-forma."))
    models.locked(row.invoice_id)  # so that nobody changes or issues the draft meanwhile
    if row.withdrawn_at is None:
        row.withdrawn_at = clock.now()
        _record("pro_forma.withdrawn", row, actor)
    return row.invoice_id


def demand_same(invoice_id: UUID, total_minor: int) -> None:
    """What a standing pro-forma announced is what its draft asks for. Raises Conflict."""
    standing = pro_forma_models.standing_pro_forma(invoice_id)
    if standing is not None and standing.total_minor != total_minor:
        told = {"number": standing.number, "amount": money.format_money(standing.total_minor, standing.currency)}
        raise Conflict(
            _("Pro-forma %(number)s asks for %(amount)s. Withdraw it before this asks for more or less.", **told)
        )


def get(pro_forma_id: UUID) -> ProFormaView:
    """One of the agency. Raises NotFound."""
    if (row := pro_forma_models.pro_forma(pro_forma_id)) is None:
        raise NotFound(_("There is no such pro-forma."))
    return _view(row)


def _record(kind: str, row: ProForma, actor: str, **more: str) -> None:
    subject, about = events.ref("invoice", row.invoice_id), (events.ref("client", row.client_id),)
    events.record(kind, subject, {"actor": actor, "number": row.number or "", **more}, about=about)


def _view(row: ProForma) -> ProFormaView:
    withdrawn = row.withdrawn_at is not None
    return ProFormaView(row.id, row.number or "", row.currency, row.total_minor, row.issue_date, withdrawn)
