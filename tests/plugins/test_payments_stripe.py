"""Stripe: the contract against a double of it, its errors in our words, and everything a webhook may bring."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from plugins.payments_stripe import webhooks
from plugins.payments_stripe.plugin import webkit_register_providers
from plugins.payments_stripe.provider import Stripe
from plugins.payments_stripe.settings import StripeSettings
from webkit.sdk import (
    CheckoutState,
    CredentialsRejected,
    Health,
    NotFoundAtProvider,
    OutcomeUnknown,
    PayerMethod,
    PayerRequest,
    PaymentEventKind,
    Payments,
    ProviderError,
    ProviderRejected,
    ProviderUnavailable,
    RateLimited,
    RefundRequest,
    RefundState,
    SignatureInvalid,
)
from webkit.sdk.testing.doubles.stripe import (
    AUTHENTICATED_CARD,
    FAILING_REFUND_CARD,
    GOOD_CARD,
    LATER_DECLINED_CARD,
    PENDING_REFUND_CARD,
    StripeDouble,
    body_of,
    signature,
)
from webkit.sdk.testing.payments import ORDER, PaymentsContract, Webhook, setup_of

SECRET = "whsec_of_the_tests"


@pytest.fixture(scope="module")
def served() -> Iterator[StripeDouble]:
    """One server for all tests of this module; each has accounts of its own."""
    with StripeDouble() as double:
        yield double


@pytest.fixture
def double(served: StripeDouble) -> Iterator[StripeDouble]:
    served.forget()
    yield served
    served.calm()


def settings(double: StripeDouble, **changes: Any) -> StripeSettings:
    return StripeSettings.model_validate(
        {"STRIPE_SECRET_KEY": double.key, "STRIPE_WEBHOOK_SECRET": SECRET, "STRIPE_API_BASE": double.url, **changes}
    )


@pytest.fixture
def payments(double: StripeDouble) -> Stripe:
    return Stripe(settings(double))


class Payer:
    """Pays on the double's page, and signs what the endpoint would get."""

    def __init__(self, double: StripeDouble) -> None:
        self.double = double

    def pay(self, checkout_id: str) -> None:
        if self.double.session(checkout_id)["status"] == "open":
            self.double.pay(checkout_id)

    def fail(self, checkout_id: str) -> None:
        self.double.decline(checkout_id)

    def dispute(self, checkout_id: str) -> None:
        self.double.dispute(self.double.session(checkout_id)["payment_intent"])

    def webhooks(self) -> Sequence[Webhook]:
        accounts = list(self.double.books.accounts)
        events = [event for account in accounts for event in self.double.all("event", account)]
        return [signed(event) for event in events if event["type"] in webhooks.TYPES]

    def unknown_webhook(self) -> Webhook:
        event = {"id": "evt_x", "type": "weather.changed", "created": int(time.time()), "livemode": False}
        return signed({**event, "data": {"object": {"id": "w_1", "object": "weather"}}})

    def aged(self, webhook: Webhook, by: timedelta) -> Webhook:
        at = int((datetime.now(UTC) - by).timestamp())
        return Webhook({"Stripe-Signature": signature(SECRET, webhook.body, at)}, webhook.body)


def signed(event: dict[str, Any], secret: str = SECRET) -> Webhook:
    body = body_of(event)
    return Webhook({"Stripe-Signature": signature(secret, body, int(time.time()))}, body)


class TestStripe(PaymentsContract):
    spec = webkit_register_providers()[0]

    @pytest.fixture
    def configured(self, double: StripeDouble) -> dict[str, str]:
        return {
            "PAYMENTS_PROVIDER": "stripe",
            "STRIPE_SECRET_KEY": double.key,
            "STRIPE_WEBHOOK_SECRET": SECRET,
            "STRIPE_API_BASE": double.url,
            "STRIPE_CONNECT": "true",
        }

    @pytest.fixture
    def vendor(self, double: StripeDouble) -> Payer:
        return Payer(double)

    @pytest.fixture
    def left(self, provider: Stripe, double: StripeDouble) -> Callable[[str], PayerMethod]:
        def leave(how: str) -> PayerMethod:
            payer_id = provider.open_payer(PayerRequest("payer:left", "client:1", "Ada"))
            opened = provider.begin_setup(replace(setup_of(payer_id), key=f"setup:{how}"))
            double.leave_method(
                opened.id, {"declined": LATER_DECLINED_CARD, "asks": AUTHENTICATED_CARD}.get(how, GOOD_CARD)
            )
            method = provider.setup(opened.id).method
            assert method is not None
            return method

        return leave

    @pytest.fixture
    def paid_out(self, double: StripeDouble) -> Callable[[], str]:
        return lambda: str(double.pay_out()["id"])

    @pytest.fixture
    def connected(self, double: StripeDouble) -> str:
        return double.connect()


# --- errors --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("trouble", "error", "retry_after"),
    [
        ({"status": 401}, CredentialsRejected, None),
        ({"status": 402, "code": "card_declined"}, ProviderRejected, None),
        ({"status": 403, "code": "account_invalid"}, CredentialsRejected, None),
        ({"status": 404, "code": "resource_missing"}, NotFoundAtProvider, None),
        ({"status": 400, "code": "parameter_unknown"}, ProviderRejected, None),
        ({"status": 409, "code": "idempotency_key_in_use", "times": 5}, ProviderUnavailable, None),
        ({"status": 429, "code": "rate_limit", "retry_after": 7}, RateLimited, 7.0),
        ({"status": 429, "code": "lock_timeout"}, RateLimited, None),
        ({"status": 500}, ProviderUnavailable, None),
        ({"status": 503, "retry_after": 30}, ProviderUnavailable, 30.0),
        ({"drop": True}, OutcomeUnknown, None),
    ],
)
def test_errors_in_our_words(
    double: StripeDouble,
    payments: Stripe,
    trouble: dict[str, Any],
    error: type[ProviderError],
    retry_after: float | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("plugins.payments_stripe.errors.TURNS", (0.0,) * 4)
    double.trouble(**trouble)
    with pytest.raises(error) as raised:
        payments.create_checkout(ORDER)
    assert type(raised.value) is error
    assert (raised.value.provider, raised.value.retry_after) == ("stripe", retry_after)
    assert "@" not in str(raised.value) and double.key not in str(raised.value)
    assert payments.create_checkout(ORDER).id


def test_a_second_tab_waits_for_the_first(double: StripeDouble, payments: Stripe) -> None:
    double.trouble(status=409, code="idempotency_key_in_use", times=2)
    assert payments.create_checkout(ORDER).id


def test_a_vendor_that_says_nothing(double: StripeDouble, payments: Stripe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plugins.payments_stripe.provider.ANSWER_SECONDS", 0.2)
    double.trouble(delay=1.0)
    with pytest.raises(OutcomeUnknown):
        payments.create_checkout(ORDER)


def test_a_vendor_that_is_not_there(double: StripeDouble) -> None:
    payments = Stripe(settings(double, STRIPE_API_BASE="http://127.0.0.1:9"))
    with pytest.raises(ProviderUnavailable) as raised:
        payments.create_checkout(ORDER)
    assert type(raised.value) is ProviderUnavailable


def test_a_wrong_key(double: StripeDouble) -> None:
    payments = Stripe(settings(double, STRIPE_SECRET_KEY="sk_test_somebody_else"))
    with pytest.raises(CredentialsRejected):
        payments.create_checkout(ORDER)
    assert payments.health().status is Health.DOWN


def test_garbage_instead_of_an_answer(double: StripeDouble, payments: Stripe) -> None:
    double.trouble(garbage=True)
    with pytest.raises(ProviderError) as raised:
        payments.create_checkout(ORDER)
    assert raised.value.retryable


def test_health_knows_the_mode_and_what_is_wrong(double: StripeDouble, payments: Stripe) -> None:
    assert payments.health().status is Health.OK
    assert "test mode" in payments.health().detail
    double.trouble(status=500)
    assert payments.health().status is Health.DOWN


def test_an_answer_that_got_lost_is_had_again(double: StripeDouble, payments: Stripe) -> None:
    """The vendor opened a checkout and gave money back, we never heard of it: the same key finds both."""
    double.trouble(on="POST /v1/checkout", when="after", drop=True)
    with pytest.raises(OutcomeUnknown):
        payments.create_checkout(ORDER)
    checkout = payments.create_checkout(ORDER)
    assert [session["id"] for session in double.all("checkout.session")] == [checkout.id]
    double.pay(checkout.id)
    request = RefundRequest(payments.get_checkout(checkout.id).payment_id, 100, "EUR", key="refund:1")
    double.trouble(on="POST /v1/refunds", when="after", status=500)
    with pytest.raises(ProviderUnavailable):
        payments.refund(request)
    assert payments.refund(request).id == double.all("refund")[0]["id"]
    assert len(double.all("refund")) == 1


# --- checkouts -----------------------------------------------------------------------------------------------------


def test_what_the_payer_reads(double: StripeDouble, payments: Stripe) -> None:
    checkout = payments.create_checkout(ORDER)
    session = double.session(checkout.id)
    assert session["customer_email"] == "ada@example.org"
    assert session["client_reference_id"] == "2026-0042"
    assert session["metadata"] == {"invoice": "0193", "webkit_reference": "2026-0042"}
    assert session["success_url"] == ORDER.success_url
    assert checkout.expires_at == datetime.fromtimestamp(session["expires_at"], UTC)


def test_a_slow_method_is_pending_and_then_paid_or_bounced(double: StripeDouble, payments: Stripe) -> None:
    for ok, state in ((True, CheckoutState.PAID), (False, CheckoutState.BOUNCED)):
        checkout = payments.create_checkout(replace(ORDER, key=f"checkout:{ok}"))
        session = double.debit(checkout.id)
        assert payments.get_checkout(checkout.id).state is CheckoutState.PENDING
        double.settle(session["payment_intent"], ok)
        assert payments.get_checkout(checkout.id).state is state


def test_nobody_paid_in_time(double: StripeDouble, payments: Stripe) -> None:
    checkout = payments.create_checkout(ORDER)
    double.advance(25 * 3600)
    assert payments.get_checkout(checkout.id).state is CheckoutState.EXPIRED
    double.advance(-25 * 3600)


@pytest.mark.parametrize(
    ("currency", "minor", "theirs"),
    [("EUR", 1999, 1999), ("JPY", 5000, 5000), ("ISK", 5000, 500_000), ("UGX", 9000, 900_000), ("MGA", 500_00, 500)],
)
def test_amounts_as_stripe_writes_them(
    double: StripeDouble, payments: Stripe, currency: str, minor: int, theirs: int
) -> None:
    checkout = payments.create_checkout(replace(ORDER, currency=currency, amount_minor=minor))
    assert double.session(checkout.id)["amount_total"] == theirs
    assert payments.get_checkout(checkout.id).amount_minor == minor
    double.pay(checkout.id)
    (event,) = payments.events(Payer(double).webhooks()[-1].body)
    assert (event.amount_minor, event.currency) == (minor, currency)
    refund = payments.refund(RefundRequest(event.payment_id, minor, currency, key="refund"))
    assert (refund.amount_minor, refund.currency) == (minor, currency)


def test_cents_of_a_currency_without_them(payments: Stripe) -> None:
    with pytest.raises(ProviderRejected):
        payments.create_checkout(replace(ORDER, currency="MGA", amount_minor=50_001))


def test_refunds_that_take_their_time(double: StripeDouble, payments: Stripe) -> None:
    checkout = payments.create_checkout(ORDER)
    double.pay(checkout.id, PENDING_REFUND_CARD)
    payment = payments.get_checkout(checkout.id).payment_id
    refund = payments.refund(RefundRequest(payment, 100, "EUR", key="r"))
    assert refund.state is RefundState.PENDING
    double.settle_refund(refund.id)
    kinds = [e.kind for w in Payer(double).webhooks() for e in payments.events(w.body) if e.part_id == refund.id]
    assert kinds == [PaymentEventKind.REFUND_PENDING, PaymentEventKind.REFUNDED]


def test_a_refund_that_comes_back(double: StripeDouble, payments: Stripe) -> None:
    checkout = payments.create_checkout(ORDER)
    double.pay(checkout.id, FAILING_REFUND_CARD)
    payments.refund(RefundRequest(payments.get_checkout(checkout.id).payment_id, 100, "EUR", key="r"))
    kinds = [e.kind for w in Payer(double).webhooks() for e in payments.events(w.body) if e.part_id]
    assert kinds == [PaymentEventKind.REFUNDED, PaymentEventKind.REFUND_FAILED]


def test_each_provider_has_its_own_client(double: StripeDouble, payments: Stripe) -> None:
    import stripe

    other = Stripe(settings(double, STRIPE_SECRET_KEY="sk_test_other"))
    payments.create_checkout(ORDER)
    with pytest.raises(CredentialsRejected):
        other.create_checkout(ORDER)
    payments.create_checkout(replace(ORDER, key="checkout:2"))
    assert stripe.api_key is None


# --- webhooks ------------------------------------------------------------------------------------------------------


def event(type: str, subject: dict[str, Any], **changes: Any) -> bytes:
    head = {"id": "evt_1", "object": "event", "type": type, "created": 1_790_000_000, "livemode": False}
    return json.dumps({**head, "data": {"object": subject}, **changes}).encode()


def kinds(payments: Payments, body: bytes) -> list[str]:
    return [str(found.kind) for found in payments.events(body)]


SESSION = {"id": "cs_1", "object": "checkout.session", "mode": "payment", "amount_total": 100, "currency": "eur",
           "client_reference_id": "invoice:1", "payment_intent": "pi_1", "metadata": {}}  # fmt: skip
INTENT = {"id": "pi_1", "object": "payment_intent", "amount": 100, "currency": "eur",
          "metadata": {webhooks.REFERENCE: "invoice:1"}}  # fmt: skip
REFUND = {"id": "re_1", "object": "refund", "amount": 40, "currency": "eur", "payment_intent": "pi_1", "metadata": {}}
DISPUTE = {"id": "du_1", "object": "dispute", "amount": 100, "currency": "eur", "payment_intent": "pi_1"}


@pytest.mark.parametrize(
    ("type", "subject", "expected"),
    [
        ("checkout.session.completed", {**SESSION, "payment_status": "paid"}, "paid"),
        ("checkout.session.completed", {**SESSION, "payment_status": "unpaid"}, "pending"),
        ("checkout.session.completed", {**SESSION, "payment_status": "no_payment_required"}, "ignored"),
        ("checkout.session.completed", {**SESSION, "payment_status": "paid", "mode": "subscription"}, "ignored"),
        ("checkout.session.async_payment_succeeded", SESSION, "paid"),
        ("checkout.session.async_payment_failed", SESSION, "bounced"),
        ("checkout.session.expired", SESSION, "expired"),
        ("payment_intent.payment_failed", INTENT, "failed"),
        ("payment_intent.payment_failed", {**INTENT, "metadata": {}}, "ignored"),
        ("payment_intent.succeeded", INTENT, "ignored"),
        ("refund.created", {**REFUND, "status": "pending"}, "refund_pending"),
        ("refund.updated", {**REFUND, "status": "succeeded"}, "refunded"),
        ("refund.failed", {**REFUND, "status": "failed"}, "refund_failed"),
        ("refund.updated", {**REFUND, "status": "canceled"}, "refund_failed"),
        ("charge.refunded", {"id": "ch_1", "object": "charge", "amount": 100, "currency": "eur"}, "ignored"),
        ("charge.dispute.created", {**DISPUTE, "status": "needs_response"}, "disputed"),
        ("charge.dispute.created", {**DISPUTE, "status": "warning_needs_response"}, "ignored"),
        ("charge.dispute.updated", {**DISPUTE, "status": "under_review"}, "disputed"),
        ("charge.dispute.closed", {**DISPUTE, "status": "won"}, "dispute_won"),
        ("charge.dispute.closed", {**DISPUTE, "status": "lost"}, "dispute_lost"),
        ("charge.dispute.closed", {**DISPUTE, "status": "warning_closed"}, "ignored"),
        ("invoice.paid", {"id": "in_1", "object": "invoice"}, "ignored"),
    ],
)
def test_events_in_our_words(payments: Stripe, type: str, subject: dict[str, Any], expected: str) -> None:
    assert kinds(payments, event(type, subject)) == [expected]


def test_older_api_versions_list_the_refunds_of_a_charge(payments: Stripe) -> None:
    listed = [{**REFUND, "status": "succeeded"}, {**REFUND, "id": "re_2", "status": "succeeded"}]
    charge = {"id": "ch_1", "object": "charge", "refunds": {"data": listed}}
    found = payments.events(event("charge.refunded", charge))
    assert [(e.id, e.part_id, e.amount_minor) for e in found] == [
        ("evt_1:re_1", "re_1", 40),
        ("evt_1:re_2", "re_2", 40),
    ]


@pytest.mark.parametrize("foreign", [{"livemode": True}, {"account": "acct_1Other"}])
def test_money_of_others_is_not_ours(payments: Stripe, foreign: dict[str, Any]) -> None:
    """A genuine event of the other mode or of a connected account pays no invoice of ours."""
    assert kinds(payments, event("checkout.session.async_payment_succeeded", SESSION, **foreign)) == ["ignored"]


def test_a_live_key_takes_live_events(double: StripeDouble) -> None:
    live = Stripe(settings(double, STRIPE_SECRET_KEY="rk_live_1"))
    paid = "checkout.session.async_payment_succeeded"
    assert kinds(live, event(paid, SESSION, livemode=True)) == ["paid"]
    assert kinds(live, event(paid, SESSION)) == ["ignored"]


def test_two_endpoints_have_two_secrets(double: StripeDouble) -> None:
    payments = Stripe(settings(double, STRIPE_BILLING_WEBHOOK_SECRET="whsec_second"))
    for secret in (SECRET, "whsec_second"):
        webhook = signed({"id": "evt_1"}, secret)
        payments.verify(webhook.headers, webhook.body)
    webhook = signed({"id": "evt_1"}, "whsec_third")
    with pytest.raises(SignatureInvalid):
        payments.verify(webhook.headers, webhook.body)


@pytest.mark.parametrize("header", ["t=1", "v1=abc", "t=x,v1=y", "t=99999999999999,v1=a", ",,,", "t=1,v1=" + "é"])
def test_odd_signatures(payments: Stripe, header: str) -> None:
    for body in (b"{}", b"\xff"):
        with pytest.raises(SignatureInvalid):
            payments.verify({"stripe-signature": header}, body)


def test_the_list_of_events_goes_over_many_pages(
    double: StripeDouble, payments: Stripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plugins.payments_stripe.provider.PAGE", 2)
    for number in range(5):
        double.expire(payments.create_checkout(replace(ORDER, key=f"checkout:{number}")).id)
    found = [
        e for body in payments.recent_events(datetime.now(UTC) - timedelta(hours=1)) for e in payments.events(body)
    ]
    expired = [e["id"] for e in double.all("event") if e["type"] == "checkout.session.expired"]
    assert [e.id for e in found] == expired
