from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from plugins.payments_local import courier
from plugins.payments_local.ledger import ASKS, DECLINES, GOOD, Ledger, Refused
from plugins.payments_local.plugin import webkit_register_providers
from plugins.payments_local.provider import LocalPayments
from plugins.payments_local.settings import LocalPaymentsSettings
from tests.plugins.doubles import Books
from webkit.sdk import (
    CheckoutRequest,
    CheckoutState,
    PayerMethod,
    PayerRequest,
    Payments,
    ProviderRejected,
    RefundRequest,
)
from webkit.sdk.testing.payments import ORDER, PaymentsContract, Webhook, setup_of


def wait_until(true: object, seconds: float = 10.0) -> None:
    assert callable(true)
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


class Merchant:
    """A real server that receives webhooks; the first `deaf` of them are answered with 500."""

    def __init__(self, deaf: int = 0) -> None:
        self.received: list[Webhook] = []
        self.refused = 0
        merchant = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if merchant.refused < deaf:
                    merchant.refused += 1
                    self.send_error(500)
                    return
                merchant.received.append(Webhook(dict(self.headers), body))
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/webhooks/payments/local/endpoint?x=1"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def merchant() -> Iterator[Merchant]:
    merchant = Merchant()
    yield merchant
    merchant.close()


@pytest.fixture
def deaf_merchant() -> Iterator[Merchant]:
    merchant = Merchant(deaf=2)
    yield merchant
    merchant.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "books"


@pytest.fixture
def ledger(folder: Path) -> Ledger:
    return Ledger(folder)


@pytest.fixture
def payments(folder: Path) -> LocalPayments:
    return LocalPayments(LocalPaymentsSettings(folder=folder))


class TestLocalPayments(PaymentsContract):
    spec = webkit_register_providers()[0]

    @pytest.fixture(autouse=True)
    def quiet(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(courier, "start", lambda ledger, checkout_id: None)

    @pytest.fixture
    def vendor(self, provider: Payments, webkit_data: Path) -> Books:
        return Books(Ledger(webkit_data / "payments_local"))

    @pytest.fixture
    def left(self, provider: LocalPayments, webkit_data: Path) -> Callable[[str], PayerMethod]:
        def leave(how: str) -> PayerMethod:
            payer_id = provider.open_payer(PayerRequest("payer:left", "client:1", "Ada"))
            opened = provider.begin_setup(replace(setup_of(payer_id), key=f"setup:{how}"))
            Ledger(webkit_data / "payments_local").pay(opened.id, {"declined": DECLINES, "asks": ASKS}.get(how, GOOD))
            method = provider.setup(opened.id).method
            assert method is not None
            return method

        return leave


def opened(payments: LocalPayments, merchant: Merchant) -> str:
    return payments.create_checkout(replace(ORDER, notify_url=merchant.url)).id


def test_webhooks_arrive_over_http_and_verify(payments: LocalPayments, ledger: Ledger, merchant: Merchant) -> None:
    id = opened(payments, merchant)
    ledger.fail(id)
    ledger.pay(id)
    ledger.dispute(id)
    courier.start(ledger, id)
    wait_until(lambda: not ledger.get(id).undelivered)
    for webhook in merchant.received:
        payments.verify(webhook.headers, webhook.body)
    kinds = [event.kind for webhook in merchant.received for event in payments.events(webhook.body)]
    assert kinds == ["failed", "paid", "disputed"]


def test_a_deaf_merchant_is_told_again(payments: LocalPayments, ledger: Ledger, deaf_merchant: Merchant) -> None:
    id = opened(payments, deaf_merchant)
    ledger.pay(id)
    courier.start(ledger, id, pauses=(0, 0.01, 0.01))
    wait_until(lambda: not ledger.get(id).undelivered)
    assert (deaf_merchant.refused, len(deaf_merchant.received)) == (2, 1)


def test_what_was_lost_goes_out_when_the_merchant_asks(
    payments: LocalPayments, ledger: Ledger, merchant: Merchant
) -> None:
    id = opened(payments, merchant)
    ledger.pay(id)  # and the process dies before it told anybody
    assert merchant.received == []
    assert payments.get_checkout(id).state is CheckoutState.PAID
    wait_until(lambda: len(merchant.received) == 1)


def test_a_merchant_that_is_gone_loses_nothing(payments: LocalPayments, ledger: Ledger) -> None:
    id = payments.create_checkout(ORDER).id  # nobody listens on port 9
    ledger.pay(id)
    assert not courier.deliver(ledger, id)
    assert [event.type for event in ledger.get(id).undelivered] == ["checkout.paid"]


def test_a_checkout_expires(payments: LocalPayments, ledger: Ledger) -> None:
    id = payments.create_checkout(ORDER).id
    with ledger.changing(id) as record:
        record.expires = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    assert payments.get_checkout(id).state is CheckoutState.EXPIRED
    for act in (ledger.pay, ledger.fail, ledger.dispute):
        with pytest.raises(Refused):
            act(id)


def test_what_was_paid_never_expires(payments: LocalPayments, ledger: Ledger) -> None:
    id = payments.create_checkout(ORDER).id
    ledger.pay(id)
    with ledger.changing(id) as record:
        record.expires = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    assert payments.get_checkout(id).state is CheckoutState.PAID


def test_a_failure_after_the_payment_is_refused(payments: LocalPayments, ledger: Ledger) -> None:
    id = payments.create_checkout(ORDER).id
    ledger.pay(id)
    with pytest.raises(Refused):
        ledger.fail(id)


@pytest.mark.parametrize(
    "order",
    [
        replace(ORDER, success_url="javascript:alert(1)"),
        replace(ORDER, cancel_url="/relative"),
        replace(ORDER, notify_url="file:///etc/passwd"),
        replace(ORDER, currency="eur"),
        replace(ORDER, currency="EURO"),
    ],
)
def test_a_senseless_order_is_refused(payments: LocalPayments, order: CheckoutRequest) -> None:
    with pytest.raises(ProviderRejected):
        payments.create_checkout(order)


def test_a_refund_in_another_currency_is_refused(payments: LocalPayments, ledger: Ledger) -> None:
    id = payments.create_checkout(ORDER).id
    ledger.pay(id)
    with pytest.raises(ProviderRejected):
        payments.refund(RefundRequest(payments.get_checkout(id).payment_id, 1, "USD", key="r"))


def test_ids_cannot_be_guessed_from_keys(tmp_path: Path) -> None:
    ids = {
        LocalPayments(LocalPaymentsSettings(folder=tmp_path / str(number))).create_checkout(ORDER).id
        for number in range(3)
    }
    assert len(ids) == 3


def test_the_page_is_where_its_events_go(payments: LocalPayments) -> None:
    """Not where the payer comes from: that may be an agency's own domain, where no checkout stands."""
    told_at = "https://app.example:8443/webhooks/payments/local/endpoint"
    order = replace(ORDER, success_url="https://docs.agency.example/i/t?paid=1", notify_url=told_at)
    checkout = payments.create_checkout(order)
    assert checkout.url == f"https://app.example:8443/x/payments_local/checkout/{checkout.id}"


def _pay_often(folder: Path, id: str) -> None:
    for _ in range(20):
        Ledger(folder).pay(id)


def test_processes_that_pay_at_once_pay_once(payments: LocalPayments, ledger: Ledger, folder: Path) -> None:
    id = payments.create_checkout(ORDER).id
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_pay_often, args=(folder, id)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0
    assert [event.type for event in ledger.get(id).events] == ["checkout.paid"]


def test_the_secret_is_private_and_made_once(folder: Path) -> None:
    assert Ledger(folder).secret() == Ledger(folder).secret()
    assert (folder / "secret").stat().st_mode & 0o077 == 0
