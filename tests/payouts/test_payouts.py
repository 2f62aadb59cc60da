"""What is paid out to the bank: heard of or asked for, line by line, the payments in it found again."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from tests.client import Browser
from tests.factories import documents
from tests.payments import stripe
from tests.payments.test_connect import deliver, joined, pull, start
from webkit.core.capabilities.payments import PAYMENTS, PayoutLineKind, PayoutState
from webkit.core.kernel import db, tenancy, vendors
from webkit.core.kernel.directory import AgencyView
from webkit.invoices import service as invoices
from webkit.payouts import keeping, models, service
from webkit.sdk.testing.doubles.stripe import StripeDouble

Jobs = Callable[[], int]
PAGE = "/northwind/payouts"


@pytest.fixture(scope="module")
def served() -> Iterator[StripeDouble]:
    with StripeDouble(pauses=(0.05, 0.1)) as double:
        yield double


@pytest.fixture
def double(served: StripeDouble, app: Flask) -> Iterator[StripeDouble]:
    served.forget()
    with stripe.connecting(app, served, STRIPE_APPLICATION_FEE_PERCENT="1"):
        yield served
    served.calm()


@pytest.fixture
def account(agency: AgencyView, double: StripeDouble, owner: Browser) -> str:
    return joined(owner, double)


@pytest.fixture
def paid(double: StripeDouble, account: str, run_jobs: Jobs) -> UUID:
    """An invoice of 122.00 EUR that was paid, and of which 22.00 went back."""
    invoice = documents.issued("100")
    double.pay(start(invoice))
    double.refund(double.all("payment_intent", account)[0]["id"], 2_200)
    pull(run_jobs)
    return invoice


def told(double: StripeDouble, account: str) -> list[dict[str, Any]]:
    return [event for event in double.all("event", account) if event["type"].startswith("payout.")]


def only() -> service.PayoutView:
    db.release()
    (found,) = service.page()
    return found


def test_a_payout_is_reconciled_with_its_payments(
    app: Flask, double: StripeDouble, account: str, paid: UUID, run_jobs: Jobs, owner: Browser
) -> None:
    """122.00 came and 22.00 went back; 1.83 and 0.25 stay with the vendor and 1.22 with the platform."""
    made = double.pay_out(account)
    deliver(app, told(double, account))
    run_jobs()
    payout = only()
    assert (payout.state, payout.amount_minor, payout.fee_minor) == (PayoutState.PENDING, 9_670, 330)
    assert (payout.gross_minor, payout.missing_minor, payout.strange) == (10_000, 0, 0)
    _payout, lines = service.get(payout.id)
    number = invoices.get(paid).number
    assert [(line.kind, line.amount_minor, line.label, line.invoice_id) for line in lines] == [
        (PayoutLineKind.PAYMENT, 12_200, number, paid),
        (PayoutLineKind.REFUND, -2_200, number, paid),
    ]
    double.settle_payout(made["id"], account)
    deliver(app, told(double, account)[::-1] * 2)
    run_jobs()
    assert (only().state, only().id) == (PayoutState.PAID, payout.id)
    assert number in owner.get(f"{PAGE}/{payout.id}").text
    assert "Paid out" in owner.get(PAGE).text
    sheet = owner.get("/northwind/reports/payouts/sheet?table=payouts-EUR&format=csv&range=ahead").text
    assert "Reconciled" in sheet or "Given back" in owner.get("/northwind/reports/payouts").text


def test_news_that_never_came_are_asked_for(
    double: StripeDouble, account: str, paid: UUID, run_jobs: Jobs, owner: Browser
) -> None:
    assert "Nothing has been paid out yet" in owner.get(PAGE).text
    double.pay_out(account, instant=True)
    pull(run_jobs)
    assert only().state == PayoutState.PAID
    known = only()
    assert owner.post(f"{PAGE}/ask").status_code == 303
    run_jobs()
    assert only().id == known.id


def test_a_button_finds_what_nobody_told(
    double: StripeDouble, account: str, paid: UUID, run_jobs: Jobs, owner: Browser
) -> None:
    double.pay_out(account)
    owner.post(f"{PAGE}/ask")
    run_jobs()
    assert only().amount_minor == 9_670


def test_a_payout_that_comes_back_and_money_of_others(
    app: Flask, double: StripeDouble, account: str, paid: UUID, run_jobs: Jobs, owner: Browser
) -> None:
    """Something was sold on the account elsewhere: it is in the payout, and said to be none of ours."""
    elsewhere: Any = {"mode": "payment", "success_url": "https://shop.example/", "line_items": [
        {"quantity": 1, "price_data": {"currency": "eur", "unit_amount": 5_000, "product_data": {"name": "Mug"}}},
    ]}  # fmt: skip
    session = double.books.open(double.books.accounts[account], elsewhere, 5_000, "eur")
    double.pay(session["id"])
    double.dispute(double.all("payment_intent", account)[0]["id"], 1_000)
    made = double.pay_out(account)
    double.settle_payout(made["id"], account, ok=False)
    news = told(double, account)
    random.Random(3).shuffle(news)
    deliver(app, news)
    run_jobs()
    payout = only()
    assert (payout.state, payout.strange, payout.missing_minor) == (PayoutState.FAILED, 1, 0)
    _payout, lines = service.get(payout.id)
    assert sum(line.net_minor for line in lines) == payout.amount_minor
    assert [line.kind for line in lines][-1] == PayoutLineKind.DISPUTE
    page = owner.get(f"{PAGE}/{payout.id}").text
    assert "was not asked for here" in page and "Your bank did not take it" in page


def test_old_answers_change_nothing(
    double: StripeDouble, account: str, paid: UUID, run_jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job that asked earlier and writes later."""
    made = double.pay_out(account)
    pull(run_jobs)
    first = only()
    early = db.session().get(models.Payout, first.id)
    assert early is not None
    account_id, asked_at = early.account_id, early.asked_at
    vendor = vendors.find_keeper(PAYMENTS, account_id)
    db.release()
    assert vendor is not None
    provider: Any = vendor.connect()
    old = provider.payout(made["id"])
    double.settle_payout(made["id"], account)
    pull(run_jobs)
    keeping.keep(account_id, "stripe", old, asked_at)
    assert only().state == PayoutState.PAID


def test_who_sees_payouts(
    double: StripeDouble, account: str, paid: UUID, run_jobs: Jobs, member: Browser, stranger: Browser,
    other_agency: AgencyView,
) -> None:  # fmt: skip
    double.pay_out(account)
    pull(run_jobs)
    url = f"{PAGE}/{only().id}"
    assert (member.get(PAGE).status_code, member.get(url).status_code) == (403, 403)
    assert stranger.get(url).status_code == 404
    assert stranger.get(url.replace("northwind", "harbour-pine")).status_code == 404
    assert stranger.post("/harbour-pine/payouts/ask").status_code == 409
    with tenancy.tenant(other_agency.id):
        assert service.page() == []


def test_a_payout_of_an_unknown_account_is_nobodys(
    app: Flask, double: StripeDouble, account: str, paid: UUID, run_jobs: Jobs
) -> None:
    double.pay_out(account)
    deliver(app, [{**event, "account": "acct_stranger"} for event in told(double, account)])
    run_jobs()
    db.release()
    assert service.page() == []


def test_a_payout_made_by_hand(double: StripeDouble, account: str, paid: UUID, run_jobs: Jobs, owner: Browser) -> None:
    """The vendor does not say what is in it: it is kept all the same, and says so."""
    double.pay_out(account, by_hand=True)
    owner.post(f"{PAGE}/ask")
    run_jobs()
    payout = only()
    assert (payout.amount_minor, payout.missing_minor) == (9_670, 9_670)
    assert "The lines do not explain" in owner.get(f"{PAGE}/{payout.id}").text


def test_more_than_a_page_on_one_day(
    double: StripeDouble, account: str, paid: UUID, run_jobs: Jobs, owner: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    double.pay_out(account)
    second = documents.issued("100", client_id=documents.client("Other", "other@example.org"))
    double.pay(start(second))
    double.pay_out(account)
    owner.post(f"{PAGE}/ask")
    run_jobs()
    monkeypatch.setattr(service, "PAGE", 1)
    (latest,) = service.page()
    (next_one,) = service.page(latest.id)
    assert next_one.arrives_on == latest.arrives_on and next_one.id != latest.id
    assert service.page(next_one.id) == []
    assert f"{PAGE}?before={latest.id}" in owner.get(PAGE).text
