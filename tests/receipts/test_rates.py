"""Money of which nobody knows what it was worth: left out and said so, until somebody says it, once."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import pytest

from tests.client import Browser
from tests.factories import documents
from tests.factories.documents import ACTOR
from webkit.agencies import service as agencies
from webkit.core.kernel import clock, db, tenancy
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import Conflict, Invalid
from webkit.core.kernel.ids import uuid7
from webkit.invoices import paying
from webkit.invoices import service as invoices
from webkit.invoices.service import ImportedInvoice, ImportedLine
from webkit.ledger import service as ledger
from webkit.operations import doctor
from webkit.payments.events import PaymentSucceeded
from webkit.receipts import service
from webkit.reports import following, models

PAGE = "/northwind/payments/rates"


@pytest.fixture
def dollars(agency: AgencyView) -> UUID:
    """An invoice of 100.00 USD that was paid in two parts, of which nobody knows what they were worth."""
    client, today = documents.client(), agencies.today()
    line = ImportedLine("Work", Decimal(1), Decimal(100), Decimal(0), 10_000, 0)
    (invoice,) = invoices.add_imported([ImportedInvoice(client, "US-1", "Work", "USD", "en-GB", today, today, (line,))])
    for amount in (4_000, 6_000):
        _came(invoice, amount)
    db.release()
    return invoice


@db.writes
def _came(invoice: UUID, amount: int) -> None:
    paying.on_payment(PaymentSucceeded(f"invoice:{invoice}", uuid7(), amount, "USD", clock.now()))


def _worth() -> tuple[int, int]:
    """What was paid in reports: in the agency's currency, and without a rate."""
    db.release()
    while not following.is_up():
        following.catch_up()
    today = agencies.today()
    paid = [each for each in models.worths(today, today) if each.kind == "payment"]
    return sum(each.base for each in paid), sum(each.without for each in paid)


def _balanced() -> bool:
    db.release()
    with tenancy.platform("test"):
        return ledger.balanced() == []


def _examined() -> list[str]:
    db.release()
    with tenancy.platform("test"):
        return [each.problem.partition(": ")[2].partition(" (")[0] for each in doctor._rates()]


def test_a_rate_is_recorded_once_and_reports_count_it(dollars: UUID, owner: Browser) -> None:
    assert _worth() == (0, 10_000)
    assert _examined() == ["the rate of 2 payments is missing"]
    first, second = ledger.unvalued(9)
    assert (first.amount_minor, first.invoice_ids, second.amount_minor) == (4_000, (dollars,), 6_000)
    page = owner.get(PAGE).text
    assert "rate missing" in page and "US-1" in page
    assert "nobody has said" in owner.get("/northwind/payments/").text
    refused = owner.post(PAGE, data={"source": first.source, "rate": "0"})
    assert refused.status_code == 422 and "A rate between" in refused.text
    assert owner.post(PAGE, data={"source": first.source, "rate": "0.90"}).status_code == 303
    assert _worth() == (3_600, 6_000)
    assert owner.post(PAGE, data={"source": first.source, "rate": "0.80"}).status_code == 409
    assert owner.post(PAGE, data={"source": second.source, "rate": "0.95"}).status_code == 303
    assert _worth() == (9_000, 0), "to the cent what the invoice was worth when it was first paid"
    gains = {each.kind: each.amount_minor for each in ledger.movements(agencies.today(), agencies.today())
             if each.account == "exchange"}  # fmt: skip
    assert gains == {"gain": 300}, "60.00 USD were worth 57.00 EUR, of the invoice they paid 54.00"
    assert _balanced() and not list(invoices.unlike_ledger())
    assert _examined() == []
    assert "Every rate is known" in owner.get(PAGE).text
    assert "Of some money" not in owner.get("/northwind/payments/").text


def test_who_may_and_what_is_refused(dollars: UUID, member: Browser, stranger: Browser) -> None:
    (first, _second) = ledger.unvalued(9)
    db.release()
    given = {"source": first.source, "rate": "0.9"}
    assert [each.post(PAGE, data=given).status_code for each in (member, stranger)] == [403, 404]
    with pytest.raises(Conflict):
        service.give_rate("payment:none", Decimal(1), ACTOR)
    with pytest.raises(Invalid):
        service.give_rate(first.source, Decimal(2_000_000), ACTOR)


def test_credit_is_paged(agency: AgencyView, owner: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    from webkit.receipts import routes
    from webkit.receipts.service import Method, RecordInput

    monkeypatch.setattr(routes, "PAGE", 1)
    monkeypatch.setattr(routes, "SHOWN", 1)
    for name in ("Anna", "Berta"):
        client = documents.client(name, f"{name}@client.example")
        service.record(RecordInput(client, Method.CASH, agencies.today(), "EUR", 500), ACTOR)
    db.release()
    assert "All credit" in owner.get("/northwind/payments/").text
    first, last = (owner.get(f"/northwind/payments/credits?page={at}").text for at in (1, 99))
    assert ("Anna" in first, "Berta" in first) == (True, False)
    assert "page=2" in first and last.count("Anna") == 0
