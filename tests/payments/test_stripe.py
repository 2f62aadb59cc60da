"""Payments through Stripe, from the button to the ledger: webhooks over HTTP, the return page, the pull, refunds."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextvars import Context
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.client import Browser
from tests.factories import documents
from tests.payments import stripe
from tests.threads import at_once
from webkit.core.kernel import clock, db, events, inbox, links, outbox, tenancy
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import Conflict, Invalid
from webkit.invoices import service as invoices
from webkit.invoices.models import InvoiceState
from webkit.payments import jobs, service
from webkit.payments.models import PaymentState
from webkit.sdk.testing.doubles.stripe import StripeDouble, body_of

TOTAL = 12_200


@pytest.fixture(scope="module")
def served() -> Iterator[StripeDouble]:
    with StripeDouble(pauses=(0.05, 0.1)) as double:
        yield double


@pytest.fixture
def double(served: StripeDouble, app: Flask) -> Iterator[StripeDouble]:
    served.forget()
    with stripe.chosen(app, served):
        yield served
    served.calm()


@pytest.fixture
def invoice(agency: AgencyView, double: StripeDouble) -> UUID:
    """An issued invoice of 122.00 EUR."""
    return documents.issued("100")


def token(invoice_id: UUID) -> str:
    return links.token_for("i", invoice_id) or ""


def start(invoice_id: UUID) -> str:
    """Press Pay; the id of the checkout at the vendor."""
    url = invoices.pay(invoice_id, token(invoice_id))
    db.release()
    return url.rpartition("/")[2]


def deliver(app: Flask, double: StripeDouble) -> None:
    """All webhooks so far, in order."""
    for event in stripe.subscribed(double):
        assert Context().run(stripe.post, app, event).status_code == 200


def pull() -> None:
    with tenancy.platform("test"), db.writing():
        outbox.add(jobs.PULL)


def ledger(invoice_id: UUID) -> dict[str, Any]:
    """Everything that must be the same whatever was heard when."""
    db.release()
    invoice = invoices.get(invoice_id)
    found = service.of(events.ref("invoice", invoice_id))
    sums = {s.currency: (s.open, s.paid, s.disputed) for s in invoices.sums()}
    return {
        "invoice": (invoice.state, invoice.word, invoice.returned),
        "sums": sums,
        "payments": [
            (
                payment.state,
                payment.returned_minor,
                payment.vendor_id,
                sorted((str(r.kind), str(r.state), r.amount_minor) for r in payment.reversals),
            )
            for payment in found
        ],
    }


def kinds(invoice_id: UUID) -> list[str]:
    db.release()
    return [entry.kind for entry in events.timeline(events.ref("invoice", invoice_id), limit=100)][::-1]


def states(invoice_id: UUID) -> list[PaymentState]:
    db.release()
    return [payment.state for payment in service.of(events.ref("invoice", invoice_id))]


# --- the way of the money ------------------------------------------------------------------------------------------


def test_from_the_button_to_the_receipt(
    app: Flask, double: StripeDouble, invoice: UUID, anonymous: Browser, run_jobs: Callable[[], int], outbox_mails: Any
) -> None:
    page = f"/i/{token(invoice)}"
    db.release()
    sent_on = anonymous.post(f"{page}/pay")
    assert sent_on.status_code == 303 and sent_on.location.startswith(double.url)
    assert double.url in anonymous.get(page).headers["Content-Security-Policy"]
    checkout = sent_on.location.rpartition("/")[2]
    session = double.session(checkout)
    assert (session["amount_total"], session["currency"]) == (TOTAL, "eur")
    assert session["metadata"]["webkit_reference"] == f"invoice:{invoice}"
    double.pay(checkout)
    deliver(app, double)
    run_jobs()
    assert "Paid. Thank you." in anonymous.get(page).text
    assert {kind: kinds(invoice).count(kind) for kind in ("invoice.paid", "payment.received")} == {
        "invoice.paid": 1,
        "payment.received": 1,
    }
    subjects = [mail.entry.subject for mail in outbox_mails()]
    assert any(subject.startswith("Receipt") for subject in subjects), subjects


def test_the_return_page_asks_when_the_webhook_is_late(double: StripeDouble, invoice: UUID, anonymous: Browser) -> None:
    double.pay(start(invoice))
    page = f"/i/{token(invoice)}"
    db.release()
    assert "Paid. Thank you." in anonymous.get(f"{page}?back=1").text
    assert states(invoice) == [PaymentState.SUCCEEDED]


def test_a_debit_is_on_its_way_and_arrives(
    app: Flask, double: StripeDouble, invoice: UUID, anonymous: Browser, owner: Browser, run_jobs: Callable[[], int]
) -> None:
    session = double.debit(start(invoice))
    deliver(app, double)
    run_jobs()
    assert states(invoice) == [PaymentState.PENDING]
    page = f"/i/{token(invoice)}"
    db.release()
    public = anonymous.get(page).text
    assert "Your payment is on its way" in public and "/pay" not in public
    assert "Payment on its way" in owner.get("/northwind/invoices/").text
    assert "is on its way" in owner.get(f"/northwind/invoices/{invoice}").text
    with pytest.raises(Conflict):
        start(invoice)
    double.settle(session["payment_intent"])
    deliver(app, double)
    run_jobs()
    assert ledger(invoice)["invoice"] == (InvoiceState.PAID, "paid", 0)


def test_a_debit_that_bounces_may_be_paid_otherwise(
    app: Flask, double: StripeDouble, invoice: UUID, anonymous: Browser, run_jobs: Callable[[], int], outbox_mails: Any
) -> None:
    first = start(invoice)
    double.settle(double.debit(first)["payment_intent"], ok=False)
    deliver(app, double)
    run_jobs()
    assert states(invoice) == [PaymentState.BOUNCED]
    page = f"/i/{token(invoice)}"
    db.release()
    assert "did not go through" in anonymous.get(page).text
    subjects = [mail.entry.subject for mail in outbox_mails()]
    assert "Your payment did not arrive" in subjects
    assert any(subject.endswith("did not arrive") and "INV" in subject for subject in subjects)
    second = start(invoice)
    assert second != first
    double.pay(second)
    deliver(app, double)
    run_jobs()
    assert ledger(invoice)["invoice"][0] == InvoiceState.PAID


def test_a_declined_card_does_not_stop_a_debit_on_its_way(
    app: Flask, double: StripeDouble, invoice: UUID, run_jobs: Callable[[], int]
) -> None:
    """The old failure comes last: the payment stays on its way, and nobody is asked to pay twice."""
    checkout = start(invoice)
    double.decline(checkout)
    double.debit(checkout)
    for event in reversed(stripe.subscribed(double)):
        Context().run(stripe.post, app, event)
    run_jobs()
    assert states(invoice) == [PaymentState.PENDING]


def test_two_tabs_pay_once(app: Flask, agency: AgencyView, double: StripeDouble, invoice: UUID) -> None:
    """Both get the same checkout, and the vendor takes its money once."""

    def press() -> str:
        with tenancy.tenant(agency.id):
            return start(invoice)

    db.release()
    assert len(set(map(str, at_once(app, press, press, press)))) == 1
    assert len(double.all("checkout.session")) == 1


def test_money_that_comes_twice_is_not_counted_twice(
    app: Flask, double: StripeDouble, invoice: UUID, owner: Browser, run_jobs: Callable[[], int], outbox_mails: Any
) -> None:
    """A checkout about to expire is not offered again; the payer had it open and pays both."""
    first = start(invoice)
    with clock.frozen(clock.now() + timedelta(hours=23, minutes=57)):
        second = start(invoice)
    assert first != second
    double.pay(first)
    double.pay(second)
    deliver(app, double)
    deliver(app, double)
    run_jobs()
    assert states(invoice) == [PaymentState.SUCCEEDED, PaymentState.SUCCEEDED]
    found = ledger(invoice)
    assert found["invoice"] == (InvoiceState.PAID, "paid", 0)
    assert found["sums"] == {"EUR": (0, TOTAL, 0)}
    assert kinds(invoice).count("invoice.paid") == 1 and kinds(invoice).count("invoice.overpaid") == 1
    assert any("than was due" in mail.entry.subject for mail in outbox_mails())
    extra = double.session(second)["payment_intent"]
    double.refund(extra)
    deliver(app, double)
    run_jobs()
    assert ledger(invoice)["invoice"] == (InvoiceState.PAID, "paid", 0)


# --- webhooks ------------------------------------------------------------------------------------------------------


@pytest.fixture
def paid(double: StripeDouble, invoice: UUID) -> dict[str, Any]:
    """The event of a payment that nobody has been told of."""
    double.pay(start(invoice))
    (event,) = stripe.subscribed(double, kind="checkout.session.completed")
    return event


@pytest.mark.parametrize(
    "path", [stripe.PATH, "/api/stripe/webhook", "/api/v1/webhooks/stripe", "/api/v1/billing/webhook"]
)
def test_old_addresses_reach_the_same_inbox(
    app: Flask, invoice: UUID, paid: dict[str, Any], run_jobs: Callable[[], int], path: str
) -> None:
    for address in (path, stripe.PATH):
        assert Context().run(stripe.post, app, paid, path=address).status_code == 200
    run_jobs()
    assert states(invoice) == [PaymentState.SUCCEEDED]
    with tenancy.platform("test"):
        assert [view.event_id for view in inbox.views()] == [paid["id"]]


def test_tampered_old_and_foreign_deliveries_are_refused(app: Flask, invoice: UUID, paid: dict[str, Any]) -> None:
    assert Context().run(stripe.post, app, paid, secret="whsec_other").status_code == 400
    assert Context().run(stripe.post, app, paid, age=3600).status_code == 400
    response = app.test_client().post(stripe.PATH, data=body_of(paid))
    assert response.status_code == 400
    with tenancy.platform("test"):
        assert inbox.views() == []


def test_a_replayed_delivery_changes_nothing(
    app: Flask, invoice: UUID, paid: dict[str, Any], run_jobs: Callable[[], int]
) -> None:
    for _ in range(3):
        assert Context().run(stripe.post, app, paid).status_code == 200
        run_jobs()
    assert kinds(invoice).count("payment.received") == 1


@pytest.mark.parametrize(
    "change",
    [{"livemode": True}, {"account": "acct_1Other"}, {"type": "customer.created"}],
)
def test_what_is_not_about_us_is_acknowledged_and_kept(
    app: Flask, invoice: UUID, paid: dict[str, Any], run_jobs: Callable[[], int], change: dict[str, Any]
) -> None:
    assert Context().run(stripe.post, app, {**paid, **change}).status_code == 200
    run_jobs()
    assert states(invoice) == [PaymentState.OPEN]
    with tenancy.platform("test"):
        assert [str(view.state) for view in inbox.views()] == ["applied"]
        assert outbox.counts() == {}


def test_a_payment_of_somebody_elses_shop_is_kept_and_changes_nothing(
    app: Flask, double: StripeDouble, invoice: UUID, run_jobs: Callable[[], int]
) -> None:
    """The same account sells other things too."""
    double.pay(start(invoice))
    (event,) = stripe.subscribed(double, kind="checkout.session.completed")
    foreign = {**event["data"]["object"], "id": "cs_other", "client_reference_id": "order-7", "metadata": {}}
    foreign["payment_intent"] = "pi_other"
    assert Context().run(stripe.post, app, {**event, "data": {"object": foreign}}).status_code == 200
    run_jobs()
    assert states(invoice) == [PaymentState.OPEN]


@pytest.mark.parametrize(("field", "value"), [("amount_total", 1), ("currency", "usd")])
def test_money_that_was_not_asked_for_is_set_aside(
    app: Flask, invoice: UUID, paid: dict[str, Any], run_jobs: Callable[[], int], field: str, value: Any
) -> None:
    wrong = {**paid, "data": {"object": {**paid["data"]["object"], field: value}}}
    Context().run(stripe.post, app, wrong)
    run_jobs()
    assert states(invoice) == [PaymentState.REJECTED]
    assert invoices.get(invoice).state == InvoiceState.ISSUED


# --- giving back ---------------------------------------------------------------------------------------------------


@pytest.fixture
def settled(app: Flask, double: StripeDouble, invoice: UUID, run_jobs: Callable[[], int]) -> UUID:
    """A paid invoice."""
    double.pay(start(invoice))
    deliver(app, double)
    run_jobs()
    db.release()
    return invoice


def only_payment(invoice_id: UUID) -> service.PaymentView:
    db.release()
    (payment,) = service.of(events.ref("invoice", invoice_id))
    db.release()
    return payment


def test_staff_give_back_a_part_and_then_the_rest(
    app: Flask, double: StripeDouble, settled: UUID, owner: Browser, anonymous: Browser, run_jobs: Callable[[], int],
    outbox_mails: Any,
) -> None:  # fmt: skip
    payment = only_payment(settled)
    address = f"/northwind/invoices/{settled}/payments/{payment.id}/refund"
    assert "122.00" in owner.get(address).text
    assert owner.post(address, data={"amount": "22.00", "once": "a"}).status_code == 303
    assert owner.post(address, data={"amount": "22.00", "once": "a"}).status_code == 303
    assert "to be given back" in owner.get(f"/northwind/invoices/{settled}").text
    run_jobs()
    assert [refund["amount"] for refund in double.all("refund")] == [2200]
    assert ledger(settled)["invoice"] == (InvoiceState.PAID, "part_refunded", 2200)
    assert ledger(settled)["sums"] == {"EUR": (0, TOTAL - 2200, 0)}
    assert owner.post(address, data={"amount": "100.01", "once": "b"}).status_code == 422
    assert owner.post(address, data={"amount": "100.00", "once": "c"}).status_code == 303
    run_jobs()
    deliver(app, double)
    run_jobs()
    found = ledger(settled)
    assert found["invoice"] == (InvoiceState.REFUNDED, "refunded", TOTAL)
    assert found["sums"] in ({"EUR": (0, 0, 0)}, {})
    assert [reversal[1:] for reversal in found["payments"][0][3]] == [("done", 2200), ("done", 10000)]
    page = f"/i/{token(settled)}"
    db.release()
    assert "Given back" in anonymous.get(page).text
    assert owner.get(address).status_code == 409
    assert sum("given back to you" in mail.entry.subject for mail in outbox_mails()) == 2
    history = kinds(settled)
    assert history.count("payment.refunded") == 2 and history.count("invoice.refunded") == 1


def test_who_may_give_back(settled: UUID, member: Browser, stranger: Browser, anonymous: Browser) -> None:
    address = f"/northwind/invoices/{settled}/payments/{only_payment(settled).id}/refund"
    assert member.get(address).status_code == 403
    assert member.post(address, data={"amount": "1"}).status_code == 403
    assert stranger.post(address, data={"amount": "1"}).status_code == 404
    assert anonymous.post(address, data={"amount": "1"}).status_code in (303, 401, 404)


@pytest.mark.parametrize("amount", ["0", "-1", "122.01", "abc", "", "1.005"])
def test_senseless_amounts(settled: UUID, owner: Browser, double: StripeDouble, amount: str) -> None:
    address = f"/northwind/invoices/{settled}/payments/{only_payment(settled).id}/refund"
    assert owner.post(address, data={"amount": amount}).status_code == 422
    assert double.all("refund") == []


def test_the_answer_to_a_refund_gets_lost(
    app: Flask, double: StripeDouble, settled: UUID, run_jobs: Callable[[], int]
) -> None:
    """The vendor did it, we were cut off: the job asks again under the same key, the webhook may be faster."""
    double.trouble(on="POST /v1/refunds", when="after", drop=True)
    service.ask_refund(events.ref("invoice", settled), only_payment(settled).id, 200, "user:test")
    run_jobs()
    deliver(app, double)
    with clock.frozen(clock.now() + timedelta(minutes=10)):
        run_jobs()
    assert len(double.all("refund")) == 1
    assert only_payment(settled).returned_minor == 200
    assert kinds(settled).count("payment.refunded") == 1


def test_the_vendor_refuses_a_refund(double: StripeDouble, settled: UUID, run_jobs: Callable[[], int]) -> None:
    payment = only_payment(settled)
    service.ask_refund(events.ref("invoice", settled), payment.id, 200, "user:test")
    double.dispute(payment.vendor_id)
    run_jobs()
    (reversal,) = only_payment(settled).reversals
    assert (str(reversal.state), reversal.note) == ("failed", "The payment service refused: charge_disputed")
    assert "payment.refund_failed" in kinds(settled)


def test_two_people_give_back_at_once(
    app: Flask, agency: AgencyView, double: StripeDouble, settled: UUID, run_jobs: Callable[[], int]
) -> None:
    payment = only_payment(settled)

    def ask() -> UUID:
        with tenancy.tenant(agency.id):
            return service.ask_refund(events.ref("invoice", settled), payment.id, TOTAL, "user:test")

    found = at_once(app, ask, ask, ask)
    assert sum(isinstance(answer, UUID) for answer in found) == 1
    assert sum(isinstance(answer, Conflict | Invalid) for answer in found) == 2
    run_jobs()
    assert len(double.all("refund")) == 1


def test_a_refund_that_comes_back_makes_the_invoice_paid_again(
    app: Flask, double: StripeDouble, settled: UUID, run_jobs: Callable[[], int]
) -> None:
    refund = double.refund(only_payment(settled).vendor_id)
    deliver(app, double)
    run_jobs()
    assert ledger(settled)["invoice"][0] == InvoiceState.REFUNDED
    double.settle_refund(refund["id"], ok=False)
    deliver(app, double)
    run_jobs()
    assert ledger(settled)["invoice"] == (InvoiceState.PAID, "paid", 0)
    assert ledger(settled)["sums"] == {"EUR": (0, TOTAL, 0)}


@pytest.mark.parametrize(("won", "state"), [(True, InvoiceState.PAID), (False, InvoiceState.CHARGED_BACK)])
def test_a_dispute_and_its_end(
    app: Flask, double: StripeDouble, settled: UUID, owner: Browser, run_jobs: Callable[[], int], outbox_mails: Any,
    won: bool, state: InvoiceState,
) -> None:  # fmt: skip
    dispute = double.dispute(only_payment(settled).vendor_id)
    deliver(app, double)
    run_jobs()
    assert ledger(settled)["invoice"][0] == InvoiceState.DISPUTED
    assert ledger(settled)["sums"] == {"EUR": (0, 0, TOTAL)}
    assert "disputes the payment" in owner.get(f"/northwind/invoices/{settled}").text
    assert "is disputed" in owner.get("/northwind/").text
    with pytest.raises(Conflict):
        service.ask_refund(events.ref("invoice", settled), only_payment(settled).id, 100, "user:test")
    double.close_dispute(dispute["id"], won)
    deliver(app, double)
    run_jobs()
    assert ledger(settled)["invoice"][0] == state
    assert owner.get(f"/northwind/invoices/{settled}").status_code == 200
    subjects = [mail.entry.subject for mail in outbox_mails()]
    assert any("disputes the payment" in subject for subject in subjects)
    assert any(("is won" if won else "is lost") in subject for subject in subjects)


# --- repairs -------------------------------------------------------------------------------------------------------


def test_the_list_of_events_repairs_what_never_arrived(
    app: Flask, double: StripeDouble, settled: UUID, run_jobs: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refunded and disputed in the vendor's own pages while we were not reachable."""
    intent = only_payment(settled).vendor_id
    double.refund(intent, 1000)
    double.dispute(intent)
    pull()
    run_jobs()
    assert only_payment(settled).returned_minor == 1000
    assert ledger(settled)["invoice"][0] == InvoiceState.DISPUTED
    before = kinds(settled)
    monkeypatch.setattr(inbox, "_keep", lambda _row: pytest.fail("what is known is not written again"))
    pull()
    monkeypatch.undo()
    deliver(app, double)
    run_jobs()
    assert kinds(settled) == before


def test_a_vendor_that_cannot_be_asked_breaks_no_pull(
    double: StripeDouble, invoice: UUID, run_jobs: Callable[[], int]
) -> None:
    double.pay(start(invoice))
    double.trouble(on="GET /v1/events", status=500)
    pull()
    run_jobs()
    assert states(invoice) == [PaymentState.SUCCEEDED]


def _life(double: StripeDouble, checkout: str, dice: random.Random) -> None:
    """One of the ways a payment may go at the vendor."""
    for _ in range(dice.randrange(2)):
        double.decline(checkout)
    if dice.random() < 0.2:
        double.expire(checkout)
        return
    if dice.random() < 0.4:
        intent = double.debit(checkout)["payment_intent"]
        if dice.random() < 0.2:
            return
        ok = dice.random() < 0.7
        double.settle(intent, ok)
        if not ok:
            return
    else:
        intent = double.pay(checkout)["payment_intent"]
    for _ in range(dice.randrange(3)):
        refund = double.refund(intent, dice.choice([1000, 2200]))
        if refund["status"] == "pending" and dice.random() < 0.7:
            double.settle_refund(refund["id"], dice.random() < 0.6)
        elif dice.random() < 0.3:
            double.settle_refund(refund["id"], ok=False)
    if dice.random() < 0.5:
        dispute = double.dispute(intent)
        if dice.random() < 0.7:
            double.close_dispute(dispute["id"], dice.random() < 0.5)


def _sums() -> dict[str, int]:
    db.release()
    (sums,) = invoices.sums()
    return {"open": sums.open, "paid": sums.paid, "disputed": sums.disputed}


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**31))
def test_whatever_order_and_however_often_the_ledger_is_the_same(
    app: Flask, agency: AgencyView, double: StripeDouble, invoice: UUID, run_jobs: Callable[[], int], seed: int
) -> None:
    """Two invoices, two equal lives. One hears everything in order, the other shuffled, doubled, with losses."""
    client = invoices.get(invoice).client_id
    db.release()
    dice, sums = random.Random(seed + 1), [_sums()]
    first = documents.issued("100", client_id=client)
    known = len(stripe.subscribed(double))
    _life(double, start(first), random.Random(seed))
    for event in stripe.subscribed(double)[known:]:
        Context().run(stripe.post, app, event)
        run_jobs()
    sums.append(_sums())
    second = documents.issued("100", client_id=client)
    known = len(stripe.subscribed(double))
    _life(double, start(second), random.Random(seed))
    news = stripe.subscribed(double)[known:]
    shuffled = [event for event in news if dice.random() > 0.3] + [event for event in news if dice.random() < 0.4]
    dice.shuffle(shuffled)
    for event in shuffled:
        Context().run(stripe.post, app, event)
        if dice.random() < 0.5:
            run_jobs()
    pull()
    run_jobs()
    sums.append(_sums())
    calm, storm = _story(first), _story(second)
    assert storm == calm
    for name in ("open", "paid", "disputed"):
        assert sums[1][name] - sums[0][name] == sums[2][name] - sums[1][name], name


def _story(invoice_id: UUID) -> dict[str, Any]:
    """The ledger of one invoice without what must differ, and how often the weighty things were recorded."""
    found, history = ledger(invoice_id), kinds(invoice_id)
    weighty = ("payment.received", "invoice.paid", "invoice.overpaid", "payment.rejected", "payment.dispute_lost")
    return {
        "invoice": found["invoice"],
        "payments": [(state, returned, reversals) for state, returned, _id, reversals in found["payments"]],
        "recorded": {kind: history.count(kind) for kind in weighty},
    }
