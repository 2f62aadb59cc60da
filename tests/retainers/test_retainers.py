"""A client's retainer, from the offer to the ledger: whatever is heard, doubled or lost, each bill is one invoice."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextvars import Context
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from tests.client import Browser
from tests.factories import documents
from tests.payments import stripe
from webkit.agencies import service as agencies
from webkit.core.capabilities.retainers import BillState, RetainerBill, RetainerState, RetainerStatus
from webkit.core.capabilities.subscriptions import Interval
from webkit.core.kernel import clock, db, events, ids, links
from webkit.core.kernel.errors import Conflict, DomainError
from webkit.invoices import service as invoices
from webkit.invoices.service import Figures
from webkit.ledger import service as ledger
from webkit.payments import service as payments
from webkit.retainers import billing, jobs, models, selling
from webkit.retainers.models import Word
from webkit.retainers.selling import RetainerInput
from webkit.sdk.testing.doubles.stripe import StripeDouble

TOTAL, ACTOR, BASE = 12_200, "user:test", "/northwind/retainers"
HERE = "https://agency.example/r/token"
Jobs = Callable[[], Any]


def offer(start: date | None = None) -> UUID:
    """100.00 and tax a month."""
    client_id = documents.client(email=f"{ids.token()}@caffeolmo.example")
    given = _input(client_id, start)
    retainer_id = selling.offer(given, ACTOR)
    db.release()
    return retainer_id


def _input(client_id: UUID, start: date | None = None) -> RetainerInput:
    profile = agencies.profile()
    figures = Figures(habits=profile.habits)
    (line,) = documents.invoice_input(client_id, "100").lines
    total = invoices.price([line], profile, figures).totals.payable
    return RetainerInput(client_id, "Website care", (line,), figures, total, Interval.MONTH, start)


def accept(retainer_id: UUID) -> str:
    """Press Accept; the id of the page at the vendor."""
    url = selling.accept(retainer_id, HERE)
    db.release()
    return url.rpartition("/")[2]


def word(retainer_id: UUID) -> Word:
    db.release()
    return selling.get(retainer_id).state


def begun(double: StripeDouble, retainer_id: UUID) -> str:
    """Accepted and paid; the vendor's name of it."""
    session = double.begin_subscription(accept(retainer_id))
    return str(session["subscription"])


def sync(retainer_id: UUID) -> None:
    db.release()
    selling.sync(retainer_id)
    db.release()


def billed(retainer_id: UUID) -> list[tuple[str, str, list[str]]]:
    """Of each bill: how our invoice stands, why it was held, how its payments stand."""
    db.release()
    rows = selling.bills(retainer_id)
    found = []
    for row in rows:
        assert row.invoice_id is not None
        paid = payments.of(events.ref("invoice", row.invoice_id))
        state = invoices.get(row.invoice_id).state.value
        found.append((state, row.held, [each.state.value for each in paid]))
    return found


def one_invoice(retainer_id: UUID) -> UUID:
    db.release()
    (row,) = selling.bills(retainer_id)
    assert row.invoice_id is not None
    return row.invoice_id


def told(double: StripeDouble, account: str) -> list[dict[str, Any]]:
    return [e for e in double.all("event", account) if e["type"].startswith(("checkout", "customer.sub", "invoice"))]


def deliver(app: Flask, found: list[dict[str, Any]]) -> None:
    for event in found:
        assert Context().run(stripe.post, app, event, secret=stripe.CONNECT_SECRET).status_code == 200


PAID = ("paid", "", ["succeeded"])


def test_it_is_offered_accepted_paid_and_billed_once(
    app: Flask, account: str, double: StripeDouble, run_jobs: Jobs, outbox_mails: Any
) -> None:
    retainer_id = offer()
    run_jobs()
    assert any("Website care: an offer" in mail.entry.subject for mail in outbox_mails())
    token = links.token_for(selling.LINK, retainer_id)
    browser = app.test_client()
    assert "Accept and pay" in Context().run(browser.get, f"/r/{token}").text
    gone = Context().run(browser.post, f"/r/{token}/accept")
    assert gone.status_code == 303
    double.begin_subscription(urlsplit(gone.location).path.rpartition("/")[2])
    assert "It is running" in Context().run(browser.get, f"/r/{token}?back=1").text
    deliver(app, [*told(double, account), *told(double, account)])
    run_jobs()
    sync(retainer_id)
    assert word(retainer_id) is Word.ACTIVE and billed(retainer_id) == [PAID]
    assert ledger.settled(one_invoice(retainer_id)) == TOTAL


def test_two_clicks_open_one_page(account: str, double: StripeDouble) -> None:
    retainer_id = offer()
    assert accept(retainer_id) == accept(retainer_id)
    assert len(double.all("checkout.session", account)) == 1
    (session,) = double.all("checkout.session", account)
    double.expire(session["id"])
    with clock.frozen(clock.now() + timedelta(days=2)):
        assert accept(retainer_id) != session["id"]


def test_lost_webhooks_are_made_up_for(app: Flask, account: str, double: StripeDouble, run_jobs: Jobs) -> None:
    retainer_id = offer()
    held = begun(double, retainer_id)
    double.next_period(held)
    with clock.frozen(clock.now() + timedelta(hours=2)):
        jobs.sweep(None)  # type: ignore[arg-type]
        run_jobs()
    assert word(retainer_id) is Word.ACTIVE and billed(retainer_id) == [PAID] * 2


@pytest.mark.parametrize("seed", range(2))
def test_shuffled_doubled_and_lost_webhooks_end_in_the_same(
    seed: int, app: Flask, account: str, double: StripeDouble, run_jobs: Jobs
) -> None:
    retainer_id = offer()
    held = begun(double, retainer_id)
    double.next_period(held, ok=False)
    double.pay_invoice(held)
    double.next_period(held)
    found = told(double, account)
    chance = random.Random(seed)
    found = [each for each in [*found, *found] if chance.random() > 0.3]
    chance.shuffle(found)
    deliver(app, found or told(double, account)[-1:])
    run_jobs()
    assert word(retainer_id) is Word.ACTIVE and billed(retainer_id) == [PAID] * 3


def test_a_payment_that_fails_is_told_and_nobody_pays_twice(account: str, double: StripeDouble) -> None:
    retainer_id = offer()
    held = begun(double, retainer_id)
    double.next_period(held, ok=False)
    sync(retainer_id)
    assert word(retainer_id) is Word.PAST_DUE
    assert billed(retainer_id) == [PAID, ("issued", "", ["pending"])]
    bill = selling.bills(retainer_id)[-1]
    assert bill.next_try is not None and bill.invoice_id is not None
    with pytest.raises(Conflict, match="on its way"):
        invoices.pay(bill.invoice_id, "token")
    db.release()
    double.pay_invoice(held)
    sync(retainer_id)
    assert word(retainer_id) is Word.ACTIVE and billed(retainer_id) == [PAID] * 2


def failures(mails: Callable[[], list[Any]], run_jobs: Jobs) -> list[Any]:
    db.release()
    run_jobs()
    return [mail for mail in mails() if mail.entry.subject.endswith("did not come")]


def test_a_try_that_fails_is_written_about_once_to_both_sides(
    account: str,
    double: StripeDouble,
    run_jobs: Jobs,
    outbox_mails: Callable[[], list[Any]],
    anonymous: Browser,
) -> None:
    retainer_id = offer()
    held = begun(double, retainer_id)
    double.next_period(held, ok=False)
    for _again in range(3):
        sync(retainer_id)
    found = failures(outbox_mails, run_jobs)
    assert len(found) == 2
    written = "\n".join(mail.text for mail in found)
    assert "€122.00" in written and "tried again on" in written and f"{BASE}/{retainer_id}" in written
    token = links.token_for(selling.LINK, retainer_id)
    assert token and links.url(selling.LINK, token) in written
    db.release()
    page = anonymous.get(f"/r/{token}").get_data(as_text=True)
    assert "A payment is missing" in page and f"{double.url}/i/{held}" in page
    double.fail_again(held)
    sync(retainer_id)
    assert len(failures(outbox_mails, run_jobs)) == 4
    double.pay_invoice(held)
    for _again in range(2):
        sync(retainer_id)
    assert word(retainer_id) is Word.ACTIVE
    assert len(failures(outbox_mails, run_jobs)) == 4
    assert "Pay what is open" not in anonymous.get(f"/r/{token}").get_data(as_text=True)


def test_ended_at_once_what_is_open_can_be_paid_by_its_invoice(account: str, double: StripeDouble) -> None:
    retainer_id = offer()
    double.next_period(begun(double, retainer_id), ok=False)
    sync(retainer_id)
    selling.end(retainer_id, ACTOR, now=True)
    assert word(retainer_id) is Word.ENDED
    assert billed(retainer_id) == [PAID, ("issued", "", ["bounced"])]
    assert double.all("latest_invoice", account)[-1]["status"] == "void"
    bill = selling.bills(retainer_id)[-1]
    assert bill.invoice_id and "/c/pay/" in invoices.pay(bill.invoice_id, "token")


def test_paused_nothing_is_billed(account: str, double: StripeDouble) -> None:
    retainer_id = offer()
    held = begun(double, retainer_id)
    sync(retainer_id)
    selling.pause(retainer_id, ACTOR)
    assert word(retainer_id) is Word.PAUSED
    double.next_period(held)
    sync(retainer_id)
    assert word(retainer_id) is Word.PAUSED and billed(retainer_id) == [PAID]
    selling.resume(retainer_id, ACTOR)
    double.next_period(held)
    sync(retainer_id)
    assert word(retainer_id) is Word.ACTIVE and billed(retainer_id) == [PAID] * 2


def test_it_ends_with_the_period(account: str, double: StripeDouble) -> None:
    retainer_id = offer()
    held = begun(double, retainer_id)
    sync(retainer_id)
    selling.end(retainer_id, ACTOR, now=False)
    assert word(retainer_id) is Word.ENDING
    selling.resume(retainer_id, ACTOR)
    assert word(retainer_id) is Word.ACTIVE
    selling.end(retainer_id, ACTOR, now=False)
    double.next_period(held)
    sync(retainer_id)
    assert word(retainer_id) is Word.ENDED and billed(retainer_id) == [PAID]
    with pytest.raises(Conflict):
        selling.pause(retainer_id, ACTOR)


def test_another_amount_stays_a_draft_until_it_is_the_same(account: str, double: StripeDouble) -> None:
    retainer_id = offer()
    begun(double, retainer_id)
    (theirs,) = double.books.accounts[account].all("latest_invoice").values()
    theirs["amount_due"] = 9_900
    sync(retainer_id)
    (found,) = billed(retainer_id)
    assert found[0] == "draft" and "99.00" in found[1] and found[2] == []
    theirs["amount_due"] = TOTAL
    sync(retainer_id)
    assert billed(retainer_id) == [PAID]


def test_a_draft_that_was_deleted_is_not_made_again(account: str, double: StripeDouble) -> None:
    retainer_id = offer()
    begun(double, retainer_id)
    (theirs,) = double.books.accounts[account].all("latest_invoice").values()
    theirs["currency"] = "usd"
    sync(retainer_id)
    invoices.delete_draft(one_invoice(retainer_id))
    sync(retainer_id)
    (row,) = selling.bills(retainer_id)
    assert "deleted" in row.held and row.payment_id is None


def test_refunds_go_on_as_for_other_payments(app: Flask, account: str, double: StripeDouble, run_jobs: Jobs) -> None:
    retainer_id = offer()
    begun(double, retainer_id)
    sync(retainer_id)
    (intent,) = double.all("payment_intent", account)
    double.refund(intent["id"])
    deliver(app, [e for e in double.all("event", account) if e["type"].startswith("refund")])
    run_jobs()
    (state, _held, paid) = billed(retainer_id)[0]
    assert (state, paid) == ("refunded", ["refunded"])


def test_the_account_is_left_between(app: Flask, account: str, double: StripeDouble, run_jobs: Jobs) -> None:
    retainer_id = offer()
    begun(double, retainer_id)
    news = told(double, account)
    double.leave(account)
    deliver(app, news)
    run_jobs()
    row = selling.get(retainer_id)
    assert row.state is Word.OFFERED and "out of reach" in row.problem
    assert selling.bills(retainer_id) == []


def test_late_answers_change_nothing(account: str, double: StripeDouble) -> None:
    retainer_id = offer()
    accept(retainer_id)
    old, new = selling._ask(retainer_id), selling._ask(retainer_id)
    now = clock.now()
    status = RetainerStatus("sub_1", RetainerState.ACTIVE, now, now)
    assert selling._take(retainer_id, new, (status,))
    assert not selling._take(retainer_id, old, (RetainerStatus("sub_1", RetainerState.ENDED, now, now),))
    assert word(retainer_id) is Word.ACTIVE
    bill = RetainerBill("in_1", BillState.OPEN, TOTAL, "EUR", now)
    billing.take(retainer_id, bill, old)
    assert selling.bills(retainer_id) == []


def test_an_offer_is_withdrawn_or_was_accepted(account: str, double: StripeDouble) -> None:
    retainer_id = offer()
    page = accept(retainer_id)
    selling.withdraw(retainer_id, ACTOR)
    assert word(retainer_id) is Word.ENDED and double.session(page)["status"] == "expired"
    with pytest.raises(Conflict):
        selling.accept(retainer_id, HERE)
    db.release()
    faster = offer()
    begun(double, faster)
    with pytest.raises(Conflict):
        selling.withdraw(faster, ACTOR)
    assert word(faster) is Word.ACTIVE


def test_it_begins_later(account: str, double: StripeDouble) -> None:
    retainer_id = offer(agencies.today() + timedelta(days=10))
    held = begun(double, retainer_id)
    sync(retainer_id)
    assert word(retainer_id) is Word.ACTIVE and billed(retainer_id) == []
    double.next_period(held)
    sync(retainer_id)
    assert billed(retainer_id) == [PAID]
    with pytest.raises(DomainError, match="three days"):
        offer(agencies.today() + timedelta(days=1))


def test_another_agency_sees_nothing(
    app: Flask, account: str, double: StripeDouble, owner: Browser, agency: Any, run_jobs: Jobs
) -> None:
    retainer_id = offer()
    begun(double, retainer_id)
    forged = [each for each in told(double, account) if each["type"] == "invoice.paid"]
    for each in forged:
        each["account"] = double.connect()
    deliver(app, forged)
    run_jobs()
    assert word(retainer_id) is Word.OFFERED
    assert owner.get(f"/elsewhere/retainers/{retainer_id}").status_code == 404
    assert owner.get(f"{BASE}/{retainer_id}").status_code == 200


def test_staff_offer_it_by_the_form(account: str, double: StripeDouble, owner: Browser) -> None:
    client_id = documents.client()
    db.release()
    assert owner.get(f"{BASE}/new").status_code == 200 and owner.get(f"{BASE}/").status_code == 200
    form = {
        "client_id": str(client_id), "title": "Website care", "interval": "month", "line_description": "Care",
        "line_quantity": "1", "line_price": "100", "start": "2001-01-01",
    }  # fmt: skip
    answer = owner.post(f"{BASE}/new", data=form)
    assert answer.status_code == 422 and "three days" in answer.text and "Website care" in answer.text
    assert owner.post(f"{BASE}/new", data=form | {"start": ""}).status_code == 303
    (row,) = models.page(5)
    for what in ("pause", "resume", "end", "end-now"):
        assert owner.post(f"{BASE}/{row.id}/{what}").status_code == 409
    assert owner.post(f"{BASE}/{row.id}/look").status_code == 303
    assert owner.post(f"{BASE}/{row.id}/withdraw").status_code == 303


@given(st.sampled_from(RetainerState), st.booleans())
def test_how_it_stands_is_a_function_of_the_facts(state: RetainerState, ends: bool) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    found = selling.stands(RetainerStatus("sub_1", state, now, now, ends))
    living = found in models.LIVING
    assert living == (state is not RetainerState.ENDED)
    if ends and state is RetainerState.ACTIVE:
        assert found is Word.ENDING
