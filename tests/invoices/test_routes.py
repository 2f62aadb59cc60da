"""Invoice pages: who may see them, wrong input, and the client's page from opening to paid."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from tests.client import Browser
from tests.factories import documents
from webkit.core.capabilities.errors import ProviderUnavailable
from webkit.core.capabilities.payments import PAYMENTS, CheckoutStatus
from webkit.core.kernel import db, links
from webkit.core.kernel import runtime as runtimes
from webkit.core.kernel.directory import AgencyView
from webkit.invoices import service
from webkit.invoices.models import InvoiceState

AGENT = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/145.0"}


def _form(client: object, **changes: Any) -> dict[str, Any]:
    return {
        "client_id": str(client),
        "title": "Online shop",
        "payment_days": "14",
        "note": "",
        "once": "once-1",
        "line_description": ["Design", ""],
        "line_quantity": ["2", ""],
        "line_price": ["150.00", ""],
        "line_rate": ["", ""],
        **changes,
    }


def _text(response: Any) -> str:
    """What stands on a page, without its tags."""
    return re.sub(r"<[^>]+>", "", response.text)


def _public(invoice_id: Any) -> str:
    token = links.token_for("i", invoice_id)
    db.release()
    return f"/i/{token}"


def test_an_owner_drafts_issues_and_sees_it(owner: Browser, agency: AgencyView) -> None:
    client_id = documents.client()
    made = owner.post("/northwind/invoices/new", data=_form(client_id))
    assert made.status_code == 303
    page = owner.get(made.location)
    assert "€366.00" in _text(page) and "It has no number yet" in page.text
    issued = owner.post(f"{made.location}/issue")
    assert issued.status_code == 303
    page = owner.get(made.location)
    assert re.search(r"INV-\d{4}-0001", page.text)
    assert owner.get(f"{made.location}/pdf").data.startswith(b"%PDF-")


def test_the_same_form_twice_is_one_invoice(owner: Browser, agency: AgencyView) -> None:
    client_id = documents.client()
    first, second = (owner.post("/northwind/invoices/new", data=_form(client_id)).location for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"title": ""}, "Please fill this in"),
        ({"title": "x" * 201}, "At most 200 characters"),
        ({"client_id": "nobody"}, "choose one of the offered"),
        ({"payment_days": "-1"}, "At least 0"),
        ({"line_price": ["12,5x", ""]}, "“x” does not belong here"),
        ({"line_price": ["1e300", ""]}, "is not an amount"),
        ({"line_price": ["9" * 30, ""]}, "too large"),
        ({"line_description": ["", ""], "line_quantity": ["", ""], "line_price": ["", ""]}, "at least one line"),
        ({"line_rate": ["made-up", ""]}, "no rate"),
        ({"title": "a\x07b"}, "cannot be printed"),
    ],
)
def test_wrong_input_says_what_and_keeps_the_rest(
    owner: Browser, agency: AgencyView, changes: dict[str, Any], words: str
) -> None:
    client_id = documents.client()
    answer = owner.post("/northwind/invoices/new", data=_form(client_id, note="Keep me", **changes))
    assert answer.status_code == 422
    assert words in answer.text and "Keep me" in answer.text
    assert service.page(limit=5) == []


@pytest.mark.parametrize(
    ("revision", "code"), [("1.0", 303), ("", 409), ("9" * 40, 422), ("-1", 422), ("x", 422), ("2", 409)]
)
def test_the_revision_of_a_form_is_read_like_every_field(
    owner: Browser, agency: AgencyView, revision: str, code: int
) -> None:
    client_id = documents.client()
    draft = documents.draft("100", client_id=client_id)
    answer = owner.post(f"/northwind/invoices/{draft}/edit", data=_form(client_id, revision=revision))
    assert answer.status_code == code


def test_coming_back_while_the_vendor_is_away(
    anonymous: Browser, agency: AgencyView, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The money may be there: the page says that it waits, not that something broke."""
    page = _public(documents.issued("100"))
    anonymous.post(f"{page}/pay")

    def away(self: object, id: str) -> CheckoutStatus:
        raise ProviderUnavailable("no connection", provider="local")

    monkeypatch.setattr(type(runtimes.of(app).registry.get(PAYMENTS)), "get_checkout", away)
    assert anonymous.get(f"{page}?back=1").status_code == 200


def test_hostile_text_is_shown_as_text(owner: Browser, agency: AgencyView) -> None:
    client_id = documents.client()
    hostile = "<script>alert(1)</script>"
    made = owner.post("/northwind/invoices/new", data=_form(client_id, title=hostile, line_description=[hostile, ""]))
    assert hostile not in owner.get(made.location).text
    owner.post(f"{made.location}/issue")
    invoice = service.page(limit=1)[0]
    page = owner.get(_public(invoice.id)).text
    assert hostile not in page and "&lt;script&gt;" in page


def test_strangers_and_colleagues_of_others_see_nothing(
    owner: Browser, stranger: Browser, anonymous: Browser, agency: AgencyView
) -> None:
    invoice_id = documents.issued("10")
    path = f"/northwind/invoices/{invoice_id}"
    assert stranger.get(path).status_code == 404
    assert stranger.post(f"{path}/issue").status_code == 404
    assert anonymous.get(path).status_code == 303
    assert stranger.get(f"/harbour-pine/invoices/{invoice_id}").status_code == 404
    assert stranger.get(f"/api/invoices/{invoice_id}/pdf").status_code == 404
    assert owner.get(f"/api/invoices/{invoice_id}/pdf").status_code == 200


def test_a_form_from_another_site_is_refused(owner: Browser, agency: AgencyView) -> None:
    invoice_id = documents.draft("10")
    path = f"/northwind/invoices/{invoice_id}/issue"
    assert owner.post(path, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert service.get(invoice_id).state == InvoiceState.DRAFT


def test_totals_while_typing(owner: Browser, agency: AgencyView) -> None:
    answer = owner.post("/northwind/invoices/totals", data=_form(documents.client()), headers={"HX-Request": "true"})
    assert "366.00" in _text(answer) and "<html" not in answer.text


def test_a_client_opens_pays_and_comes_back(
    anonymous: Browser, agency: AgencyView, app: Flask, run_jobs: Callable[[], int]
) -> None:
    invoice_id = documents.issued("100")
    run_jobs()
    path = _public(invoice_id)
    page = anonymous.get(path, headers=AGENT)
    assert page.status_code == 200 and "Pay €122.00" in page.text
    assert page.headers["X-Robots-Tag"].startswith("noindex")
    db.release()
    assert service.get(invoice_id).view_count == 1
    checkout = anonymous.post(f"{path}/pay")
    assert checkout.status_code == 303 and "/x/payments_local/checkout/" in checkout.location
    at_vendor = checkout.location.removeprefix(runtimes.of(app).settings.base_url)
    assert anonymous.post(f"{at_vendor}/pay").status_code == 303
    back = anonymous.get(f"{path}?back=1", headers=AGENT)
    assert "Paid. Thank you." in back.text
    db.release()
    assert service.get(invoice_id).state == InvoiceState.PAID
    assert anonymous.post(f"{path}/pay").location.endswith(path)


def test_a_failed_payment_can_be_tried_again(anonymous: Browser, agency: AgencyView, app: Flask) -> None:
    invoice_id = documents.issued("100")
    path = _public(invoice_id)
    base = runtimes.of(app).settings.base_url
    at_vendor = anonymous.post(f"{path}/pay").location.removeprefix(base)
    anonymous.post(f"{at_vendor}/fail")
    assert "did not go through" in anonymous.get(f"{path}?back=1", headers=AGENT).text
    again = anonymous.post(f"{path}/pay").location.removeprefix(base)
    anonymous.post(f"{again}/pay")
    assert "Paid. Thank you." in anonymous.get(f"{path}?back=1", headers=AGENT).text


def test_links_that_do_not_open(anonymous: Browser, agency: AgencyView) -> None:
    invoice_id = documents.issued("10")
    path = _public(invoice_id)
    assert anonymous.get("/i/AAAAAAAAAAAAAAAAAAAAAA").status_code == 404
    with db.writing():
        links.revoke("i", invoice_id)
    closed = anonymous.get(path)
    assert closed.status_code == 410 and "Northwind Studio" in closed.text
    assert anonymous.post(f"{path}/pay").status_code == 410


def test_staff_and_scanners_are_not_readers(owner: Browser, anonymous: Browser, agency: AgencyView) -> None:
    invoice_id = documents.issued("10")
    path = _public(invoice_id)
    owner.get(path, headers=AGENT)
    anonymous.get(path, headers={"User-Agent": "Mozilla/5.0 (compatible; LinkScanner/1.0)"})
    anonymous.head(path, headers=AGENT)
    db.release()
    assert service.get(invoice_id).view_count == 0


@pytest.mark.parametrize("view", ["all", "draft", "issued", "overdue", "paid", "nonsense"])
def test_lists(owner: Browser, agency: AgencyView, view: str) -> None:
    documents.issued("10")
    assert owner.get(f"/northwind/invoices/?view={view}").status_code == 200
