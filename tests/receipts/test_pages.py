"""Pages of payments: who may, what is typed, what is refused, what stands there."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import pytest

from tests.client import Browser
from tests.factories import documents, people
from webkit.accounts.models import Role
from webkit.agencies import service as agencies
from webkit.core.kernel import db
from webkit.core.kernel.directory import AgencyView
from webkit.invoices import service as invoices
from webkit.ledger import service as ledger


@pytest.fixture
def two(agency: AgencyView) -> tuple[UUID, UUID, UUID]:
    """A client and two invoices of 122.00."""
    client = documents.client()
    made = client, documents.issued("100", client_id=client), documents.issued("100", client_id=client)
    db.release()
    return made


def words(browser: Browser, path: str) -> str:
    """What a page says, without its marks."""
    return re.sub(r"<[^>]+>", "", browser.get(path).text)


def form(client: UUID, **more: str) -> dict[str, str]:
    today = agencies.today().isoformat()
    db.release()
    return {"client": str(client), "method": "bank", "day": today, "currency": "EUR", "amount": "200", **more}


def test_from_the_form_to_credit_and_back(owner: Browser, two: tuple[UUID, UUID, UUID]) -> None:
    client, first, second = two
    page = owner.get(f"/northwind/payments/new?invoice={first}").text
    assert "122.00" in page and "What it pays" in page
    sent = owner.post("/northwind/payments/new", data=form(client, **{f"part-{first}": "122", "reference": "RF18"}))
    assert sent.status_code == 303
    shown = words(owner, sent.location)
    assert "€200.00" in shown and "€78.00 of it are the client" in shown and "RF18" in shown
    listed = words(owner, "/northwind/payments/")
    assert "Partly credit" in listed and "€78.00" in listed
    invoice = owner.get(f"/northwind/invoices/{first}").text
    assert "Look at the record" in invoice and "Take off this invoice" in invoice
    assert "€78.00" in words(owner, f"/northwind/payments/credit/{client}")
    put = owner.post(f"/northwind/payments/credit/{client}/apply", data={"invoice": str(second), "amount": "78"})
    assert put.status_code == 303
    assert ledger.settled(second) == 7_800
    db.release()
    statement = words(owner, f"/northwind/statements/{client}")
    assert "Payment, thank you" in statement and "€44.00" in statement
    assert owner.post(f"{sent.location}/take-back").status_code == 303
    assert ledger.settled(first) == ledger.settled(second) == 0
    assert "Taken back" in owner.get(sent.location).text
    assert "Recorded by mistake" in owner.get(f"/northwind/statements/{client}").text


def test_too_much_credit_and_giving_back(owner: Browser, two: tuple[UUID, UUID, UUID]) -> None:
    client, first, _second = two
    owner.post("/northwind/payments/new", data=form(client))
    path = f"/northwind/payments/credit/{client}"
    over = owner.post(f"{path}/apply", data={"invoice": str(first), "amount": "123"})
    assert over.status_code == 422 and "At most €122.00 are open." in over.text and 'value="123"' in over.text
    more = owner.post(f"{path}/back", data={**form(client), "amount": "200.01"})
    assert more.status_code == 422 and "The client has €200.00 to use." in more.text
    back = owner.post(f"{path}/back", data={**form(client), "amount": "200"})
    assert back.status_code == 303
    db.release()
    assert ledger.credit(client) == {}
    assert "No credit" in owner.get(path).text


def test_what_is_wrong_is_said_and_kept(owner: Browser, two: tuple[UUID, UUID, UUID]) -> None:
    client, first, _second = two
    for values, says in (
        ({"amount": "much"}, "amount"),
        ({"amount": "0"}, "above zero"),
        ({"day": "2199-01-01"}, "A day until today"),
        ({f"part-{first}": "122.01"}, "At most €122.00 are open."),
        ({"currency": "USD"}, "What was one USD worth in EUR?"),
        ({"currency": "EURO"}, "characters"),
        ({"amount": "100", f"part-{first}": "122"}, "take €22.00 more than came"),
    ):
        answer = owner.post("/northwind/payments/new", data={**form(client, note="kept"), **values})
        assert answer.status_code == 422 and says in answer.text and "kept" in answer.text, values
    db.release()
    assert ledger.page(limit=5) == [] and invoices.get(first).received == 0


def test_twice_is_once(owner: Browser, two: tuple[UUID, UUID, UUID]) -> None:
    client, _first, _second = two
    data = form(client, once="the-same-form")
    assert (
        owner.post("/northwind/payments/new", data=data).location
        == owner.post("/northwind/payments/new", data=data).location
    )
    db.release()
    assert ledger.places() == {("bank", "EUR"): 20_000}


def test_the_same_form_twice_is_once_though_its_invoice_is_paid(owner: Browser, two: tuple[UUID, UUID, UUID]) -> None:
    client, first, _second = two
    data = form(client, once="the-same-form", **{f"part-{first}": "122"})
    sent = [owner.post("/northwind/payments/new", data=data) for _ in range(2)]
    assert [each.status_code for each in sent] == [303, 303] and sent[0].location == sent[1].location
    late = owner.post("/northwind/payments/new", data={**data, "once": "another-form", "note": "kept"})
    assert late.status_code == 422 and "no longer open" in late.text and "kept" in late.text
    db.release()
    assert ledger.places() == {("bank", "EUR"): 20_000}


def test_who_may(owner: Browser, member: Browser, stranger: Browser, two: tuple[UUID, UUID, UUID]) -> None:
    client, _first, _second = two
    made = owner.post("/northwind/payments/new", data=form(client)).location
    assert member.get("/northwind/payments/").status_code == 403
    assert member.post("/northwind/payments/new", data=form(client)).status_code == 403
    credit = f"/northwind/payments/credit/{client}"
    assert "Give it back" in owner.get(credit).text and member.get(credit).status_code == 403
    assert member.post(f"{made}/take-back").status_code == 403
    assert stranger.get(made).status_code == 404
    assert stranger.post(f"{made}/take-back").status_code == 404
    assert "No payments recorded yet" in stranger.get("/harbour-pine/payments/").text


def test_what_only_owners_may_is_shown_to_them_alone(
    owner: Browser, agency: AgencyView, browser_of: Any, two: tuple[UUID, UUID, UUID]
) -> None:
    person = people.make_person("Nora Admin", "nora@northwind.example")
    people.join(agency, person, Role.ADMIN)
    admin, client = browser_of(person), two[0]
    owner.post("/northwind/payments/new", data=form(client, amount="900.00"))
    credit = f"/northwind/payments/credit/{client}"
    assert "Give it back" in owner.get(credit).text
    assert "Give it back" not in admin.get(credit).text
    assert admin.post(f"{credit}/back", data={"amount": "1"}).status_code == 403
