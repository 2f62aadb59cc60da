"""What the bank tells: lines of statements, payouts of payment services, and rates of money in other currencies."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import Field

from webkit.api.operations import Call, Operation, Param
from webkit.api.paging import of_all, of_rows
from webkit.api.resources.files import NAME
from webkit.api.resources.invoices import Invoice
from webkit.api.resources.money import PartIn, Receipt
from webkit.api.resources.shared import renamed
from webkit.api.shapes import Currency, Input, Number, View
from webkit.banking import reading, service
from webkit.banking.models import LineState
from webkit.banking.service import LineView
from webkit.clients import service as clients
from webkit.core.capabilities.payments import PayoutLineKind, PayoutState
from webkit.core.kernel.errors import Invalid
from webkit.core.kernel.forms import Line as Text
from webkit.invoices import service as invoices
from webkit.ledger import service as ledger
from webkit.payouts import service as payouts
from webkit.receipts import service as receipts

MOST_RATES = 200


class RecordIn(Input):
    """Whose money it is and what of it pays which invoice; what is left is the client's credit."""

    client_id: UUID
    invoices: list[PartIn] = Field(default=[], max_length=100)
    rate: Number | None = Field(None, gt=0)


class RateIn(Input):
    """What one unit was worth in the agency's currency, for money of which nobody has said it."""

    source: Text(64, 1)  # type: ignore[valid-type]
    rate: Number = Field(gt=0)


class ReleaseIn(Input):
    """Which money: a source of what paid the invoice."""

    source: Text(64, 1)  # type: ignore[valid-type]


class IgnoreIn(Input):
    """`again`: look at it again after all."""

    again: bool = False


class Taken(View):
    """What became of a statement: lines that were new, that were here already, and that told of money going out."""

    came: int
    known: int
    went: int


class Suggested(View):
    """So much of it may pay that invoice."""

    invoice_id: UUID
    amount_minor: int


class Suggestion(View):
    """Whose it may be and what it may pay; `sure` where its text names the invoices."""

    client_id: UUID
    invoices: list[Suggested]
    sure: bool


class BankLine(View):
    """A line of a statement: money that came."""

    id: UUID
    state: LineState
    day: date
    currency: Currency
    amount_minor: int
    name: str
    iban: str
    text: str
    receipt_id: UUID | None
    suggestion: Suggestion | None


class Unvalued(View):
    """Money in another currency of which nobody has said what it was worth."""

    source: str
    client_id: UUID | None
    day: date
    currency: Currency
    amount_minor: int
    invoice_ids: list[UUID]


class Paid(View):
    """What paid an invoice; `receipt_id` where somebody recorded it."""

    source: str
    amount_minor: int
    receipt_id: UUID | None


class Payout(View):
    """What a payment service paid out to the bank. `missing_minor` of it no line explains."""

    id: UUID
    vendor_id: str
    state: PayoutState
    amount_minor: int
    fee_minor: int
    gross_minor: int
    missing_minor: int
    currency: Currency
    arrives_on: date
    made_at: datetime


class PayoutLine(View):
    """What a payout consists of."""

    kind: PayoutLineKind
    amount_minor: int
    fee_minor: int
    net_minor: int
    payment_vendor_id: str
    label: str
    invoice_id: UUID | None


def _shown(line: LineView) -> dict[str, Any]:
    told = {name: getattr(line, name) for name in BankLine.model_fields if name != "suggestion"}
    found = line.suggestion
    if found is None:
        return {**told, "suggestion": None}
    parts = [{"invoice_id": each.id, "amount_minor": minor} for each, minor in found.parts]
    return {**told, "suggestion": {"client_id": found.client_id, "invoices": parts, "sure": found.sure}}


def _lines(call: Call, limit: int, before: UUID | None) -> Sequence[Any]:
    return service.page(LineState(call.query.get("state", LineState.OPEN)), limit, before)


def _list(call: Call) -> Any:
    page = of_rows(_lines)(call)
    return {**page, "data": [_shown(each) for each in page["data"]]}


def _line(call: Call) -> dict[str, Any]:
    return _shown(service.get(call.id("line_id")))


def _take(call: Call) -> service.Taken:
    try:
        return service.take(call.query["name"], call.body)
    except reading.Unreadable as error:
        raise Invalid({"/": error.message}) from None


def _record(call: Call) -> Any:
    given: RecordIn = call.body
    parts = {each.invoice_id: each.amount_minor for each in given.invoices}
    with renamed(amount="invoices"):
        client = clients.get(given.client_id)
        return receipts.get(service.record(call.id("line_id"), client.id, parts, call.actor, given.rate))


def _ignore(call: Call) -> dict[str, Any]:
    service.ignore(call.id("line_id"), again=call.body.again)
    return _line(call)


def _unvalued(_call: Call) -> Sequence[Any]:
    return ledger.unvalued(MOST_RATES)


def _give_rate(call: Call) -> None:
    rate: Decimal = call.body.rate
    receipts.give_rate(call.body.source, rate, call.actor)


def _paid_by(call: Call) -> Sequence[Any]:
    return ledger.paid_by(invoices.get(call.id("invoice_id")).id)


def _release(call: Call) -> Any:
    receipts.release(call.id("invoice_id"), call.body.source, call.actor)
    return invoices.get(call.id("invoice_id"))


def _payouts(_call: Call, limit: int, before: UUID | None) -> Sequence[Any]:
    return payouts.page(before, limit)


def _payout(call: Call) -> payouts.PayoutView:
    return payouts.get(call.id("payout_id"))[0]


def _payout_lines(call: Call) -> Sequence[Any]:
    return payouts.get(call.id("payout_id"))[1]


def _ask(_call: Call) -> None:
    payouts.ask()


ALL, ONE, PAYOUT = "/bank-lines", "/bank-lines/{line_id}", "/payouts/{payout_id}"
MATCH, SEE, RECORD, PAID_OUT = "bank.match", "payments.view", "payments.record", "payouts.view"
STATE = Param("state", "In this state; open ones where nothing is said.",
              {"type": "string", "enum": [each.value for each in LineState]})  # fmt: skip
OPERATIONS = (
    Operation("bank.list", "GET", ALL, MATCH, "List lines of bank statements", _list, paged=True, params=(STATE,),
              answer=BankLine),
    Operation("bank.upload", "POST", ALL, MATCH, "Take a bank statement", _take, takes=reading.MOST_BYTES,
              params=(NAME,), answer=Taken, apart=True,
              about="Each line is kept once, however often its file is sent."),
    Operation("bank.get", "GET", ONE, MATCH, "Read a line", _line, answer=BankLine),
    Operation("bank.record", "POST", f"{ONE}/record", MATCH, "Say whose money it is and what it pays", _record,
              body=RecordIn, answer=Receipt),
    Operation("bank.ignore", "POST", f"{ONE}/ignore", MATCH, "Put a line aside", _ignore, body=IgnoreIn,
              answer=BankLine),
    Operation("payments.unvalued", "GET", "/rates-missing", SEE, "List money whose worth nobody has said",
              of_all(_unvalued), paged=True, answer=Unvalued),
    Operation("payments.give_rate", "POST", "/rates-missing", RECORD, "Say what it was worth", _give_rate, body=RateIn,
              code=204),
    Operation("payments.sources", "GET", "/invoices/{invoice_id}/paid-by", SEE, "List what paid an invoice",
              of_all(_paid_by), paged=True, answer=Paid),
    Operation("payments.release", "POST", "/invoices/{invoice_id}/release", RECORD, "Take money off an invoice",
              _release, body=ReleaseIn, answer=Invoice, about="It is the client's credit then."),
    Operation("payouts.list", "GET", "/payouts", PAID_OUT, "List payouts", of_rows(_payouts), paged=True,
              answer=Payout),
    Operation("payouts.ask", "POST", "/payouts/ask", PAID_OUT, "Ask the payment service for payouts", _ask, code=204),
    Operation("payouts.get", "GET", PAYOUT, PAID_OUT, "Read a payout", _payout, answer=Payout),
    Operation("payouts.lines", "GET", f"{PAYOUT}/lines", PAID_OUT, "List what a payout consists of",
              of_all(_payout_lines), paged=True, answer=PayoutLine),
)  # fmt: skip
