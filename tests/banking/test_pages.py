"""From the file of the bank to the paid invoice: once, however often, and only when somebody says so."""

from __future__ import annotations

import io
import re
from uuid import UUID

import pytest

from tests.banking.test_reading import DETAIL, camt, entry
from tests.client import Browser
from tests.factories import documents
from webkit.banking import models, service
from webkit.banking.models import LineState
from webkit.core.kernel import db
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import Conflict
from webkit.invoices import service as invoices
from webkit.invoices.models import InvoiceState
from webkit.ledger import service as ledger


@pytest.fixture
def invoice(agency: AgencyView) -> UUID:
    made = documents.issued("100")
    db.release()
    return made


def upload(browser: Browser, body: bytes) -> str:
    sent = browser.post("/northwind/bank/", data={"file": (io.BytesIO(body), "march.xml")})
    assert sent.status_code == 303, sent.text
    db.release()
    return browser.get("/northwind/bank/").text


def statement(number: str) -> bytes:
    named = DETAIL.format(amount="", text=f"Rechnung {number}")
    other = DETAIL.format(amount="", text="Thanks for all the fish").replace("Caffè Olmo S.r.l.", "Nobody")
    return camt(entry(details=named), entry("7.00", key="B2", details=other), entry(sign="DBIT", key="B3"))


def test_a_line_is_matched_confirmed_and_booked_once(owner: Browser, invoice: UUID) -> None:
    number = invoices.get(invoice).number
    db.release()
    page = upload(owner, statement(number))
    assert number in page and "Confirm" in page and "Nobody" in page
    assert invoices.get(invoice).state == InvoiceState.ISSUED, "nobody has said anything yet"
    db.release()
    upload(owner, statement(number))
    upload(owner, statement(number) + b" ")
    assert len(service.page(LineState.OPEN, 9)) == 2, "the same statement twice is once"
    named = next(line for line in service.page(LineState.OPEN, 9) if line.suggestion)
    db.release()
    fields = dict(re.findall(r'name="(client|part-[^"]+)" value="([^"]+)"', page))
    for _ in range(2):
        assert owner.post(f"/northwind/bank/{named.id}/record", data=fields).status_code == 303
    db.release()
    assert invoices.get(invoice).state == InvoiceState.PAID
    assert ledger.places() == {("bank", "EUR"): 12_200}
    assert [line.name for line in service.page(LineState.OPEN, 9)] == ["Nobody"], "what nobody knows stays"
    with pytest.raises(Conflict):
        service.ignore(named.id)
    db.release()
    assert number in owner.get("/northwind/bank/?state=recorded").text
    (receipt,) = ledger.page(limit=5)
    db.release()
    early = owner.post(f"/northwind/bank/{named.id}/ignore", data={"again": "1"})
    assert early.headers["Location"].endswith(f"/payments/{receipt.id}"), "there it can be taken back"
    owner.post(f"/northwind/payments/{receipt.id}/take-back")
    assert owner.post(f"/northwind/bank/{named.id}/ignore", data={"again": "1"}).status_code == 303
    assert owner.post(f"/northwind/bank/{named.id}/record", data=fields).status_code == 303
    db.release()
    assert invoices.get(invoice).state == InvoiceState.PAID and ledger.places() == {("bank", "EUR"): 12_200}


def test_a_line_is_given_to_somebody_or_put_aside(owner: Browser, invoice: UUID) -> None:
    client = invoices.get(invoice).client_id
    db.release()
    upload(owner, b"Date,Amount,Text,IBAN\n2026-03-31,50.00,?,DE1\n2026-03-30,1.00,!,DE2\n")
    small, large = sorted(service.page(LineState.OPEN, 9), key=lambda line: line.amount_minor)
    db.release()
    path = f"/northwind/bank/{large.id}"
    assert "122.00" in owner.get(f"{path}?client={client}").text
    over = owner.post(f"{path}/record", data={"client": str(client), f"part-{invoice}": "50.01"})
    assert over.status_code == 422 and "more than came" in over.text and 'value="50.01"' in over.text
    assert owner.post(f"{path}/record", data={}).status_code == 422
    assert owner.post(f"{path}/record", data={"client": str(client), f"part-{invoice}": "50"}).status_code == 303
    assert owner.post(f"/northwind/bank/{small.id}/ignore").status_code == 303
    db.release()
    assert service.page(LineState.OPEN, 9) == [] and invoices.get(invoice).received == 5_000
    assert [line.id for line in service.page(LineState.IGNORED, 9)] == [small.id]
    assert models.payers({"DE1", "DE2"}) == {"DE1": client}, "whose account it is, is known from now on"


def test_who_may_and_what_is_refused(owner: Browser, member: Browser, stranger: Browser, invoice: UUID) -> None:
    assert member.get("/northwind/bank/").status_code == 403
    assert stranger.get("/northwind/bank/").status_code == 404
    wrong = owner.post("/northwind/bank/", data={"file": (io.BytesIO(b"<!DOCTYPE a><a/>"), "x.xml")})
    assert wrong.status_code == 422 and "document type" in wrong.text
    assert owner.post("/northwind/bank/", data={}).status_code == 422
    upload(owner, b"Date,Amount\n2026-03-31,50.00\n")
    (line,) = service.page(LineState.OPEN, 9)
    db.release()
    assert stranger.post(f"/harbour-pine/bank/{line.id}/ignore").status_code == 404


def test_the_name_of_a_file_may_be_anything(owner: Browser, invoice: UUID) -> None:
    service.take("a\x00b\ud800" + "c" * 300, b"Date,Amount\n2026-03-31,50.00\n")
    assert len(service.page(LineState.OPEN, 9)) == 1


def test_a_line_in_another_currency_asks_what_it_was_worth(owner: Browser, invoice: UUID) -> None:
    client = invoices.get(invoice).client_id
    db.release()
    upload(owner, b"Date,Amount,Currency\n2026-03-31,130.00,USD\n")
    (line,) = service.page(LineState.OPEN, 9)
    db.release()
    path, data = f"/northwind/bank/{line.id}", {"client": str(client), f"part-{invoice}": "122"}
    assert 'name="rate"' in owner.get(f"{path}?client={client}").text
    for rate in ("", "0", "-1", "much"):
        refused = owner.post(f"{path}/record", data={**data, "rate": rate})
        assert refused.status_code == 422 and 'value="122"' in refused.text
    assert owner.post(f"{path}/record", data={**data, "rate": "0.95"}).status_code == 303
    db.release()
    assert invoices.get(invoice).state == InvoiceState.PAID and ledger.places() == {("bank", "USD"): 13_000}


def test_a_second_line_for_what_is_paid_already_is_not_made_credit_unsaid(owner: Browser, invoice: UUID) -> None:
    number, client = invoices.get(invoice).number, invoices.get(invoice).client_id
    db.release()
    details = [DETAIL.format(amount="", text=f"Rechnung {number} {which}") for which in ("one", "two")]
    upload(owner, camt(*(entry(details=each, key=f"B{place}") for place, each in enumerate(details))))
    lines = service.page(LineState.OPEN, 9)
    db.release()
    data = {"client": str(client), f"part-{invoice}": "122"}
    answers = [owner.post(f"/northwind/bank/{line.id}/record", data=data) for line in lines]
    assert [answer.status_code for answer in answers] == [303, 422]
    assert "no longer open" in answers[1].text
    db.release()
    assert ledger.credit(client) == {}
