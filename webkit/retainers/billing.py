"""The vendor's bills: each becomes one of our issued invoices, with our number and our tax, and one payment of it.

What cannot become one stays a draft that says why; the next look at the vendor tries again.
"""

from __future__ import annotations

import enum
from uuid import UUID

from webkit.agencies import service as agencies
from webkit.clients import service as clients
from webkit.core.capabilities.retainers import BillState, RetainerBill
from webkit.core.kernel import clock, events
from webkit.core.kernel.db import writes
from webkit.core.kernel.errors import Conflict, DomainError, NotFound
from webkit.core.kernel.i18n import format_date, use_locale
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.money import format_money
from webkit.invoices import service as invoices
from webkit.invoices.service import Figures, InvoiceInput, InvoiceState, InvoiceView
from webkit.payments.service import adopting
from webkit.retainers import mails, models
from webkit.retainers.mails import KIND as KIND
from webkit.retainers.models import Retainer, RetainerBillRow

SYSTEM = "system"


class _Step(enum.IntEnum):
    """How far a bill is taken: what fails is taken less far, with why."""

    KNOWN = 0
    DRAFTED = 1
    ISSUED = 2


def take(retainer_id: UUID, bill: RetainerBill, number: int) -> None:
    """Take what the vendor says of a bill; what people have to look at is kept as said."""
    if bill.state is BillState.DRAFT or bill.amount_minor <= 0:
        return
    why = ""
    for step in reversed(_Step):
        try:
            _take(retainer_id, bill, number, step, why)
        except DomainError as error:
            why = why or str(error.message)
        else:
            return


@writes
def _take(retainer_id: UUID, bill: RetainerBill, number: int, step: _Step, why: str) -> None:
    retainer = models.locked(retainer_id)
    if retainer is None or number < retainer.taken:
        return
    row = models.bill(retainer.provider, bill.id) or _new(retainer, bill)
    if row is None or row.retainer_id != retainer.id:
        return
    failed = bill.state is BillState.OPEN and bill.tries > row.tries
    row.state, row.tries, row.next_try, row.pay_url = bill.state, bill.tries, bill.next_try, bill.pay_url
    if row.payment_id is None and bill.state is not BillState.VOID:
        if row.invoice_id is None and step >= _Step.DRAFTED:
            row.invoice_id = _draft(retainer)
        if step is _Step.ISSUED:
            _issue(row, bill)
        if why and why != row.held:
            row.held = why
            _record("retainer.held", retainer, row, why=why)
    if row.payment_id is not None:
        _pay(row, bill)
    if failed:
        with use_locale(agencies.here().locale):
            told = {"next": format_date(bill.next_try.date()) if bill.next_try else _("no other try is planned")}
        _record("retainer.failed", retainer, row, **told)
        mails.failed(retainer, row)


def _new(retainer: Retainer, bill: RetainerBill) -> RetainerBillRow | None:
    """Its row; None for one that was void before we heard of it."""
    if bill.state is BillState.VOID:
        return None
    row = RetainerBillRow(
        retainer_id=retainer.id, provider=retainer.provider, vendor_id=bill.id, state=bill.state, at=bill.at, tries=0,
        amount_minor=bill.amount_minor, currency=bill.currency,
    )  # fmt: skip
    models.add(row)
    return row


def _draft(retainer: Retainer) -> UUID:
    client = clients.get(retainer.client_id)
    with use_locale(client.locale or agencies.here().locale):
        given = InvoiceInput(
            client_id=client.id,
            title=retainer.title,
            lines=tuple(invoices.read_line(line) for line in retainer.lines),
            payment_days=0,
            note=retainer.note,
            figures=Figures.from_dict(retainer.figures),
        )
    return invoices.create_draft(given)


def _issue(row: RetainerBillRow, bill: RetainerBill) -> None:
    """Issue our invoice and adopt the payment. Raises DomainError with what people have to look at."""
    assert row.invoice_id is not None
    try:
        invoice = invoices.get(row.invoice_id)
    except NotFound:
        raise Conflict(_("The draft of this bill was deleted. Make one and record the payment.")) from None
    _demand_same(invoice, bill)
    if bill.state is BillState.PAID and not bill.payment_id:
        raise Conflict(_("The bill was settled outside of the payment service. Record the payment by hand."))
    if invoice.state is InvoiceState.DRAFT:
        invoices.issue(invoice.id, SYSTEM)
        invoice = invoices.get(invoice.id)
        _demand_same(invoice, bill)
    retainer = models.get(row.retainer_id)
    assert retainer is not None
    subject = events.ref("invoice", invoice.id)
    row.payment_id = adopting.adopt(subject, bill.amount_minor, bill.currency, retainer.provider, retainer.account_id)
    row.held = ""
    _record("retainer.billed", retainer, row, number=invoice.number)


def _demand_same(invoice: InvoiceView, bill: RetainerBill) -> None:
    """What the vendor takes is what our invoice asks for."""
    if (invoice.due, invoice.currency) != (bill.amount_minor, bill.currency):
        both = {
            "theirs": format_money(bill.amount_minor, bill.currency),
            "ours": format_money(invoice.due, invoice.currency),
        }
        raise Conflict(_("The payment service asks for %(theirs)s, this invoice comes to %(ours)s.", **both))


def _pay(row: RetainerBillRow, bill: RetainerBill) -> None:
    assert row.payment_id is not None
    if bill.state is BillState.PAID:
        adopting.arrive(row.payment_id, bill.amount_minor, bill.currency, bill.payment_id, clock.now())
    elif bill.state is BillState.VOID:
        adopting.give_up(row.payment_id)


def _record(kind: str, retainer: Retainer, row: RetainerBillRow, **facts: str) -> None:
    told = {
        "actor": SYSTEM,
        "title": retainer.title,
        "amount": format_money(row.amount_minor, row.currency, agencies.here().locale),
        **facts,
    }
    about = [events.ref("client", retainer.client_id)]
    if row.invoice_id is not None:
        about.append(events.ref("invoice", row.invoice_id))
    events.record(kind, events.ref(KIND, retainer.id), told, about=tuple(about))
