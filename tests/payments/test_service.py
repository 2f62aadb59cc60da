"""Payments without HTTP: an intent, a checkout at the vendor, and an outcome that is recorded once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from plugins.payments_local.ledger import Ledger
from plugins.payments_local.provider import LocalPayments
from tests.factories import documents
from tests.threads import at_once
from webkit.core.capabilities.errors import NotFoundAtProvider, ProviderUnavailable
from webkit.core.capabilities.payments import (
    PAYMENTS,
    Checkout,
    CheckoutRequest,
    CheckoutState,
    CheckoutStatus,
    PaymentEvent,
    PaymentEventKind,
)
from webkit.core.extensions import Delivery, Job
from webkit.core.kernel import clock, db, events, outbox, runtime, tenancy
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import Conflict
from webkit.core.kernel.ids import uuid7
from webkit.invoices import service as invoices
from webkit.invoices.models import InvoiceState
from webkit.payments import asking, jobs, models, service
from webkit.payments.models import PaymentState

REFERENCE = "thing:1"
HOME = "http://127.0.0.1:8000/i/token"


def _start(reference: str = REFERENCE, amount: int = 12200, currency: str = "EUR", home: str = HOME) -> str:
    return service.start(
        reference,
        amount,
        currency,
        description="INV-2026-0001",
        customer_email="giulia@caffeolmo.example",
        return_url=f"{home}?back=1",
        cancel_url=home,
    )


def _checkout(url: str) -> str:
    return url.rpartition("/")[2]


def _event(
    checkout: str,
    kind: PaymentEventKind = PaymentEventKind.PAID,
    *,
    amount: int = 12200,
    currency: str = "EUR",
    reference: str = REFERENCE,
) -> Delivery:
    event = PaymentEvent("evt", kind, checkout, "pay_1", reference, amount, currency, clock.now())
    return Delivery("local", "endpoint", event)


def _states(reference: str = REFERENCE) -> list[PaymentState]:
    db.release()
    return [payment.state for payment in service.of(reference)]


def _kinds(reference: str = REFERENCE) -> list[str]:
    db.release()
    return [entry.kind for entry in events.timeline(reference)]


def _ledger(app: Flask) -> Ledger:
    return Ledger(runtime.of(app).settings.data / "payments_local")


# --- starting --------------------------------------------------------------------------------------------------


def test_an_intent_becomes_a_checkout(agency: AgencyView, app: Flask) -> None:
    checkout = _checkout(_start())
    assert _states() == [PaymentState.OPEN]
    db.release()
    status = runtime.of(app).registry.get(PAYMENTS).get_checkout(checkout)
    assert (status.state, status.amount_minor, status.currency, status.reference) == ("open", 12200, "EUR", REFERENCE)


def test_a_second_click_finds_the_open_checkout(agency: AgencyView) -> None:
    assert _start() == _start()
    assert len(_states()) == 1


def test_two_tabs_open_one_checkout(agency: AgencyView, app: Flask) -> None:
    def click() -> str:
        with tenancy.tenant(agency.id):
            return _start()

    db.release()
    urls = at_once(app, click, click, click, click)
    assert len(set(map(str, urls))) == 1, urls
    assert len(_states()) == 1


def test_another_amount_is_another_payment(agency: AgencyView) -> None:
    assert _start() != _start(amount=500)
    assert len(_states()) == 2


def test_a_checkout_about_to_expire_is_not_offered(agency: AgencyView) -> None:
    first = _start()
    expires = models.of_reference(REFERENCE)[0].expires_at
    assert expires is not None
    with clock.frozen(expires - timedelta(minutes=4)):
        assert _start() != first


def test_killed_before_the_checkout_was_recorded(agency: AgencyView, monkeypatch: pytest.MonkeyPatch) -> None:
    """The vendor opened it, we died: the next click gets the same one."""
    opened: list[str] = []

    def die(_id: object, checkout: str, *_more: object) -> None:
        opened.append(checkout)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(service, "_opened", die)
        with pytest.raises(KeyboardInterrupt):
            _start()
    assert _checkout(_start()) == opened[0]
    assert len(_states()) == 1


def test_killed_and_then_visited_from_another_link(agency: AgencyView, monkeypatch: pytest.MonkeyPatch) -> None:
    """The vendor refuses the old key for other return addresses: a new attempt is made, nobody is stuck."""

    def die(*_args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(service, "_opened", die)
        with pytest.raises(KeyboardInterrupt):
            _start()
    url = _start(home="http://127.0.0.1:8000/i/another")
    assert _start(home="http://127.0.0.1:8000/i/another") == url
    assert len(_states()) == 2


def test_a_vendor_that_does_not_answer_leaves_the_intent_to_the_next_click(
    agency: AgencyView, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(self: LocalPayments, request: CheckoutRequest) -> Checkout:
        raise ProviderUnavailable("no connection", provider="local")

    vendor = type(runtime.current().registry.get(PAYMENTS))
    with monkeypatch.context() as patched:
        patched.setattr(vendor, "create_checkout", down)
        with pytest.raises(ProviderUnavailable):
            _start()
    assert _start()
    assert _states() == [PaymentState.OPEN]


@pytest.mark.parametrize(("kind", "state"), [("paid", "succeeded"), ("pending", "pending")])
def test_nobody_pays_twice(agency: AgencyView, kind: str, state: str) -> None:
    """An old tab still has its button."""
    checkout = _checkout(_start())
    service.apply(_event(checkout, PaymentEventKind(kind)))
    with pytest.raises(Conflict):
        _start()
    assert [str(known) for known in _states()] == [state]


def test_a_failed_attempt_can_be_repeated(agency: AgencyView) -> None:
    checkout = _checkout(_start())
    service.apply(_event(checkout, PaymentEventKind.FAILED))
    assert _checkout(_start()) == checkout
    service.apply(_event(checkout))
    assert _states() == [PaymentState.SUCCEEDED]


# --- outcomes --------------------------------------------------------------------------------------------------


def test_an_outcome_is_recorded_once(agency: AgencyView) -> None:
    checkout = _checkout(_start())
    for _ in range(3):
        service.apply(_event(checkout))
    assert _states() == [PaymentState.SUCCEEDED]
    assert _kinds() == ["payment.received"]


def test_the_same_outcome_from_many_at_once(agency: AgencyView, app: Flask) -> None:
    """Webhook, return page and pull together."""
    invoice_id = documents.issued("100")
    reference = events.ref("invoice", invoice_id)
    checkout = _checkout(_start(reference))
    _ledger(app).pay(checkout)

    def hear() -> None:
        with tenancy.tenant(agency.id):
            service.apply(_event(checkout, reference=reference))

    def pull() -> None:
        with tenancy.tenant(agency.id):
            service.pull()

    def come_back() -> None:
        with tenancy.tenant(agency.id):
            service.refresh(reference)

    db.release()
    assert at_once(app, hear, pull, come_back, hear) == [None] * 4
    assert invoices.get(invoice_id).state == InvoiceState.PAID
    assert sorted(_kinds(reference)) == ["invoice.issued", "invoice.paid", "payment.received"]


@pytest.mark.parametrize(("amount", "currency"), [(12199, "EUR"), (12200, "USD"), (1220000, "EUR")])
def test_money_that_was_not_asked_for_is_set_aside(agency: AgencyView, amount: int, currency: str) -> None:
    checkout = _checkout(_start())
    service.apply(_event(checkout, amount=amount, currency=currency))
    payment = service.of(REFERENCE)[0]
    assert (payment.state, payment.amount_minor) == (PaymentState.REJECTED, 12200)
    assert f"{amount} {currency}" in payment.note
    assert _kinds() == ["payment.rejected"]


def test_the_right_amount_after_a_wrong_one_counts(agency: AgencyView) -> None:
    checkout = _checkout(_start())
    service.apply(_event(checkout, PaymentEventKind.PENDING, amount=1))
    service.apply(_event(checkout))
    assert _states() == [PaymentState.SUCCEEDED]


def test_the_webhook_may_be_faster_than_our_own_commit(agency: AgencyView, monkeypatch: pytest.MonkeyPatch) -> None:
    """It arrives between the vendor's answer and transaction 2."""
    real = service._opened

    def late(payment_id: object, checkout: str, *more: object) -> None:
        service.apply(_event(checkout))
        real(payment_id, checkout, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(service, "_opened", late)
    checkout = _checkout(_start())
    assert _states() == [PaymentState.SUCCEEDED]
    service.apply(_event(checkout))
    assert _kinds() == ["payment.received"]


def test_events_for_nothing_of_ours_change_nothing(agency: AgencyView, other_agency: AgencyView) -> None:
    checkout = _checkout(_start())
    service.apply(_event("co_unknown", reference="thing:2"))
    db.release()
    with tenancy.tenant(other_agency.id):
        service.apply(_event(checkout))
    assert _states() == [PaymentState.OPEN]


def test_late_failures_change_nothing(agency: AgencyView) -> None:
    checkout = _checkout(_start())
    service.apply(_event(checkout))
    for kind in (PaymentEventKind.FAILED, PaymentEventKind.EXPIRED, PaymentEventKind.PENDING):
        service.apply(_event(checkout, kind))
    assert _states() == [PaymentState.SUCCEEDED]


def test_a_dispute_is_shown(agency: AgencyView) -> None:
    checkout = _checkout(_start())
    service.apply(_event(checkout))
    service.apply(_event(checkout, PaymentEventKind.DISPUTED))
    service.apply(_event(checkout))
    assert _states() == [PaymentState.DISPUTED]
    assert _kinds() == ["payment.disputed", "payment.received"]


def test_a_dispute_that_overtakes_its_payment_waits_for_it(agency: AgencyView) -> None:
    checkout = _checkout(_start())
    service.apply(_event(checkout, PaymentEventKind.DISPUTED))
    assert _states() == [PaymentState.OPEN]
    service.apply(_event(checkout))
    assert _states() == [PaymentState.DISPUTED]


def test_paid_after_it_expired(agency: AgencyView) -> None:
    checkout = _checkout(_start())
    service.apply(_event(checkout, PaymentEventKind.EXPIRED))
    service.apply(_event(checkout))
    assert _states() == [PaymentState.SUCCEEDED]


# --- the pull --------------------------------------------------------------------------------------------------


def test_the_pull_repairs_a_lost_webhook(agency: AgencyView, app: Flask, run_jobs: Callable[[], int]) -> None:
    checkout = _checkout(_start())
    _ledger(app).pay(checkout)
    with tenancy.platform("test"), db.writing():
        outbox.add(jobs.PULL)
    run_jobs()
    assert _states() == [PaymentState.SUCCEEDED]


def test_one_checkout_the_vendor_forgot_does_not_stop_the_others(
    agency: AgencyView, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    paid, forgotten = _checkout(_start("thing:1")), _checkout(_start("thing:2"))
    _ledger(app).pay(paid)
    vendor = type(runtime.of(app).registry.get(PAYMENTS))
    real = vendor.get_checkout

    def forgetful(self: LocalPayments, id: str) -> CheckoutStatus:
        if id == forgotten:
            raise NotFoundAtProvider("there is no such checkout", provider="local")
        return real(self, id)

    monkeypatch.setattr(vendor, "get_checkout", forgetful)
    service.pull()
    assert _states("thing:1") == [PaymentState.SUCCEEDED]
    assert _states("thing:2") == [PaymentState.OPEN]


def test_a_vendor_that_does_not_answer_breaks_neither_pull_nor_return_page(
    agency: AgencyView, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    _start()

    def down(self: LocalPayments, id: str) -> CheckoutStatus:
        raise ProviderUnavailable("no connection", provider="local")

    monkeypatch.setattr(type(runtime.of(app).registry.get(PAYMENTS)), "get_checkout", down)
    service.pull()
    service.refresh(REFERENCE)
    jobs.pull_agency(Job(uuid7(), agency.id, {}, 1, "key"))
    assert _states() == [PaymentState.OPEN]


ASKED_ABOUT = (
    PaymentEventKind.PAYOUT,
    PaymentEventKind.METHOD,
    PaymentEventKind.ACTION,
    PaymentEventKind.SUBSCRIPTION,
    PaymentEventKind.RETAINER,
)
"""What only says that there is something to ask about."""


def test_every_state_of_the_vendor_is_understood() -> None:
    assert set(asking.PULLED) == set(CheckoutState) - {CheckoutState.OPEN}
    assert set(models.TRANSITIONS) == set(PaymentState) - {PaymentState.OPEN, *models.ARRIVED} | {
        PaymentState.SUCCEEDED
    }
    known = {*service._STATES, *service._NEWS, *service._ABOUT_ACCOUNTS, *ASKED_ABOUT}
    assert known == set(PaymentEventKind) - {PaymentEventKind.IGNORED}
