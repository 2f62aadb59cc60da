"""Money that came: payments, what clients have too much, and how deals are billed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from webkit.api.operations import Call, Operation, Param
from webkit.api.paging import of_all, of_rows
from webkit.api.resources.invoices import Invoice
from webkit.api.resources.shared import PDF, Cut, Link, renamed
from webkit.api.shapes import Currency, Exact, Input, Number, Positive, View
from webkit.clients import service as clients
from webkit.core.kernel import downloads, events, frozen
from webkit.core.kernel.forms import Line, Text
from webkit.invoices import service as invoices
from webkit.ledger import service as ledger
from webkit.ledger.service import Method, ReceiptView, Returned
from webkit.payments import service as payments
from webkit.payments.service import PaymentState, ReversalKind, ReversalState
from webkit.plans import service as plans
from webkit.plans.service import Step
from webkit.receipts import service
from webkit.receipts.service import RecordInput
from webkit.statements import service as statements

CLIENT = Param("client", "Of one client.", {"type": "string", "format": "uuid"})


class PartIn(Input):
    """So much of it is for that invoice."""

    invoice_id: UUID
    amount_minor: Positive


class Money(Input):
    """Money that somebody saw come or go."""

    client_id: UUID
    method: Method
    day: date
    currency: Currency
    amount_minor: Positive
    reference: Line(140) = ""  # type: ignore[valid-type]
    note: Text(500) = ""  # type: ignore[valid-type]


class PaymentIn(Money):
    """Money that came. What the invoices do not take is the client's credit; `rate` where it is in another currency
    than the agency's."""

    rate: Number | None = Field(None, gt=0)
    invoices: list[PartIn] = Field(default=[], max_length=100)

    def read(self) -> RecordInput:
        """As the service takes it."""
        given = self.model_dump(exclude={"invoices"})
        return RecordInput(**given, parts={each.invoice_id: each.amount_minor for each in self.invoices})


class ApplyIn(Input):
    """So much of the credit for that invoice."""

    invoice_id: UUID
    amount_minor: Positive


class DaysIn(Input):
    """From which day to which; without a first one from the beginning, without a last one until today."""

    since: date | None = None
    until: date | None = None


class MilestoneIn(Input):
    """A milestone; the last one may be without a share: it is what remains."""

    title: Line(120, 1)  # type: ignore[valid-type]
    share: Cut | None = None
    due_on: date | None = None
    condition: Line(300) = ""  # type: ignore[valid-type]


class MilestonesIn(Input):
    """All of them, in order."""

    milestones: list[MilestoneIn] = Field(min_length=1, max_length=40)


class Receipt(View):
    """A payment that somebody recorded. `credit` of it is the client's; below nothing it went to the client."""

    id: UUID
    client_id: UUID
    method: Method
    day: date
    currency: Currency
    amount_minor: int
    credit_minor: int = Field(validation_alias="credit")
    reference: str
    note: str
    at: datetime
    taken_back: bool
    counter: bool
    parts: dict[UUID, int]
    rate: Exact | None


class Reversal(View):
    """A refund or a dispute."""

    kind: ReversalKind
    state: ReversalState
    amount_minor: int
    note: str
    changed_at: datetime


class Payment(View):
    """An attempt to pay through a payment service."""

    id: UUID
    state: PaymentState
    amount_minor: int
    returned_minor: int
    refundable_minor: int
    currency: Currency
    provider: str = Field(validation_alias="provider_label")
    created_at: datetime
    settled_at: datetime | None
    reversals: list[Reversal]


class Credit(View):
    """What a client has too much, in one currency."""

    client_id: UUID
    currency: Currency
    amount_minor: int


class Open(View):
    """An invoice that waits for money."""

    id: UUID
    number: str
    title: str
    currency: Currency
    due_minor: int = Field(validation_alias="due")
    due_date: date | None
    late: bool


class Entry(View):
    """An account of a client in one currency: below nothing is owed to the client."""

    currency: Currency
    opening_minor: int = Field(validation_alias="opening")
    closing_minor: int = Field(validation_alias="closing")


class Account(View):
    """How a client stands."""

    since: date | None
    until: date
    accounts: list[Entry]
    open: list[Open]


class Statement(View):
    """A statement that was made."""

    id: UUID
    client_id: UUID
    since: date | None
    until: date
    sent_to: str
    at: datetime


class Milestone(View):
    """A milestone and the invoice that bills it."""

    id: UUID
    title: str
    due_on: date | None
    condition: str
    total_minor: int = Field(validation_alias="total")
    invoice: Invoice | None


class Billing(View):
    """How something that was agreed is billed."""

    billed_minor: int = Field(validation_alias="billed")
    left_minor: int = Field(validation_alias="left")
    milestones: list[Milestone]
    invoices: list[Invoice]
    finished: bool


def _receipts(call: Call, limit: int, before: UUID | None) -> Sequence[ReceiptView]:
    wanted = UUID(call.query["client"]) if "client" in call.query else None
    return ledger.page(limit=limit, before=before, client_id=wanted)


def _get(call: Call) -> ReceiptView:
    return service.get(call.id("receipt_id"))


def _record(call: Call) -> ReceiptView:
    with renamed(amount="amount_minor"):
        return service.get(service.record(call.body.read(), call.actor, call.key))


def _take_back(call: Call) -> ReceiptView:
    return service.get(service.take_back(call.id("receipt_id"), call.actor))


def _give_back(call: Call) -> ReceiptView:
    given = Returned(**call.body.model_dump())
    with renamed(amount="amount_minor"):
        return service.get(service.give_back(given, call.actor, call.key))


def _credits(_call: Call) -> list[dict[str, Any]]:
    return [
        {"client_id": client, "currency": currency, "amount_minor": minor}
        for client, own in sorted(ledger.credits().items())
        for currency, minor in sorted(own.items())
    ]


def _apply(call: Call) -> invoices.InvoiceView:
    client = clients.get(call.id("client_id"))
    with renamed(amount="amount_minor", invoice="invoice_id"):
        service.apply_credit(client.id, call.body.invoice_id, call.body.amount_minor, call.actor, call.key)
    return invoices.get(call.body.invoice_id)


def _payments(call: Call) -> Sequence[payments.PaymentView]:
    return payments.of(events.ref("invoice", invoices.get(call.id("invoice_id")).id))


def _account(call: Call) -> statements.AccountView:
    since, until = (call.query.get(name) for name in ("since", "until"))
    return statements.account(
        call.id("client_id"), date.fromisoformat(since) if since else None, date.fromisoformat(until) if until else None
    )


def _statements(call: Call) -> Sequence[statements.StatementView]:
    return statements.of_client(clients.get(call.id("client_id")).id)


def _send_statement(call: Call) -> statements.StatementView:
    until = call.body.until or statements.today()
    return statements.get(statements.send(call.id("client_id"), call.body.since, until, call.actor, call.key))


def _make_statement(call: Call) -> statements.StatementView:
    until = call.body.until or statements.today()
    return statements.get(statements.make(call.id("client_id"), call.body.since, until, call.actor, call.key))


def _statement_pdf(call: Call) -> Any:
    return downloads.pdf(frozen.latest(statements.KIND, statements.get(call.id("statement_id")).id))


def _statement_link(call: Call) -> dict[str, str | None]:
    return {"url": statements.link(clients.get(call.id("client_id")).id) or None}


def _open_statement_link(call: Call) -> dict[str, str | None]:
    statements.open_link(call.id("client_id"))
    return _statement_link(call)


def _close_statement_link(call: Call) -> None:
    statements.close_link(call.id("client_id"))


def _place(call: Call) -> tuple[str, UUID]:
    return call.args["kind"], call.id("source_id")


def _billing(call: Call) -> plans.Billing:
    return plans.billing(*_place(call))


def _bill_all(call: Call) -> invoices.InvoiceView:
    return invoices.get(plans.bill_all(*_place(call), call.actor))


def _deposit(call: Call) -> invoices.InvoiceView:
    return invoices.get(plans.deposit(*_place(call), call.body.value(""), call.actor))


def _finish(call: Call) -> invoices.InvoiceView:
    return invoices.get(plans.finish(*_place(call), call.actor))


def _plan(call: Call) -> plans.Billing:
    steps = [
        Step(each.title, _share(each), each.share.value(f"milestones/{at}/share") if each.share else None,
             each.due_on, each.condition)
        for at, each in enumerate(call.body.milestones)
    ]  # fmt: skip
    with renamed(parts="milestones"):
        plans.save(*_place(call), steps)
    return _billing(call)


def _share(each: MilestoneIn) -> str:
    """As somebody would have typed it."""
    if each.share is None:
        return ""
    return f"{each.share.percent:f} %" if each.share.percent is not None else str(each.share.amount_minor)


def _drop_plan(call: Call) -> None:
    plans.drop(*_place(call))


def _bill_milestone(call: Call) -> invoices.InvoiceView:
    return invoices.get(plans.bill_milestone(*_place(call), call.id("milestone_id"), call.actor))


DAYS = (
    Param("since", "The first day.", {"type": "string", "format": "date"}),
    Param("until", "The last day; today where nothing is said.", {"type": "string", "format": "date"}),
)
ALL, ONE, BILL, OF = "/payments", "/payments/{receipt_id}", "/billing/{kind}/{source_id}", "/clients/{client_id}"
SEE, RECORD, PLAN, MAKE = "payments.view", "payments.record", "billing_plans.edit", "statements.make"
OPERATIONS = (
    Operation("payments.list", "GET", ALL, SEE, "List recorded payments", of_rows(_receipts), paged=True,
              params=(CLIENT,), answer=Receipt),
    Operation("payments.create", "POST", ALL, RECORD, "Record a payment", _record, body=PaymentIn, answer=Receipt,
              code=201),
    Operation("payments.get", "GET", ONE, SEE, "Read a payment", _get, answer=Receipt),
    Operation("payments.take_back", "POST", f"{ONE}/take-back", RECORD, "Take a record back", _take_back,
              answer=Receipt, about="A counter-entry is booked and answered with; nothing is deleted."),
    Operation("payments.give_back", "POST", "/payments-given-back", "payments.give_back",
              "Record what went back of a client's credit", _give_back, body=Money, answer=Receipt, code=201),
    Operation("payments.credits", "GET", "/credits", SEE, "List what clients have too much", of_all(_credits),
              paged=True, answer=Credit),
    Operation("payments.apply", "POST", f"{OF}/credit/apply", RECORD, "Pay an invoice from it", _apply, body=ApplyIn,
              answer=Invoice),
    Operation("payments.of_invoice", "GET", "/invoices/{invoice_id}/payments", "invoices.view",
              "List payments of an invoice", of_all(_payments), paged=True, answer=Payment),
    Operation("statements.account", "GET", f"{OF}/account", MAKE, "Read how a client stands", _account, params=DAYS,
              answer=Account),
    Operation("statements.list", "GET", f"{OF}/statements", MAKE, "List statements", of_all(_statements), paged=True,
              answer=Statement),
    Operation("statements.send", "POST", f"{OF}/statements", MAKE, "Send a statement", _send_statement, body=DaysIn,
              answer=Statement, code=201),
    Operation("statements.make", "POST", f"{OF}/statements/make", MAKE, "Make a statement and send it to nobody",
              _make_statement, body=DaysIn, answer=Statement, code=201),
    Operation("statements.pdf", "GET", "/statements/{statement_id}/pdf", MAKE, "Download its PDF", _statement_pdf,
              media=PDF),
    Operation("statements.link", "GET", f"{OF}/statement-link", MAKE, "Where a client reads how it stands",
              _statement_link, answer=Link),
    Operation("statements.open_link", "POST", f"{OF}/statement-link", MAKE, "Open a client's page",
              _open_statement_link, answer=Link),
    Operation("statements.close_link", "DELETE", f"{OF}/statement-link", MAKE, "Close a client's page",
              _close_statement_link, code=204),
    Operation("billing.get", "GET", BILL, "billing_plans.view", "Read how a deal is billed", _billing, answer=Billing),
    Operation("billing.all", "POST", f"{BILL}/all", PLAN, "Bill all of it", _bill_all, answer=Invoice, code=201),
    Operation("billing.deposit", "POST", f"{BILL}/deposit", PLAN, "Bill a deposit", _deposit, body=Cut,
              answer=Invoice, code=201),
    Operation("billing.final", "POST", f"{BILL}/final", PLAN, "Bill the rest", _finish, answer=Invoice, code=201),
    Operation("billing.plan", "PUT", f"{BILL}/milestones", PLAN, "Divide it into milestones", _plan,
              body=MilestonesIn, answer=Billing),
    Operation("billing.drop_plan", "DELETE", f"{BILL}/milestones", PLAN, "Throw the milestones away", _drop_plan,
              code=204),
    Operation("billing.milestone", "POST", f"{BILL}/milestones/{{milestone_id}}/invoice", PLAN, "Bill a milestone",
              _bill_milestone, answer=Invoice, code=201),
)  # fmt: skip
