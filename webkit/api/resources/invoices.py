"""Invoices, their credit notes and pro-formas."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from webkit.agencies import service as agencies
from webkit.api.operations import Call, Operation
from webkit.api.paging import of_all, of_list
from webkit.api.resources.shared import PDF, Cut, Figures, Reason, history, pdf, pointing, renamed
from webkit.api.shapes import Currency, Input, Number, Positive, View
from webkit.core.kernel import downloads, frozen, money
from webkit.core.kernel.forms import Line, Text
from webkit.invoices import arranging, crediting, drafts, pro_formas, reminding, returning, service, writing_off
from webkit.invoices.crediting import CreditInput, Extent
from webkit.invoices.figures import Figures as Decided
from webkit.invoices.returning import RefundInput
from webkit.invoices.service import InvoiceInput, InvoiceKind, InvoiceState, LineInput
from webkit.invoices.terms import Due, Part, Rule, Terms
from webkit.invoices.views import row
from webkit.pricing.typed import UNITS

Unit = Literal["", *UNITS]  # type: ignore[valid-type]


class LineIn(Input):
    """A row. `unit_price` is in the currency itself, with as many places as it needs; `rate` is the key of one of the
    agency's rates of tax, its usual one where nothing is said."""

    description: Line(500, 1)  # type: ignore[valid-type]
    quantity: Number = Decimal(1)
    unit: Unit = ""
    unit_price: Number
    rate: Line(32) = ""  # type: ignore[valid-type]
    discount: Cut | None = None

    def read(self, place: int) -> LineInput:
        """As the service takes it."""
        cut = self.discount.value(f"lines/{place}/discount") if self.discount else None
        return LineInput(self.description, self.quantity, self.unit_price, self.rate, self.unit, cut)


class InvoiceIn(Input):
    """A draft."""

    client_id: UUID
    title: Line(200, 1)  # type: ignore[valid-type]
    lines: list[LineIn] = Field(min_length=1, max_length=100)
    payment_days: int = Field(14, ge=0, le=365)
    note: Text(2000) = ""  # type: ignore[valid-type]
    discount: Cut | None = None
    discount_reason: Line(160) = ""  # type: ignore[valid-type]

    def read(self) -> InvoiceInput:
        """As the service takes it; what else documents carry is as the agency has chosen."""
        lines = tuple(line.read(place) for place, line in enumerate(self.lines))
        cut = self.discount.value("discount") if self.discount else None
        habits = agencies.profile().habits
        decided = Decided(habits=habits, discount=cut, discount_reason=self.discount_reason)
        return InvoiceInput(self.client_id, self.title, lines, self.payment_days, self.note, decided)


class IssueIn(Input):
    """`accept_new_figures`: also when rates have changed since the draft was saved."""

    accept_new_figures: bool = False


class DueIn(Input):
    """When something is to be paid: on receipt, so many days after the day of issue or the end of its month, or on a
    day."""

    rule: Literal["receipt", "net", "month_end", "day"]
    days: int = Field(0, ge=0, le=365)
    day: date | None = None

    def read(self) -> Due:
        """As the service takes it."""
        return Due(Rule(self.rule), self.days, self.day)


class PartIn(Input):
    """An instalment: so much of a hundred, an amount, or, as the last one, what remains."""

    due: DueIn
    percent: Number | None = Field(None, gt=0, le=100)
    amount_minor: Positive | None = None
    title: Line(120) = ""  # type: ignore[valid-type]


class TermsIn(Input):
    """When an invoice is to be paid."""

    due: DueIn
    parts: list[PartIn] = Field(default=[], max_length=24)
    words: Line(300) = ""  # type: ignore[valid-type]
    series: Line(40) = ""  # type: ignore[valid-type]

    def read(self) -> Terms:
        """As the service takes it."""
        parts = tuple(Part(each.due.read(), each.percent, each.amount_minor, each.title) for each in self.parts)
        return Terms(self.due.read(), parts, self.words)


class MemoIn(Input):
    """What only the team reads."""

    memo: Text(5000)  # type: ignore[valid-type]


class CreditIn(Input):
    """How much is credited: all of it, an amount with tax, or quantities by the ids of the invoice's lines. With
    `refund_payment_id` as much goes back of that payment, or `refund_minor` of it."""

    extent: Literal["all", "amount", "lines"]
    reason: Line(500, 3)  # type: ignore[valid-type]
    amount_minor: Positive | None = None
    quantities: dict[str, Number] = Field(default={}, max_length=100)
    refund_payment_id: UUID | None = None
    refund_minor: Positive | None = None

    def read(self) -> CreditInput:
        """As the service takes it."""
        return CreditInput(Extent(self.extent), self.reason, self.amount_minor or 0, self.quantities)

    def refund(self) -> RefundInput | None:
        """What goes back."""
        return RefundInput(self.refund_payment_id, self.refund_minor) if self.refund_payment_id else None


class RefundIn(Input):
    """How much of a payment goes back."""

    amount_minor: Positive
    note: Line(200) = ""  # type: ignore[valid-type]


class PaidIn(Input):
    """On which day the money came."""

    paid_on: date


class InvoiceLine(View):
    """An invoice in a list. `state` is as people say it: what is issued and late is `overdue`."""

    id: UUID
    client_id: UUID
    number: str
    title: str
    state: str = Field(validation_alias="word")
    currency: Currency
    total_minor: int = Field(validation_alias="total")
    due_minor: int = Field(validation_alias="open")
    due_date: date | None
    at: datetime


class Instalment(View):
    """An instalment of an issued invoice, and what is open of it."""

    amount_minor: int = Field(validation_alias="amount")
    due: date
    title: str
    open_minor: int = Field(validation_alias="open")
    late: bool


class Invoice(View):
    """An invoice. `state` is the stored one, `word` is as people say it. `due_minor` is still owed: nothing of a draft,
    and nothing once it was paid. `received_minor` is what came, `returned_minor` what of it went back."""

    id: UUID
    client_id: UUID
    contract_id: UUID | None
    quotation_id: UUID | None
    proposal_id: UUID | None
    kind: InvoiceKind
    state: InvoiceState
    word: str
    number: str
    title: str
    currency: Currency
    figures: Figures = Field(validation_alias="priced")
    total_minor: int = Field(validation_alias="total")
    due_minor: int = Field(validation_alias="open")
    received_minor: int = Field(validation_alias="paid")
    returned_minor: int = Field(validation_alias="returned")
    credited_minor: int = Field(validation_alias="credited")
    note: str
    memo: str
    series: str
    payment_days: int
    issue_date: date | None
    due_date: date | None
    instalments: list[Instalment] = Field(validation_alias="parts")
    late: bool
    revision: int
    created_at: datetime
    issued_at: datetime | None
    paid_at: datetime | None
    written_off_at: datetime | None
    write_off_reason: str


class CreditNote(View):
    """A credit note; `left` of it may still be given back."""

    id: UUID
    invoice_id: UUID
    number: str
    reason: str
    currency: Currency
    figures: Figures = Field(validation_alias="priced")
    total_minor: int = Field(validation_alias="total")
    left_minor: int = Field(validation_alias="left")
    issue_date: date | None
    at: datetime


class ProForma(View):
    """A pro-forma of a draft."""

    id: UUID
    number: str
    currency: Currency
    total_minor: int = Field(validation_alias="total")
    issue_date: date | None
    withdrawn: bool


def _lines(rows: Sequence[Any]) -> list[Any]:
    today = agencies.today()
    return [row(each, today) for each in rows]


def _get(call: Call) -> service.InvoiceView:
    return service.get(call.id("invoice_id"))


def _create(call: Call) -> service.InvoiceView:
    with pointing():
        return service.get(service.create_draft(call.body.read(), call.key))


def _replace(call: Call) -> service.InvoiceView:
    invoice = _get(call)
    with pointing():
        service.save_draft(invoice.id, invoice.revision, call.body.read())
    return _get(call)


def _delete(call: Call) -> None:
    service.delete_draft(call.id("invoice_id"), call.actor)


def _issue(call: Call) -> service.InvoiceView:
    changed = drafts.renewal(_get(call)) if call.body.accept_new_figures else None
    service.issue(call.id("invoice_id"), call.actor, seen=changed.seal if changed else "")
    return _get(call)


def _send_again(call: Call) -> service.InvoiceView:
    reminding.mail_again(call.id("invoice_id"), call.actor)
    return _get(call)


def _remind(call: Call) -> service.InvoiceView:
    service.remind(call.id("invoice_id"), call.actor)
    return _get(call)


def _write_off(call: Call) -> service.InvoiceView:
    writing_off.write_off(call.id("invoice_id"), call.body.reason, call.actor)
    return _get(call)


def _reopen(call: Call) -> service.InvoiceView:
    writing_off.reopen(call.id("invoice_id"), call.actor)
    return _get(call)


def _terms(call: Call) -> service.InvoiceView:
    invoice = _get(call)
    arranging.save_terms(invoice.id, invoice.revision, call.body.read(), call.body.series)
    return _get(call)


def _memo(call: Call) -> service.InvoiceView:
    arranging.note(call.id("invoice_id"), call.body.memo)
    return _get(call)


def _from_quotation(call: Call) -> service.InvoiceView:
    return service.get(service.create_from_quotation(call.id("quotation_id"), call.actor))


def _credit(call: Call) -> crediting.CreditView:
    with renamed(amount="amount_minor" if call.body.extent == "amount" else "refund_minor"):
        made = crediting.issue(call.id("invoice_id"), call.body.read(), call.actor, call.key, call.body.refund())
    return crediting.get(made)


def _credits(call: Call) -> Sequence[crediting.CreditView]:
    return service.correction(call.id("invoice_id")).notes


def _refund(call: Call) -> service.InvoiceView:
    invoice = _get(call)
    amount = money.money_text(call.body.amount_minor, invoice.currency)
    with renamed(amount="amount_minor"):
        service.refund(invoice.id, call.id("payment_id"), amount, call.body.note, call.actor, call.key)
    return _get(call)


def _note(call: Call) -> crediting.CreditView:
    return crediting.get(call.id("credit_id"))


def _note_pdf(call: Call) -> Any:
    return downloads.pdf(frozen.latest(crediting.KIND, _note(call).id))


def _pro_forma_pdf(call: Call) -> Any:
    return downloads.pdf(frozen.latest(pro_formas.KIND, pro_formas.get(call.id("pro_forma_id")).id))


def _refund_credit(call: Call) -> crediting.CreditView:
    note = crediting.get(call.id("credit_id"))
    amount = money.money_text(call.body.amount_minor, note.currency)
    with renamed(amount="amount_minor"):
        returning.give_back_for(note.id, call.id("payment_id"), amount, call.actor, call.key)
    return crediting.get(note.id)


def _mark_paid(call: Call) -> service.InvoiceView:
    service.mark_paid(call.id("invoice_id"), call.body.paid_on, call.actor)
    return _get(call)


def _pro_formas(call: Call) -> Sequence[pro_formas.ProFormaView]:
    return pro_formas.of_invoice(_get(call).id)


def _send_pro_forma(call: Call) -> pro_formas.ProFormaView:
    return pro_formas.get(pro_formas.send(call.id("invoice_id"), call.actor))


def _withdraw_pro_forma(call: Call) -> pro_formas.ProFormaView:
    pro_formas.withdraw(call.id("pro_forma_id"), call.actor)
    return pro_formas.get(call.id("pro_forma_id"))


ALL, ONE = "/invoices", "/invoices/{invoice_id}"
VIEW, EDIT, SEND = "invoices.view", "invoices.edit", "invoices.send"
OPERATIONS = (
    Operation(
        "invoices.list", "GET", ALL, VIEW, "List invoices",
        of_list("invoices", _lines), listed="invoices", answer=InvoiceLine,
    ),
    Operation(
        "invoices.create", "POST", ALL, "invoices.create", "Draft an invoice",
        _create, body=InvoiceIn, answer=Invoice, code=201,
    ),
    Operation("invoices.get", "GET", ONE, VIEW, "Read an invoice", _get, answer=Invoice),
    Operation("invoices.replace", "PUT", ONE, EDIT, "Change a draft", _replace, body=InvoiceIn, answer=Invoice),
    Operation("invoices.delete", "DELETE", ONE, "invoices.delete", "Delete a draft", _delete, code=204),
    Operation(
        "invoices.issue", "POST", f"{ONE}/issue", SEND, "Issue an invoice", _issue, body=IssueIn, answer=Invoice,
        about="It gets its number, is frozen, and goes to the client by mail. Issued twice it is issued once.",
    ),
    Operation("invoices.send", "POST", f"{ONE}/send", SEND, "Mail it once more", _send_again, answer=Invoice),
    Operation("invoices.remind", "POST", f"{ONE}/remind", SEND, "Remind the client", _remind, answer=Invoice),
    Operation(
        "invoices.write_off", "POST", f"{ONE}/write-off", "invoices.write_off", "Write it off",
        _write_off, body=Reason, answer=Invoice,
    ),
    Operation(
        "invoices.reopen", "POST", f"{ONE}/reopen", "invoices.write_off", "Wait for it again", _reopen, answer=Invoice
    ),
    Operation("invoices.terms", "PUT", f"{ONE}/terms", EDIT, "Say when it is to be paid", _terms, body=TermsIn,
              answer=Invoice),
    Operation("invoices.memo", "PUT", f"{ONE}/memo", EDIT, "Note something for the team", _memo, body=MemoIn,
              answer=Invoice),
    Operation(
        "invoices.from_quotation", "POST", "/quotations/{quotation_id}/invoice", "invoices.create",
        "Bill an accepted quotation", _from_quotation, answer=Invoice, code=201,
    ),
    Operation("invoices.credits", "GET", f"{ONE}/credit-notes", VIEW, "List its credit notes", of_all(_credits),
              paged=True, answer=CreditNote),
    Operation(
        "invoices.credit", "POST", f"{ONE}/credit-notes", "invoices.cancel", "Give credit",
        _credit, body=CreditIn, answer=CreditNote, code=201,
    ),
    Operation(
        "invoices.refund", "POST", f"{ONE}/payments/{{payment_id}}/refunds", "invoices.refund", "Give money back",
        _refund, body=RefundIn, answer=Invoice,
    ),
    Operation("invoices.get_credit", "GET", "/credit-notes/{credit_id}", VIEW, "Read a credit note", _note,
              answer=CreditNote),
    Operation("invoices.credit_pdf", "GET", "/credit-notes/{credit_id}/pdf", VIEW, "Download its PDF", _note_pdf,
              media=PDF),
    Operation(
        "invoices.refund_credit", "POST", "/credit-notes/{credit_id}/payments/{payment_id}/refunds", "invoices.refund",
        "Give money back for a credit note", _refund_credit, body=RefundIn, answer=CreditNote,
    ),
    Operation(
        "invoices.mark_paid", "POST", f"{ONE}/paid", "invoices.record_payment", "Say that an imported one was paid",
        _mark_paid, body=PaidIn, answer=Invoice,
    ),
    Operation("invoices.pro_formas", "GET", f"{ONE}/pro-formas", VIEW, "List its pro-formas", of_all(_pro_formas),
              paged=True, answer=ProForma),
    Operation("invoices.send_pro_forma", "POST", f"{ONE}/pro-formas", SEND, "Send a pro-forma", _send_pro_forma,
              answer=ProForma, code=201),
    Operation(
        "invoices.withdraw_pro_forma", "POST", "/pro-formas/{pro_forma_id}/withdraw", SEND, "Withdraw a pro-forma",
        _withdraw_pro_forma, answer=ProForma,
    ),
    Operation("invoices.pro_forma_pdf", "GET", "/pro-formas/{pro_forma_id}/pdf", VIEW, "Download its PDF",
              _pro_forma_pdf, media=PDF),
    history("invoice", VIEW),
    pdf("invoice", VIEW),
)  # fmt: skip
