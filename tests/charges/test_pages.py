"""Staff and clients see, leave, remove, charge and confirm, in their pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from tests.charges import making
from tests.charges.making import charge, left, one, vendor_id, words
from tests.client import Browser
from tests.factories import documents
from webkit.charges import charging, collecting, mails
from webkit.charges.models import ChargeWord
from webkit.core.kernel import db, events, links
from webkit.invoices import service as invoices
from webkit.payments.service import MethodState, methods
from webkit.sdk.testing.doubles.stripe import AUTHENTICATED_CARD, StripeDouble

BASE = "/northwind/charges"
Jobs = Callable[[], Any]


@db.writes
def page_of(client_id: UUID) -> str:
    return "/m/" + mails.methods_url(client_id).rpartition("/")[2]


def test_a_client_leaves_and_removes_a_card(
    anonymous: Browser, client_id: UUID, double: StripeDouble, run_jobs: Jobs
) -> None:
    here = page_of(client_id)
    db.release()
    shown = anonymous.get(here)
    assert "I allow" in shown.text and "You have left none" in shown.text
    assert shown.headers["X-Robots-Tag"].startswith("noindex")
    refused = anonymous.post(f"{here}/leave", data={})
    assert refused.status_code == 422 and "Please tick this first" in refused.text
    answer = anonymous.post(f"{here}/leave", data={"agree": "yes"})
    assert answer.status_code == 303 and answer.location.startswith(double.url)
    double.leave_method(answer.location.rpartition("/")[2])
    assert "Visa •••• 4242" in anonymous.get(f"{here}?back=1").text
    db.release()
    (found,) = methods.of_client(client_id)
    assert "I allow" in found.words
    agreed = next(e for e in events.timeline(events.ref("client", client_id)) if e.kind == "method.agreed")
    assert agreed.personal["address"] and agreed.facts["words_sha256"]
    assert anonymous.post(f"{here}/remove/{found.id}").status_code == 303
    run_jobs()
    db.release()
    assert methods.get(found.id).state is MethodState.REMOVED
    assert double.all("payment_method")[0]["customer"] is None


def test_a_client_removes_none_of_another_client(anonymous: Browser, client_id: UUID, double: StripeDouble) -> None:
    theirs = left(double, documents.client("Somebody else", "else@example.org"))
    here = page_of(client_id)
    db.release()
    assert anonymous.post(f"{here}/remove/{theirs}").status_code == 404
    db.release()
    assert methods.get(theirs).usable


def test_staff_ask_and_remove(
    owner: Browser, client_id: UUID, double: StripeDouble, outbox_mails: Any, run_jobs: Jobs
) -> None:
    method = left(double, client_id)
    page = f"{BASE}/clients/{client_id}"
    shown = owner.get(page)
    assert "Visa •••• 4242" in shown.text and "I agree." in shown.text
    assert owner.post(f"{page}/invite").status_code == 303
    run_jobs()
    assert any("asks you for a payment method" in mail.entry.subject for mail in outbox_mails())
    assert owner.post(f"{BASE}/methods/{method}/remove").status_code == 303
    assert "Removed" in owner.get(page).text
    assert "Payment methods" in owner.get(f"/northwind/clients/{client_id}").text


def test_staff_charge_in_two_tabs(
    owner: Browser, invoice: UUID, client_id: UUID, double: StripeDouble, run_jobs: Jobs
) -> None:
    method = left(double, client_id)
    page = f"{BASE}/invoices/{invoice}"
    assert "Visa •••• 4242" in owner.get(page).text
    for _tab in range(2):
        assert owner.post(page, data={"method": str(method), "attempt": "1"}).status_code == 303
    run_jobs()
    assert words(invoice) == ["paid"]
    shown = owner.get(page).text
    assert "Paid" in shown and "There is nothing to charge" in shown
    late = owner.post(page, data={"method": str(method), "attempt": "2"})
    assert late.status_code == 409 and "Nothing is to be paid" in late.text
    assert "are charged to Visa •••• 4242" in owner.get(f"/northwind/invoices/{invoice}").text


def test_what_is_wrong_is_said(
    owner: Browser, invoice: UUID, client_id: UUID, double: StripeDouble, run_jobs: Jobs
) -> None:
    page = f"{BASE}/invoices/{invoice}"
    assert "has left no payment method" in owner.get(page).text
    assert owner.post(page, data={"method": "x", "attempt": "1"}).status_code == 422
    method = left(double, client_id)
    double.bank_says(vendor_id(method), "insufficient_funds")
    charge(invoice, method)
    run_jobs()
    assert "There was not enough money" in owner.get(page).text


def test_a_charge_is_confirmed_by_its_payer(
    anonymous: Browser, invoice: UUID, client_id: UUID, double: StripeDouble, run_jobs: Jobs
) -> None:
    charge_id = charge(invoice, left(double, client_id, AUTHENTICATED_CARD))
    run_jobs()
    db.release()
    here = f"/a/{links.token_for(charging.LINK, charge_id)}"
    db.release()
    assert "Confirm with your bank" in anonymous.get(here).text
    double.trouble(on="POST /v1/payment_intents", status=500)
    silent = anonymous.post(f"{here}/confirm")
    assert silent.status_code == 503 and "did not answer" in silent.text
    answer = anonymous.post(f"{here}/confirm")
    assert answer.status_code == 303 and "/3ds/" in answer.location
    assert "Not confirmed yet" in anonymous.get(f"{here}?back=1").text
    double.authenticate(answer.location.rpartition("/")[2])
    assert "Paid. Thank you." in anonymous.get(f"{here}?back=1").text
    assert one(charge_id).word is ChargeWord.PAID
    assert anonymous.post(f"{here}/confirm").location.endswith(here)


def test_a_charge_of_an_invoice_that_is_paid_meanwhile_is_not_confirmed(
    anonymous: Browser, invoice: UUID, client_id: UUID, double: StripeDouble, run_jobs: Jobs
) -> None:
    charge_id = charge(invoice, left(double, client_id, AUTHENTICATED_CARD))
    run_jobs()
    db.release()
    page = invoices.pay(invoice, "token").rpartition("/")[2]
    double.pay(page)
    making.pull()
    run_jobs()
    db.release()
    here = f"/a/{links.token_for(charging.LINK, charge_id)}"
    db.release()
    assert "Nothing to confirm any more" in anonymous.get(here).text


def test_a_card_is_kept_when_an_invoice_is_paid(
    app: Flask, anonymous: Browser, invoice: UUID, client_id: UUID, double: StripeDouble, run_jobs: Jobs
) -> None:
    here = f"/i/{links.token_for('i', invoice)}"
    db.release()
    assert "I allow" in anonymous.get(here).text
    plain = anonymous.post(f"{here}/pay").location
    kept = anonymous.post(f"{here}/pay", data={"keep": "yes"}).location
    assert plain != kept == anonymous.post(f"{here}/pay", data={"keep": "yes"}).location
    double.pay(kept.rpartition("/")[2])
    making.deliver(app, double)
    run_jobs()
    db.release()
    (found,) = methods.of_client(client_id)
    assert found.usable and "I allow" in found.words
    assert double.session(plain.rpartition("/")[2])["status"] == "expired"


def test_when_it_is_charged_by_itself(owner: Browser, invoice: UUID, client_id: UUID, double: StripeDouble) -> None:
    left(double, client_id)
    assert "3, 7" in owner.get(f"{BASE}/").text
    for wrong in ("x", "0", "3, 99", "1,2,3,4,5,6"):
        refused = owner.post(f"{BASE}/", data={"lead": "5", "after": wrong, "hour": "10"})
        assert refused.status_code == 422 and wrong in refused.text
    assert owner.post(f"{BASE}/", data={"lead": "5", "after": "2 4", "hour": "10"}).status_code == 303
    db.release()
    assert collecting.schedule().after == (2, 4)
    db.release()
    assert owner.post(f"{BASE}/invoices/{invoice}/collect").status_code == 303
    assert "next on" in owner.get(f"{BASE}/invoices/{invoice}").text
    assert "INV-" in owner.get(f"{BASE}/").text
    assert owner.post(f"{BASE}/invoices/{invoice}/stop").status_code == 303
    assert "was stopped" in owner.get(f"{BASE}/invoices/{invoice}").text


@pytest.mark.parametrize("path", ["/", "/clients/{client}", "/invoices/{invoice}"])
def test_strangers_and_members(stranger: Browser, member: Browser, invoice: UUID, client_id: UUID, path: str) -> None:
    path = BASE + path.format(client=client_id, invoice=invoice)
    assert stranger.get(path).status_code == 404
    assert member.get(path).status_code == 403
