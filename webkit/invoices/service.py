"""What can be done with invoices.

A draft has no number. Issuing is one short transaction whose last steps are the number and the event; what was issued
is frozen, and nothing here changes it any more. Paying is recorded by one conditional transition, whoever reports it.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from webkit.agencies import service as agencies
from webkit.clients import service as clients
from webkit.core.kernel import clock, events, links, money, once, tallies
from webkit.core.kernel.db import writes
from webkit.core.kernel.errors import Conflict, Invalid
from webkit.core.kernel.i18n import gettext as _
from webkit.core.values import dataclass
from webkit.invoices import models, paid_models
from webkit.invoices.agreed import Agreed as Agreed
from webkit.invoices.agreed import bill as bill
from webkit.invoices.agreed import of_source as of_source
from webkit.invoices.arranging import usual_terms as usual_terms
from webkit.invoices.book_models import due_days as due_days
from webkit.invoices.book_models import whole as whole
from webkit.invoices.book_models import whole_credits as whole_credits
from webkit.invoices.books import Book as Book
from webkit.invoices.books import Cell as Cell
from webkit.invoices.books import Document as Document
from webkit.invoices.books import Moved as Moved
from webkit.invoices.books import Open as Open
from webkit.invoices.books import Part as Part
from webkit.invoices.books import ageing as ageing
from webkit.invoices.books import book_ids as book_ids
from webkit.invoices.books import books as books
from webkit.invoices.books import merged as merged
from webkit.invoices.books import numbers as numbers
from webkit.invoices.books import spread as spread
from webkit.invoices.crediting import correction as correction
from webkit.invoices.drafts import InvoiceInput as InvoiceInput
from webkit.invoices.drafts import create_draft as create_draft
from webkit.invoices.drafts import create_from_quotation as create_from_quotation
from webkit.invoices.drafts import delete_draft as delete_draft
from webkit.invoices.drafts import price as price
from webkit.invoices.drafts import save_draft as save_draft
from webkit.invoices.figures import Figures as Figures
from webkit.invoices.figures import LineInput as LineInput
from webkit.invoices.figures import read_line as read_line
from webkit.invoices.figures import stored_line as stored_line
from webkit.invoices.figures import typed_line as typed_line
from webkit.invoices.imported import ImportedInvoice as ImportedInvoice
from webkit.invoices.imported import ImportedLine as ImportedLine
from webkit.invoices.imported import Numbered as Numbered
from webkit.invoices.imported import add_imported as add_imported
from webkit.invoices.imported import by_numbers as by_numbers
from webkit.invoices.imported import imported_numbers as imported_numbers
from webkit.invoices.imported import mark_paid as mark_paid
from webkit.invoices.imported import remove_imported as remove_imported
from webkit.invoices.imported import stored as stored
from webkit.invoices.issuing import create_and_issue as create_and_issue
from webkit.invoices.issuing import issue as issue
from webkit.invoices.issuing import on_contract_signed as on_contract_signed
from webkit.invoices.models import InvoiceKind as InvoiceKind
from webkit.invoices.models import InvoiceState as InvoiceState
from webkit.invoices.paying import LINK as LINK
from webkit.invoices.paying import withdraw
from webkit.invoices.postings import OpenInvoice as OpenInvoice
from webkit.invoices.postings import Posting as Posting
from webkit.invoices.postings import PostingKind as PostingKind
from webkit.invoices.postings import account as account
from webkit.invoices.reminding import remind as remind
from webkit.invoices.reminding import was_reminded as was_reminded
from webkit.invoices.settling import Payable as Payable
from webkit.invoices.settling import all_payable as all_payable
from webkit.invoices.settling import follow_all as follow_all
from webkit.invoices.settling import payable as payable
from webkit.invoices.settling import payables as payables
from webkit.invoices.settling import settle as settle
from webkit.invoices.settling import unlike_ledger as unlike_ledger
from webkit.invoices.views import InvoiceRow as InvoiceRow
from webkit.invoices.views import InvoiceView as InvoiceView
from webkit.invoices.views import one, read, row, view
from webkit.payments import service as payments
from webkit.payments.service import Consent, Keep


@writes
def refund(invoice_id: UUID, payment_id: UUID, amount: str, note: str, actor: str, once_key: str = "") -> None:
    """Give back what was typed of a payment; the same form twice gives back once."""
    invoice = one(invoice_id)
    if once.result(once_key):
        return
    try:
        minor = money.parse_money(amount, invoice.currency)
    except ValueError as error:
        raise Invalid({"amount": str(error)}) from None
    asked = payments.ask_refund(events.ref("invoice", invoice_id), payment_id, minor, actor, note)
    once.keep(once_key, str(asked))


def pay(invoice_id: UUID, token: str, *, whole: bool = False, consent: Consent | None = None) -> str:
    """Open a checkout for what is due next of an issued invoice, or for all that is left, and return where to send the
    payer. What was written off can still be paid. With `consent` the method that is paid with may be kept."""
    invoice = get(invoice_id)
    if invoice.state not in models.OWED:
        raise Conflict(_("There is nothing to pay for this invoice."))
    client = clients.get(invoice.client_id)
    page, amount = links.url(LINK, token), invoice.due if whole else invoice.due_now
    address = payments.start(
        events.ref("invoice", invoice_id),
        amount,
        invoice.currency,
        description=f"{invoice.number} · {invoice.title}",
        customer_email=client.email,
        return_url=f"{page}?back=1",
        cancel_url=page,
        received_minor=invoice.received,
        keep=Keep(client.id, consent) if consent else None,
    )
    if amount not in get(invoice_id).asked:  # credited, or paid otherwise, while the vendor was asked
        withdraw(invoice_id)
        raise Conflict(_("The amount to pay has just changed. Please look at the invoice again."))
    return address


def get(invoice_id: UUID) -> InvoiceView:
    """One invoice of the agency. Raises NotFound."""
    return view(read(invoice_id), agencies.today())


def several(ids: Collection[UUID]) -> dict[UUID, InvoiceView]:
    """Those of these invoices that there are."""
    today = agencies.today()
    return {row.id: view(row, today) for row in paid_models.rows(ids)}


def told(invoice_id: UUID) -> dict[str, str] | None:
    """What plugins are told about an invoice."""
    found = models.get(invoice_id)
    if found is None:
        return None
    invoice = view(found, agencies.today())
    return {
        **clients.told(clients.get(invoice.client_id)),
        "invoice.number": invoice.number,
        "invoice.title": invoice.title,
        "invoice.state": invoice.word,
        "invoice.currency": invoice.currency,
        "invoice.total_minor": str(invoice.total),
        "invoice.due_date": invoice.due_date.isoformat() if invoice.due_date else "",
    }


def page(
    *, limit: int, before: UUID | None = None, state: InvoiceState | None = None, late: bool = False
) -> list[InvoiceRow]:
    """Newest first; `late` shows what is overdue today."""
    today = agencies.today()
    rows = models.page(limit=limit, before=before, state=state, late_on=today if late else None)
    return [row(found, today) for found in rows]


def of_client(client_id: UUID) -> list[InvoiceRow]:
    """A client's invoices, newest first."""
    today = agencies.today()
    return [row(found, today) for found in models.of_client(client_id)]


def of_contract(contract_id: UUID) -> list[InvoiceView]:
    """The invoices that came from a contract, oldest first."""
    today = agencies.today()
    return [view(row, today) for row in models.of_contract(contract_id)]


@writes
def count_view(invoice_id: UUID) -> None:
    """A client has opened the page."""
    models.count_view(invoice_id, clock.now())


@dataclass(frozen=True, slots=True)
class CurrencySums:
    """What is owed and what came in, in one currency, minor units."""

    currency: str
    open: int = 0
    open_count: int = 0
    late: int = 0
    late_count: int = 0
    paid: int = 0
    paid_count: int = 0
    disputed: int = 0
    disputed_count: int = 0


_SUMMED = {
    InvoiceState.ISSUED: "open",
    InvoiceState.PAID: "paid",
    InvoiceState.DISPUTED: "disputed",
}
"""What was given back or taken back in full counts nowhere any more."""


def kept_sums() -> tuple[tallies.Question, ...]:
    """What `sums` and `received_this_month` ask of the kept sums, for pages that ask for more at once."""
    return (*_asked_of_sums(), tallies.days_since(_this_month(), models.RECEIVED))


def _asked_of_sums() -> tuple[tallies.Question, ...]:
    return tallies.each_place(models.KIND), tallies.days_before(agencies.today(), models.DUE)


def _this_month() -> datetime:
    return models.quarter(clock.month_start(agencies.here().timezone))


def sums() -> list[CurrencySums]:
    """The agency's sums, one for each currency in use: of a state its total less what went back, drafts left out."""
    tallies.ahead(*_asked_of_sums())
    found: dict[str, dict[str, int]] = {}
    for currency, state, count, total in tallies.of(models.KIND):
        into = found.setdefault(currency, {})
        if (name := _SUMMED.get(InvoiceState(state))) is not None:
            into[name], into[f"{name}_count"] = total, count
    for currency, count, total in models.late(agencies.today()):
        found.setdefault(currency, {}).update(late=total, late_count=count)
    return [CurrencySums(currency, **values) for currency, values in sorted(found.items())]


def received_this_month() -> dict[str, int]:
    """What came in since the month began at the agency's place and stayed, in minor units of each currency."""
    return {currency: total for _kind, currency, _count, total in tallies.since(_this_month(), models.RECEIVED)}
