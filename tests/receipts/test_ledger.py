"""Whatever is done with money: entries come to nothing, and invoices, credit and places are what an oracle says."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import documents
from tests.factories.documents import ACTOR
from tests.threads import at_once
from webkit.agencies import service as agencies
from webkit.core.kernel import clock, db, events, tallies, tenancy
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import Conflict, Invalid
from webkit.core.kernel.ids import uuid7
from webkit.core.kernel.money import MAX_MINOR
from webkit.core.problems import Problem
from webkit.invoices import crediting, models, paying
from webkit.invoices import service as invoices
from webkit.invoices.crediting import CreditInput, Extent
from webkit.invoices.models import InvoiceState
from webkit.invoices.service import ImportedInvoice, ImportedLine
from webkit.ledger import service as ledger
from webkit.ledger.service import Method, Returned
from webkit.operations import doctor
from webkit.payments import models as payment_models
from webkit.payments.events import PaymentSucceeded
from webkit.payments.models import Payment, PaymentState
from webkit.receipts import service
from webkit.receipts.service import RecordInput


@db.writes
def _online(invoice_id: UUID, amount: int) -> None:
    paying.on_payment(PaymentSucceeded(f"invoice:{invoice_id}", uuid7(), amount, "EUR", clock.now()))


def record(client: UUID, amount: int, parts: dict[UUID, int] | None = None, **more: Any) -> UUID:
    values = {"method": Method.BANK, "day": agencies.today(), "currency": "EUR", **more}
    return service.record(RecordInput(client, amount_minor=amount, parts=parts or {}, **values), ACTOR)


def returned(client: UUID, amount: int) -> UUID:
    return service.give_back(Returned(client, Method.BANK, agencies.today(), "EUR", amount), ACTOR)


def balanced() -> bool:
    db.release()
    with tenancy.platform("test"):
        return ledger.balanced() == []


def of(invoice_id: UUID) -> tuple[InvoiceState, int, int]:
    """State, what is paid by the ledger, what is still due."""
    db.release()
    found = invoices.get(invoice_id)
    return found.state, ledger.settled(invoice_id), found.due if found.state in ("issued", "written_off") else 0


def test_one_payment_over_several_invoices(agency: AgencyView) -> None:
    client = documents.client()
    first, second = (documents.issued("100", client_id=client) for _ in range(2))
    receipt = record(client, 20_000, {first: 12_200, second: 5_000}, reference="RF18", note="by post")
    assert of(first) == (InvoiceState.PAID, 12_200, 0)
    assert of(second) == (InvoiceState.ISSUED, 5_000, 7_200)
    assert ledger.credit(client) == {"EUR": 2_800}, "what is over stays the client's"
    view = service.get(receipt)
    assert (view.parts, view.credit, view.reference, view.note) == (
        {first: 12_200, second: 5_000},
        2_800,
        "RF18",
        "by post",
    )
    service.apply_credit(client, second, 2_800, ACTOR)
    assert of(second) == (InvoiceState.ISSUED, 7_800, 4_400)
    assert ledger.credit(client) == {}
    record(client, 4_400, {second: 4_400}, method=Method.CASH)
    assert of(second)[0] == InvoiceState.PAID
    assert ledger.places() == {("bank", "EUR"): 20_000, ("cash", "EUR"): 4_400}
    assert balanced() and not list(invoices.unlike_ledger())


def test_a_mistake_is_taken_back_and_nothing_deleted(agency: AgencyView) -> None:
    invoice = documents.issued("100")
    client = invoices.get(invoice).client_id
    before = tallies.of("invoice")
    receipt = record(client, 12_200, {invoice: 12_200})
    counter = service.take_back(receipt, ACTOR)
    assert service.take_back(receipt, ACTOR) == counter, "twice is once"
    assert of(invoice) == (InvoiceState.ISSUED, 0, 12_200)
    assert tallies.of("invoice") == before
    assert [view.amount_minor for view in ledger.page(limit=9)] == [-12_200, 12_200]
    assert service.get(receipt).taken_back and service.get(counter).counter
    kinds = [entry.kind for entry in events.timeline(f"invoice:{invoice}")]
    assert kinds.count("invoice.unpaid") == kinds.count("receipt.taken_back") == 1
    record(client, 12_200, {invoice: 12_200})
    assert of(invoice)[0] == InvoiceState.PAID
    with pytest.raises(Conflict):
        service.take_back(counter, ACTOR)
    assert balanced() and not list(invoices.unlike_ledger())


def test_two_who_take_the_same_back_at_once_do_it_once(app: Flask, agency: AgencyView) -> None:
    invoice = documents.issued("100")
    client = invoices.get(invoice).client_id
    receipt = record(client, 12_200, {invoice: 12_200})
    db.release()

    def back() -> UUID:
        with tenancy.tenant(agency.id):
            return service.take_back(receipt, ACTOR)

    first, second = at_once(app, back, back)
    assert first == second and isinstance(first, UUID)
    kinds = [entry.kind for entry in events.timeline(f"receipt:{receipt}")]
    assert kinds.count("receipt.taken_back") == 1 and of(invoice)[0] == InvoiceState.ISSUED and balanced()


def test_two_who_use_the_same_credit_at_once_use_it_once(app: Flask, agency: AgencyView) -> None:
    client = documents.client()
    ids = [documents.issued("100", client_id=client) for _ in range(2)]
    record(client, 12_200)
    db.release()

    def put(invoice: UUID) -> None:
        with tenancy.tenant(agency.id):
            service.apply_credit(client, invoice, 12_200, ACTOR)

    def give() -> None:
        with tenancy.tenant(agency.id):
            returned(client, 12_200)

    done = at_once(app, partial(put, ids[0]), partial(put, ids[1]), give)
    assert sum(each is None for each in done) == 1 and sum(isinstance(each, Invalid) for each in done) == 2
    assert ledger.credit(client) == {} and balanced() and not list(invoices.unlike_ledger())


def test_what_is_paid_twice_is_credit_and_goes_where_it_is_put(agency: AgencyView) -> None:
    client = documents.client()
    first, second = (documents.issued("100", client_id=client) for _ in range(2))
    _online(first, 12_200)
    _online(first, 12_200)
    assert ledger.credit(client) == {"EUR": 12_200}
    service.apply_credit(client, second, 12_200, ACTOR)
    assert of(second)[0] == InvoiceState.PAID
    with pytest.raises(Invalid):
        returned(client, 1)
    (part,) = ledger.paid_by(second)
    service.release(second, part.source, ACTOR)
    assert of(second) == (InvoiceState.ISSUED, 0, 12_200)
    receipt = returned(client, 12_200)
    assert ledger.credit(client) == {}
    service.take_back(receipt, ACTOR)
    assert ledger.credit(client) == {"EUR": 12_200}
    with pytest.raises(Conflict):
        service.release(first, ledger.paid_by(first)[0].source, ACTOR)
    assert balanced() and not list(invoices.unlike_ledger())


def test_what_cannot_be_is_said_at_its_field(agency: AgencyView) -> None:
    invoice = documents.issued("100")
    client, other = invoices.get(invoice).client_id, documents.client("Somebody else", "else@where.example")
    wrong: list[tuple[str, dict[str, Any]]] = [
        ("amount", {"amount": 0}),
        ("amount", {"amount": 100, "parts": {invoice: 200}}),
        (f"part-{invoice}", {"amount": 20_000, "parts": {invoice: 12_201}}),
        ("day", {"amount": 100, "day": date(2199, 1, 1)}),
        ("rate", {"amount": 100, "currency": "USD"}),
        ("rate", {"amount": 100, "currency": "USD", "rate": Decimal(0)}),
        ("rate", {"amount": 100, "currency": "USD", "rate": Decimal(-1)}),
        ("rate", {"amount": MAX_MINOR, "currency": "JPY", "rate": Decimal(1_000_000)}),
    ]
    for field, values in wrong:
        with pytest.raises(Invalid) as refused:
            record(client, values.pop("amount"), **values)
        assert list(refused.value.errors) == [field]
    with pytest.raises(Exception, match="no such invoice"):
        record(other, 100, {invoice: 100})
    record(client, 12_200, {invoice: 12_200})
    with pytest.raises(Invalid, match="Nothing is to be paid"):
        record(client, 1, {invoice: 1})
    assert ledger.places() == {("bank", "EUR"): 12_200}


def test_what_was_paid_online_meanwhile_takes_the_place_of_a_mistake(agency: AgencyView) -> None:
    invoice = documents.issued("100")
    client = invoices.get(invoice).client_id
    receipt = record(client, 12_200, {invoice: 12_200})
    _came(invoice, 12_200)
    assert of(invoice)[:2] == (InvoiceState.PAID, 12_200) and ledger.credit(client) == {"EUR": 12_200}
    service.take_back(receipt, ACTOR)
    assert of(invoice)[:2] == (InvoiceState.PAID, 12_200), "the client has paid: nobody asks again"
    assert ledger.credit(client) == {} and balanced() and not list(invoices.unlike_ledger())
    kinds = [entry.kind for entry in events.timeline(f"invoice:{invoice}")]
    assert kinds.count("invoice.paid") == 1 and "invoice.unpaid" not in kinds


def test_what_was_credited_is_not_asked_for_when_its_money_is_taken_off(agency: AgencyView) -> None:
    client = documents.client()
    invoice, part = (documents.issued("100", client_id=client) for _ in range(2))
    receipt = record(client, 10_000, {invoice: 10_000})
    crediting.issue(invoice, CreditInput(Extent.ALL, "Not delivered"), ACTOR)
    assert of(invoice) == (InvoiceState.PAID, 10_000, 0)
    service.release(invoice, f"receipt:{receipt}", ACTOR)
    assert of(invoice) == (InvoiceState.CREDITED, 0, 0), "nothing is owed of it"
    assert returned(client, 10_000) and ledger.credit(client) == {}
    first, _second = record(client, 6_100, {part: 6_100}), record(client, 6_100, {part: 6_100})
    crediting.issue(part, CreditInput(Extent.AMOUNT, "Less", 2_200), ACTOR)
    service.release(part, f"receipt:{first}", ACTOR)
    assert of(part) == (InvoiceState.ISSUED, 6_100, 3_900)
    record(client, 3_900, {part: 3_900})
    assert of(part)[0] == InvoiceState.PAID and crediting.correction(part).to_return == 0
    assert balanced() and not list(invoices.unlike_ledger())


@db.writes
def _came(invoice_id: UUID, amount: int) -> None:
    """A payment of a payment service that is on record, and told of."""
    reference, at = f"invoice:{invoice_id}", clock.now()
    row = Payment(
        reference=reference, provider="local", amount_minor=amount, currency="EUR", settled_at=at,
        state=PaymentState.SUCCEEDED,
    )  # fmt: skip
    paying.on_payment(PaymentSucceeded(reference, payment_models.add(row), amount, "EUR", at))


def test_credit_that_was_given_back_keeps_its_record(agency: AgencyView) -> None:
    client = documents.client()
    receipt = record(client, 5_000)
    back = returned(client, 2_000)
    with pytest.raises(Conflict):
        service.take_back(receipt, ACTOR)
    service.take_back(back, ACTOR)
    service.take_back(receipt, ACTOR)
    assert ledger.credit(client) == {} and ledger.places() == {}


class Oracle:
    """Money as a child would keep it: heaps. Knows nothing of entries."""

    def __init__(self, due: dict[UUID, int]) -> None:
        self.due = due
        self.paid: dict[UUID, int] = defaultdict(int)
        self.credit = 0
        self.bank = 0

    def put(self, invoice: UUID, amount: int) -> None:
        self.paid[invoice] += amount

    def open(self, invoice: UUID) -> int:
        return self.due[invoice] - self.paid[invoice]


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_balances_are_those_of_an_oracle(app: Flask, agency: AgencyView, seed: int) -> None:
    dice = random.Random(seed)
    db.release()
    client = documents.client(f"Client {seed}", f"c{seed}@client.example")
    ids = [documents.issued("10", client_id=client) for _ in range(3)]
    before = ledger.places().get(("bank", "EUR"), 0)
    oracle = Oracle(dict.fromkeys(ids, 1_220))
    records: list[tuple[UUID, int, dict[UUID, int]]] = []
    for _ in range(12):
        _act(dice, client, oracle, records)
        db.release()
        assert ledger.credit(client).get("EUR", 0) == oracle.credit
        assert ledger.places().get(("bank", "EUR"), 0) - before == oracle.bank
        for each in ids:
            state, paid, due = of(each)
            assert (paid, due) == (oracle.paid[each], oracle.open(each))
            assert (state == InvoiceState.PAID) == (oracle.open(each) == 0)
    assert balanced() and not list(invoices.unlike_ledger())


def _act(dice: random.Random, client: UUID, oracle: Oracle, records: list[tuple[UUID, int, dict[UUID, int]]]) -> None:
    """Something somebody may do; what is refused changes nothing."""
    what = dice.choice(["record", "record", "apply", "return", "back", "release", "online"])
    invoice = dice.choice(list(oracle.due))
    if what == "record":
        parts = {
            each: dice.randint(1, oracle.open(each)) for each in oracle.due if oracle.open(each) and dice.random() < 0.6
        }
        amount = sum(parts.values()) + dice.choice([0, 0, 700])
        if amount:
            records.append((record(client, amount, parts), amount, parts))
            for each, minor in parts.items():
                oracle.put(each, minor)
            oracle.bank += amount
            oracle.credit += amount - sum(parts.values())
    elif what == "apply" and (most := min(oracle.credit, oracle.open(invoice))) > 0:
        minor = dice.randint(1, most)
        service.apply_credit(client, invoice, minor, ACTOR)
        oracle.put(invoice, minor)
        oracle.credit -= minor
    elif what == "return" and oracle.credit > 0:
        minor = dice.randint(1, oracle.credit)
        returned(client, minor)
        oracle.credit -= minor
        oracle.bank -= minor
    elif what == "online":
        came = dice.choice([oracle.open(invoice), 1_220]) or 1_220
        pays = min(came, oracle.open(invoice))
        _online(invoice, came)
        oracle.put(invoice, pays)
        oracle.credit += came - pays
    elif what == "release":
        parts_of = [each for each in ledger.paid_by(invoice) if each.receipt]
        if parts_of and not invoices.get(invoice).returned:
            part = dice.choice(parts_of)
            service.release(invoice, part.source, ACTOR)
            oracle.put(invoice, -part.amount_minor)
            oracle.credit += part.amount_minor
    elif what == "back" and records:
        receipt, amount, _parts = dice.choice(records)
        view = service.get(receipt)
        try:
            service.take_back(receipt, ACTOR)
        except Conflict:
            return
        if not view.taken_back:
            for each, minor in view.parts.items():
                oracle.put(each, -minor)
            oracle.credit -= view.credit
            oracle.bank -= amount


def test_gain_and_loss_are_fixed_when_it_is_booked(agency: AgencyView) -> None:
    client = documents.client()
    first, second = (documents.issued("100", client_id=client) for _ in range(2))
    record(client, 26_000, {first: 12_200, second: 12_200}, currency="USD", rate=Decimal("0.95"))
    assert of(first)[0] == of(second)[0] == InvoiceState.PAID
    moved = ledger.movements(agencies.today(), agencies.today())
    gains = [(each.kind, each.amount_minor, each.base_minor) for each in moved if each.account == "exchange"]
    assert gains == [("gain", 300, 300)], "260 USD at 0.95 are 247.00 EUR, the invoices were 244.00"
    paid = [(each.currency, each.amount_minor, each.base_minor) for each in moved if each.account == "invoice"]
    assert sorted(paid) == [("EUR", 12_200, 12_200)] * 2
    assert ledger.credit(client) == {} and ledger.places() == {("bank", "USD"): 26_000}
    (receipt,) = ledger.page(limit=5)
    service.take_back(receipt.id, ACTOR)
    assert of(first) == (InvoiceState.ISSUED, 0, 12_200)
    sums = [each.base_minor for each in ledger.movements(agencies.today(), agencies.today())]
    assert sum(sums) == 0 and balanced() and not list(invoices.unlike_ledger())


def test_an_invoice_is_worth_what_it_was_when_it_was_issued(agency: AgencyView) -> None:
    client = documents.client()
    record(client, 100, currency="USD", rate=Decimal("0.90"))
    line = ImportedLine("Work", Decimal(1), Decimal(100), Decimal(0), 10_001, 0)
    today = agencies.today()
    given_ = ImportedInvoice(client, "US-1", "Work", "USD", "en-GB", today, today, (line,))
    (invoice,) = invoices.add_imported([given_])
    ledger.value_invoice(invoice, "USD", today)
    total = 10_001
    part = total // 3
    record(client, part, {invoice: part}, currency="USD", rate=Decimal("0.95"))
    record(client, total - part, {invoice: total - part}, currency="USD", rate=Decimal("0.80"))
    moved = [each for each in ledger.movements(agencies.today(), agencies.today()) if each.invoice_id == invoice]
    assert sum(each.base_minor for each in moved) == 9_001, "to the cent what it was when it was issued"
    moved = ledger.movements(agencies.today(), agencies.today())
    assert {each.kind for each in moved if each.account == "exchange"} == {"gain", "loss"}
    assert balanced()


def test_doctor_sees_an_invoice_that_says_something_else(agency: AgencyView) -> None:
    invoice = documents.issued("100")
    client = invoices.get(invoice).client_id
    record(client, 5_000, {invoice: 5_000})
    assert _examined() == []
    _unbooked(invoice)
    (problem,) = _examined()
    assert "says that 4999 were paid, the ledger says 5000" in problem.problem


def _examined() -> list[Problem]:
    db.release()
    with tenancy.platform("doctor"):
        return list(doctor._ledger())


@db.writes
def _unbooked(invoice_id: UUID) -> None:
    models.receive(invoice_id, 4_999)
