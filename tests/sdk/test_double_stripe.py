"""The double of Stripe is as strict as the vendor: what it keeps, what it refuses, how its webhooks travel."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Barrier, Lock, Thread
from typing import Any

import pytest
import stripe
import urllib3

from webkit.sdk.testing.doubles.stripe import BAD_IBAN, DISPUTED_CARD, SIGNATURE, StripeDouble

SECRET = "whsec_double"


@pytest.fixture
def double() -> Iterator[StripeDouble]:
    with StripeDouble(pauses=(0.02, 0.05, 0.1)) as served:
        yield served


@pytest.fixture
def client(double: StripeDouble) -> stripe.StripeClient:
    return stripe.StripeClient(double.key, base_addresses={"api": double.url}, max_network_retries=0)


@pytest.fixture
def http() -> Iterator[urllib3.PoolManager]:
    with urllib3.PoolManager(retries=False) as pool:
        yield pool


def order(amount: int = 1000, **changes: Any) -> Any:
    price = {"currency": "eur", "unit_amount": amount, "product_data": {"name": "Site"}}
    return {
        "mode": "payment",
        "line_items": [{"quantity": 1, "price_data": price}],
        "success_url": "http://127.0.0.1/back?session={CHECKOUT_SESSION_ID}",
        **changes,
    }


def opened(client: stripe.StripeClient, **changes: Any) -> str:
    return client.v1.checkout.sessions.create(order(**changes)).id


class Merchant:
    """Takes webhooks, verified; refuses the first `deaf` of them."""

    def __init__(self, deaf: int = 0) -> None:
        self.events: list[dict[str, Any]] = []
        self.deaf, lock = deaf, Lock()
        merchant = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                stripe.WebhookSignature.verify_header(body, self.headers[SIGNATURE], SECRET, 300)
                with lock:
                    refuse = merchant.deaf > 0
                    merchant.deaf -= 1
                    if not refuse:
                        merchant.events.append(json.loads(body))
                self.send_response(500 if refuse else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"

    @property
    def ids(self) -> list[str]:
        return [event["id"] for event in self.events]


@pytest.fixture
def merchant() -> Iterator[Merchant]:
    made = Merchant()
    yield made
    made.server.shutdown()
    made.server.server_close()


# --- strictness ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "param", "code"),
    [
        ({"amount": 0}, "line_items", "amount_too_small"),
        ({"amount": -5}, "line_items[0][price_data][unit_amount]", "parameter_invalid_integer"),
        ({"amount": 10**9}, "line_items", "amount_too_large"),
        ({"colour": "red"}, "colour", "parameter_unknown"),
        ({"customer_email": "nobody"}, "customer_email", "email_invalid"),
        ({"success_url": "back"}, "success_url", "url_invalid"),
        ({"mode": ""}, "mode", "parameter_missing"),
        ({"metadata": {"k": "x" * 501}}, "metadata[k]", None),
        ({"expires_at": 1}, "expires_at", None),
    ],
)
def test_what_the_vendor_would_refuse(
    client: stripe.StripeClient, changes: dict[str, Any], param: str, code: str | None
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as raised:
        opened(client, **changes)
    assert (raised.value.http_status, raised.value.param, raised.value.code) == (400, param, code)
    assert raised.value.request_id


def test_keys_remember(double: StripeDouble, client: stripe.StripeClient) -> None:
    create = client.v1.checkout.sessions.create
    first = create(order(), {"idempotency_key": "k"})
    again = create(order(), {"idempotency_key": "k"})
    assert (first.id, again.last_response.headers["Idempotent-Replayed"]) == (again.id, "true")  # type: ignore[union-attr]
    with pytest.raises(stripe.IdempotencyError):
        create(order(2000), {"idempotency_key": "k"})
    with pytest.raises(stripe.InvalidRequestError):
        create(order(0), {"idempotency_key": "refused"})
    assert create(order(), {"idempotency_key": "refused"}).id


def test_a_key_in_use(double: StripeDouble, client: stripe.StripeClient) -> None:
    """Two calls under one key at the same time: the second is told to wait."""
    double.trouble(delay=0.5)
    start, answers = Barrier(2), []

    def call() -> None:
        own = stripe.StripeClient(double.key, base_addresses={"api": double.url}, max_network_retries=0)
        start.wait()
        try:
            answers.append(own.v1.checkout.sessions.create(order(), {"idempotency_key": "k"}).id)
        except stripe.StripeError as error:
            answers.append(f"{error.http_status} {error.code}")

    threads = [Thread(target=call) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer[:3] for answer in answers) == ["409", "cs_"]


def test_accounts_are_apart(double: StripeDouble, client: stripe.StripeClient) -> None:
    connected = double.connect()
    own = opened(client)
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.checkout.sessions.retrieve(own, options={"stripe_account": connected})
    with pytest.raises(stripe.PermissionError):
        client.v1.balance.retrieve(options={"stripe_account": "acct_unknown"})
    theirs = client.v1.checkout.sessions.create(order(), {"stripe_account": connected}).id
    double.pay(theirs)
    assert {event["account"] for event in double.all("event", connected)} == {connected}
    assert client.v1.events.list().data == []


@pytest.mark.parametrize(
    ("header", "value", "status"), [("Authorization", "", 401), ("Stripe-Version", "yesterday", 400)]
)
def test_heads(double: StripeDouble, http: urllib3.PoolManager, header: str, value: str, status: int) -> None:
    headers = {"Authorization": f"Bearer {double.key}", header: value}
    answer = http.request("GET", f"{double.url}/v1/balance", headers=headers)
    assert answer.status == status and answer.headers["Request-Id"]
    assert answer.json()["error"]["type"] == "invalid_request_error"
    assert (
        http.request("GET", f"{double.url}/v1/nothing", headers={"Authorization": f"Bearer {double.key}"}).status == 404
    )


def test_refunds_and_disputes(double: StripeDouble, client: stripe.StripeClient) -> None:
    intent = double.pay(opened(client))["payment_intent"]
    client.v1.refunds.create({"payment_intent": intent, "amount": 400})
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded"):
        client.v1.refunds.create({"payment_intent": intent, "amount": 601})
    dispute = double.dispute(intent)
    with pytest.raises(stripe.InvalidRequestError, match="charged back"):
        client.v1.refunds.create({"payment_intent": intent})
    double.close_dispute(dispute["id"], won=True)
    client.v1.refunds.create({"payment_intent": intent})
    with pytest.raises(stripe.InvalidRequestError, match="already been refunded"):
        client.v1.refunds.create({"payment_intent": intent})
    charge = client.v1.payment_intents.retrieve(intent, {"expand": ["latest_charge"]}).latest_charge
    assert (charge.amount_refunded, charge.refunded) == (1000, True)  # type: ignore[union-attr]


# --- the page ------------------------------------------------------------------------------------------------------


def test_a_person_pays_on_the_page(
    double: StripeDouble, client: stripe.StripeClient, http: urllib3.PoolManager
) -> None:
    session = opened(client)
    page = double.session(session)["url"]
    assert b"1,000 EUR" in http.request("GET", page).data
    declined = http.request("POST", page, fields={"method": "card", "number": "4000 0000 0000 9995"})
    assert declined.status == 402 and b"insufficient funds" in declined.data
    paid = http.request("POST", page, fields={"method": "card", "number": DISPUTED_CARD}, redirect=False)
    assert (paid.status, paid.headers["Location"]) == (303, f"http://127.0.0.1/back?session={session}")
    assert http.request("POST", page, fields={"method": "card"}).status == 409
    types = [event["type"] for event in double.all("event")]
    assert types.index("checkout.session.completed") < types.index("charge.dispute.created")


def test_a_debit_on_the_page(double: StripeDouble, client: stripe.StripeClient, http: urllib3.PoolManager) -> None:
    page = double.session(opened(client))["url"]
    assert http.request("POST", page, fields={"method": "sepa_debit", "iban": "IT00"}).status == 402
    double.page.settle_at_once = True
    http.request("POST", page, fields={"method": "sepa_debit", "iban": BAD_IBAN}, redirect=False)
    assert double.all("event")[-1]["type"] == "checkout.session.async_payment_failed"


# --- webhooks ------------------------------------------------------------------------------------------------------


def test_webhooks_come_signed_and_again(double: StripeDouble, client: stripe.StripeClient, merchant: Merchant) -> None:
    merchant.deaf = 2
    double.subscribe(merchant.url, ["checkout.session.completed"], SECRET)
    double.pay(opened(client))
    assert double.wait()
    assert [event["type"] for event in merchant.events] == ["checkout.session.completed"]
    assert [attempt.status for attempt in double.post.attempts] == [500, 500, 200]


def test_endpoints_are_configured_over_the_api(client: stripe.StripeClient, double: StripeDouble) -> None:
    made = client.v1.webhook_endpoints.create({"url": "http://127.0.0.1:9/hook", "enabled_events": ["*"]})
    assert made.secret and made.secret.startswith("whsec_")
    client.v1.webhook_endpoints.delete(made.id)
    assert client.v1.webhook_endpoints.list().data == []


def test_chaos_is_the_same_for_the_same_seed(
    double: StripeDouble, client: stripe.StripeClient, merchant: Merchant, capsys: pytest.CaptureFixture[str]
) -> None:
    double.subscribe(merchant.url, secret=SECRET)
    runs = []
    for _ in range(2):
        double.post.attempts.clear()
        assert double.chaos(lose=0.3, double=0.3, late=0.05, seed=7) == 7
        for _ in range(5):
            double.pay(opened(client))
        assert double.wait()
        runs.append(sorted((attempt.type, attempt.status) for attempt in double.post.attempts))
    assert runs[0] == runs[1]
    assert {status for _type, status in runs[0]} == {200, -1}
    assert len(set(merchant.ids)) < len(merchant.ids)
    assert "seed=7" in capsys.readouterr().err


def test_held_back_and_sent_again(double: StripeDouble, client: stripe.StripeClient, merchant: Merchant) -> None:
    double.subscribe(merchant.url, ["checkout.session.expired"], SECRET)
    double.hold()
    double.expire(opened(client))
    assert not double.wait(0.1) and merchant.events == []
    double.hold(False)
    assert double.wait()
    double.send_again(merchant.ids[0])
    assert double.wait() and len(merchant.ids) == 2


def test_it_runs_as_a_process(http: urllib3.PoolManager) -> None:
    command = [sys.executable, "-m", "webkit.sdk.testing.doubles.stripe", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        url = process.stdout.readline().strip()
        client = stripe.StripeClient("sk_test_double", base_addresses={"api": url}, max_network_retries=0)
        session = opened(client)
        paid = http.request("POST", f"{url}/_double/pay", json={"session": session}).json()
        assert paid["payment_status"] == "paid"
        refused = http.request("POST", f"{url}/_double/pay", json={"session": session})
        assert refused.status == 409
        state = http.request("GET", f"{url}/_double/state").json()
        assert len(state["objects"]["payment_intent"]) == 1 and "POST /v1/checkout/sessions" in state["calls"]
        assert http.request("POST", f"{url}/_double/explode").status == 404
        process.terminate()
        assert process.wait(10) == 0
