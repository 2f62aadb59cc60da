"""The contract of payments."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol
from urllib.parse import urlsplit

import pytest

from webkit.core.capabilities.charging import (
    ChargeRequest,
    ChargesMethods,
    ChargeState,
    PayerMethod,
    PayerRequest,
    SavesMethods,
    SetupRequest,
    SetupState,
)
from webkit.core.capabilities.errors import NotFoundAtProvider, ProviderRejected, SignatureInvalid
from webkit.core.capabilities.payments import (
    CheckoutRequest,
    CheckoutState,
    CheckoutStatus,
    ClosesCheckouts,
    ConnectKind,
    ConnectsAccounts,
    PaymentEvent,
    PaymentEventKind,
    PaymentFeature,
    Payments,
    PayoutLineKind,
    PaysOut,
    RefundRequest,
    RefundState,
)

from .contract import ProviderContract

ORDER = CheckoutRequest(
    reference="2026-0042",
    amount_minor=123_456,
    currency="EUR",
    description="Anticipo per il sito di Città Studi, 東京",
    success_url="http://127.0.0.1:8000/i/token?paid=1",
    cancel_url="http://127.0.0.1:8000/i/token",
    notify_url="http://127.0.0.1:9/webhooks/payments/test/endpoint",
    key="checkout:1",
    customer_email="ada@example.org",
    metadata={"invoice": "0193"},
)


@dataclass(frozen=True, slots=True)
class Webhook:
    """A delivery exactly as it arrived."""

    headers: Mapping[str, str]
    body: bytes


class Vendor(Protocol):
    """The double of the vendor: what a payer does on its page, and the webhooks it signs."""

    def pay(self, checkout_id: str) -> None: ...

    def fail(self, checkout_id: str) -> None: ...

    def dispute(self, checkout_id: str) -> None: ...

    def webhooks(self) -> Sequence[Webhook]:
        """All webhooks so far, oldest first, signed now."""
        ...

    def unknown_webhook(self) -> Webhook:
        """A genuine one of a type that no provider knows."""
        ...

    def aged(self, webhook: Webhook, by: timedelta) -> Webhook:
        """The same body, genuinely signed that long ago."""
        ...


class PaymentsContract(ProviderContract):
    """Override `vendor`, the double of the vendor that this provider talks to."""

    @pytest.fixture
    def vendor(self, provider: Payments) -> Vendor:
        raise NotImplementedError("override the `vendor` fixture")

    def told(self, provider: Payments, vendor: Vendor) -> list[PaymentEvent]:
        """What the webhooks so far report, each verified; without what is nothing to act on."""
        events: list[PaymentEvent] = []
        for webhook in vendor.webhooks():
            provider.verify(webhook.headers, webhook.body)
            events += [e for e in provider.events(webhook.body) if e.kind is not PaymentEventKind.IGNORED]
        return events

    def test_a_checkout_opens(self, provider: Payments, vendor: Vendor) -> None:
        checkout = provider.create_checkout(ORDER)
        assert urlsplit(checkout.url).scheme in ("http", "https")
        assert checkout.expires_at > datetime.now(UTC)
        status = provider.get_checkout(checkout.id)
        assert (status.id, status.state, status.payment_id) == (checkout.id, CheckoutState.OPEN, "")
        assert (status.amount_minor, status.currency, status.reference) == (123_456, "EUR", "2026-0042")

    def test_the_same_key_is_the_same_checkout(self, provider: Payments, another: Payments, vendor: Vendor) -> None:
        first = provider.create_checkout(ORDER)
        assert provider.create_checkout(ORDER) == first
        assert another.create_checkout(ORDER) == first
        assert provider.create_checkout(replace(ORDER, key="checkout:2")).id != first.id

    def test_a_key_is_not_reused_for_another_amount(self, provider: Payments, vendor: Vendor) -> None:
        provider.create_checkout(ORDER)
        with pytest.raises(ProviderRejected):
            provider.create_checkout(replace(ORDER, amount_minor=1))

    @pytest.mark.parametrize("amount", [0, -5])
    def test_nothing_is_sold_for_nothing(self, provider: Payments, vendor: Vendor, amount: int) -> None:
        with pytest.raises(ProviderRejected):
            provider.create_checkout(replace(ORDER, amount_minor=amount))

    def test_currencies_without_cents_keep_their_amount(self, provider: Payments, vendor: Vendor) -> None:
        checkout = provider.create_checkout(replace(ORDER, currency="JPY", amount_minor=5_000))
        vendor.pay(checkout.id)
        status, (event,) = provider.get_checkout(checkout.id), self.told(provider, vendor)
        assert (status.amount_minor, status.currency) == (event.amount_minor, event.currency) == (5_000, "JPY")

    def test_unknown_ids_are_not_found(self, provider: Payments, vendor: Vendor) -> None:
        for id in ("co_unknown", "", "../secret", "co_" + "0" * 32):
            with pytest.raises(NotFoundAtProvider):
                provider.get_checkout(id)

    def test_paid_is_seen_and_told(self, provider: Payments, vendor: Vendor) -> None:
        checkout = provider.create_checkout(ORDER)
        vendor.pay(checkout.id)
        status = provider.get_checkout(checkout.id)
        assert status.state is CheckoutState.PAID
        assert status.payment_id
        (event,) = [event for event in self.told(provider, vendor) if event.kind is PaymentEventKind.PAID]
        assert (event.checkout_id, event.payment_id) == (checkout.id, status.payment_id)
        assert (event.reference, event.amount_minor, event.currency) == ("2026-0042", 123_456, "EUR")
        assert event.occurred_at.tzinfo is not None
        assert abs(event.occurred_at - datetime.now(UTC)) < timedelta(minutes=5)

    def test_paying_twice_pays_once(self, provider: Payments, vendor: Vendor) -> None:
        checkout = provider.create_checkout(ORDER)
        vendor.pay(checkout.id)
        vendor.pay(checkout.id)
        assert [event.kind for event in self.told(provider, vendor)].count(PaymentEventKind.PAID) == 1

    def test_failed_is_told_and_may_be_tried_again(self, provider: Payments, vendor: Vendor) -> None:
        checkout = provider.create_checkout(ORDER)
        vendor.fail(checkout.id)
        assert provider.get_checkout(checkout.id).state in (CheckoutState.FAILED, CheckoutState.OPEN)
        assert [event.kind for event in self.told(provider, vendor)] == [PaymentEventKind.FAILED]
        vendor.pay(checkout.id)
        assert provider.get_checkout(checkout.id).state is CheckoutState.PAID

    def test_a_dispute_is_told(self, provider: Payments, vendor: Vendor) -> None:
        checkout = provider.create_checkout(ORDER)
        vendor.pay(checkout.id)
        vendor.dispute(checkout.id)
        event = self.told(provider, vendor)[-1]
        assert event.kind is PaymentEventKind.DISPUTED
        assert event.payment_id == provider.get_checkout(checkout.id).payment_id
        assert event.part_id

    def test_event_ids_differ_and_stay(self, provider: Payments, vendor: Vendor) -> None:
        checkout = provider.create_checkout(ORDER)
        vendor.fail(checkout.id)
        vendor.pay(checkout.id)
        first, again = self.told(provider, vendor), self.told(provider, vendor)
        assert [event.id for event in first] == [event.id for event in again]
        assert len({event.id for event in first}) == len(first) >= 2

    def test_a_changed_body_is_refused(self, provider: Payments, vendor: Vendor) -> None:
        webhook = self.paid(provider, vendor)
        for body in (webhook.body.replace(b"123456", b"123457"), webhook.body + b" ", b"", webhook.body[:-1]):
            assert body != webhook.body
            with pytest.raises(SignatureInvalid):
                provider.verify(webhook.headers, body)

    def test_a_changed_or_missing_signature_is_refused(self, provider: Payments, vendor: Vendor) -> None:
        webhook = self.paid(provider, vendor)
        for name, value in webhook.headers.items():
            if "signature" in name.lower():
                for forged in (
                    value[:-1] + ("0" if value[-1] != "0" else "1"),
                    "",
                    "t=1,v1=é",
                    value[: len(value) // 2],
                ):
                    with pytest.raises(SignatureInvalid):
                        provider.verify({**webhook.headers, name: forged}, webhook.body)
        with pytest.raises(SignatureInvalid):
            provider.verify({}, webhook.body)

    def test_header_names_match_in_any_case(self, provider: Payments, vendor: Vendor) -> None:
        webhook = self.paid(provider, vendor)
        provider.verify({name.upper(): value for name, value in webhook.headers.items()}, webhook.body)
        provider.verify({name.lower(): value for name, value in webhook.headers.items()}, webhook.body)

    def test_an_old_message_played_again_is_refused(self, provider: Payments, vendor: Vendor) -> None:
        webhook = self.paid(provider, vendor)
        provider.verify(*_parts(vendor.aged(webhook, timedelta(seconds=5))))
        for age in (timedelta(hours=1), timedelta(days=400), timedelta(hours=-1)):
            with pytest.raises(SignatureInvalid):
                provider.verify(*_parts(vendor.aged(webhook, age)))

    def test_an_unknown_event_is_genuine_and_ignored(self, provider: Payments, vendor: Vendor) -> None:
        webhook = vendor.unknown_webhook()
        provider.verify(webhook.headers, webhook.body)
        (event,) = provider.events(webhook.body)
        assert event.kind is PaymentEventKind.IGNORED
        assert event.id

    @pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{}", b"{", b"\xff\xfe", b'{"id": 1}'])
    def test_garbage_is_refused_cleanly(self, provider: Payments, vendor: Vendor, body: bytes) -> None:
        with pytest.raises(ProviderRejected):
            provider.events(body)

    def test_a_refund_gives_back_once(self, provider: Payments, another: Payments, vendor: Vendor) -> None:
        self.needs(PaymentFeature.REFUNDS)
        request = self.refund_of(provider, vendor, 123_456)
        refund = provider.refund(request)
        assert refund.state in (RefundState.SUCCEEDED, RefundState.PENDING)
        assert (refund.payment_id, refund.amount_minor, refund.currency) == (request.payment_id, 123_456, "EUR")
        assert another.refund(request) == refund
        with pytest.raises(ProviderRejected):
            provider.refund(replace(request, key="refund:2"))
        refunds = [event for event in self.told(provider, vendor) if event.kind is PaymentEventKind.REFUNDED]
        assert [event.amount_minor for event in refunds] == [123_456]
        assert [(event.part_id, event.key) for event in refunds] == [(refund.id, request.key)]
        assert [event.payment_id for event in refunds] == [request.payment_id]

    def test_partial_refunds_never_exceed_the_payment(self, provider: Payments, vendor: Vendor) -> None:
        self.needs(PaymentFeature.PARTIAL_REFUNDS)
        request = self.refund_of(provider, vendor, 100_000)
        provider.refund(request)
        for amount in (23_457, 0, -1):
            with pytest.raises(ProviderRejected):
                provider.refund(replace(request, amount_minor=amount, key=f"refund:{amount}"))
        assert provider.refund(replace(request, amount_minor=23_456, key="refund:3")).amount_minor == 23_456

    def test_an_unknown_payment_is_not_refunded(self, provider: Payments, vendor: Vendor) -> None:
        self.needs(PaymentFeature.REFUNDS)
        with pytest.raises(ProviderRejected):
            provider.refund(RefundRequest("pay_unknown", 1, "EUR", key="refund:x"))

    def test_a_closed_checkout_is_over(self, provider: Payments, another: Payments, vendor: Vendor) -> None:
        self.needs(PaymentFeature.CLOSE_CHECKOUTS)
        checkout = provider.create_checkout(ORDER)
        vendor.fail(checkout.id)
        for who in (provider, another):
            assert self.close(who, checkout.id).state is CheckoutState.EXPIRED
        with suppress(Exception):
            vendor.pay(checkout.id)
        assert provider.get_checkout(checkout.id).state is CheckoutState.EXPIRED
        assert PaymentEventKind.PAID not in [event.kind for event in self.told(provider, vendor)]

    def test_closing_what_was_paid_says_so(self, provider: Payments, vendor: Vendor) -> None:
        self.needs(PaymentFeature.CLOSE_CHECKOUTS)
        checkout = provider.create_checkout(ORDER)
        vendor.pay(checkout.id)
        paid = provider.get_checkout(checkout.id)
        assert self.close(provider, checkout.id) == paid
        assert (paid.state, paid.amount_minor) == (CheckoutState.PAID, 123_456)

    def test_what_is_unknown_cannot_be_closed(self, provider: Payments, vendor: Vendor) -> None:
        self.needs(PaymentFeature.CLOSE_CHECKOUTS)
        for id in ("co_unknown", "", "../secret"):
            with pytest.raises(NotFoundAtProvider):
                self.close(provider, id)

    def close(self, provider: Payments, id: str) -> CheckoutStatus:
        """Close a checkout of a provider that declares it can."""
        assert isinstance(provider, ClosesCheckouts)
        return provider.close_checkout(id)

    def test_what_happened_can_be_asked_for(self, provider: Payments, vendor: Vendor) -> None:
        self.needs(PaymentFeature.EVENT_LIST)
        since = datetime.now(UTC) - timedelta(minutes=5)
        checkout = provider.create_checkout(ORDER)
        vendor.fail(checkout.id)
        vendor.pay(checkout.id)
        listed = [event for body in provider.recent_events(since) for event in provider.events(body)]
        told = self.told(provider, vendor)
        assert [event for event in listed if event.id in {known.id for known in told}] == told
        assert not list(provider.recent_events(datetime.now(UTC) + timedelta(hours=1)))

    @pytest.fixture
    def connected(self, vendor: Vendor) -> str:
        """An account of somebody else's that the platform may act for; needed with CONNECT only."""
        raise NotImplementedError("override the `connected` fixture")

    def test_nobody_acts_for_others_unasked(self, provider: Payments) -> None:
        declared = PaymentFeature.CONNECT in self.spec.features
        assert isinstance(provider, ConnectsAccounts) == declared

    def test_a_connected_account_takes_its_own_money(
        self, provider: Payments, vendor: Vendor, request: pytest.FixtureRequest
    ) -> None:
        self.needs(PaymentFeature.CONNECT)
        account = request.getfixturevalue("connected")
        assert isinstance(provider, ConnectsAccounts)
        assert provider.connects() <= set(ConnectKind)
        acting = provider.acting_for(account)
        checkout = acting.create_checkout(ORDER)
        assert acting.get_checkout(checkout.id).state is CheckoutState.OPEN
        with pytest.raises(NotFoundAtProvider):
            provider.get_checkout(checkout.id)
        vendor.pay(checkout.id)
        (event,) = [event for event in self.told(provider, vendor) if event.kind is PaymentEventKind.PAID]
        assert (event.account, event.checkout_id, event.amount_minor) == (account, checkout.id, 123_456)
        since = datetime.now(UTC) - timedelta(minutes=5)
        listed = [event for body in acting.recent_events(since) for event in provider.events(body)]
        assert event in listed

    def test_a_refund_goes_back_from_the_connected_account(
        self, provider: Payments, vendor: Vendor, request: pytest.FixtureRequest
    ) -> None:
        self.needs(PaymentFeature.CONNECT)
        account = request.getfixturevalue("connected")
        assert isinstance(provider, ConnectsAccounts)
        acting = provider.acting_for(account)
        asked = self.refund_of(acting, vendor, 123_456)
        with pytest.raises(ProviderRejected):
            provider.refund(asked)
        assert acting.refund(asked).amount_minor == 123_456

    def test_a_connected_account_says_how_it_stands(self, provider: Payments, request: pytest.FixtureRequest) -> None:
        self.needs(PaymentFeature.CONNECT)
        account = request.getfixturevalue("connected")
        assert isinstance(provider, ConnectsAccounts)
        status = provider.account_status(account)
        assert (status.id, status.can_charge, status.blocked) == (account, True, "")
        with pytest.raises(NotFoundAtProvider):
            provider.account_status("acct_nobody")
        with pytest.raises(NotFoundAtProvider):
            provider.acting_for("../platform")

    @pytest.fixture
    def paid_out(self, vendor: Vendor) -> Callable[[], str]:
        """Has what is there paid out to the bank, and returns the payout's id; needed with PAYOUTS only."""
        raise NotImplementedError("override the `paid_out` fixture")

    def test_a_payout_is_the_sum_of_its_lines(
        self, provider: Payments, vendor: Vendor, request: pytest.FixtureRequest
    ) -> None:
        assert isinstance(provider, PaysOut) == (PaymentFeature.PAYOUTS in self.spec.features)
        self.needs(PaymentFeature.PAYOUTS)
        assert isinstance(provider, PaysOut)
        asked = self.refund_of(provider, vendor, 23_456)
        provider.refund(asked)
        payout = provider.payout(request.getfixturevalue("paid_out")())
        assert [(line.kind, line.payment_id, line.amount_minor) for line in payout.lines] == [
            (PayoutLineKind.PAYMENT, asked.payment_id, 123_456),
            (PayoutLineKind.REFUND, asked.payment_id, -23_456),
        ]
        assert sum(line.net_minor for line in payout.lines) == payout.amount_minor < 100_000
        assert payout.id in provider.payouts(datetime.now(UTC) - timedelta(minutes=5))
        assert [event.part_id for event in self.told(provider, vendor) if event.kind is PaymentEventKind.PAYOUT]
        with pytest.raises(NotFoundAtProvider):
            provider.payout("po_unknown")

    # --- methods that payers leave -----------------------------------------------------------------------------------

    @pytest.fixture
    def left(self, provider: Payments, vendor: Vendor) -> Callable[[str], PayerMethod]:
        """A payer leaves a method that pays, is declined ("declined"), or wants confirming ("asks"); needed with
        SAVED_METHODS only."""
        raise NotImplementedError("override the `left` fixture")

    def test_what_is_said_of_methods_is_so(self, provider: Payments) -> None:
        assert isinstance(provider, SavesMethods) == (PaymentFeature.SAVED_METHODS in self.spec.features)
        assert isinstance(provider, ChargesMethods) == (PaymentFeature.OFF_SESSION in self.spec.features)

    def test_a_method_is_left_and_forgotten(self, provider: Payments, request: pytest.FixtureRequest) -> None:
        self.needs(PaymentFeature.SAVED_METHODS)
        assert isinstance(provider, SavesMethods)
        payer = PayerRequest("payer:1", "client:1", "Ada", "ada@example.org")
        payer_id = provider.open_payer(payer)
        assert provider.open_payer(payer) == payer_id
        page = provider.begin_setup(setup_of(payer_id))
        assert provider.begin_setup(setup_of(payer_id)).id == page.id
        assert provider.setup(page.id).state is SetupState.OPEN
        method = request.getfixturevalue("left")("")
        assert method.last4 and provider.method(method.id) == method
        provider.forget_method(method.id)
        provider.forget_method(method.id)
        with pytest.raises(NotFoundAtProvider):
            provider.method(method.id)
        with pytest.raises(NotFoundAtProvider):
            provider.setup("nothing")

    def test_a_charge_takes_money_once(self, provider: Payments, request: pytest.FixtureRequest) -> None:
        self.needs(PaymentFeature.OFF_SESSION)
        assert isinstance(provider, ChargesMethods)
        asked = charge_of(request.getfixturevalue("left")(""))
        charged = provider.charge(asked)
        assert (charged.state, charged.amount_minor, charged.reference) == (ChargeState.PAID, 12_200, "2026-0042")
        assert provider.charge(asked).id == charged.id == provider.get_charge(charged.id).id
        since = datetime.now(UTC) - timedelta(minutes=5)
        found = provider.find_charge(asked.method.payer_id, asked.key, since)
        assert found is not None and found.id == charged.id
        assert provider.find_charge(asked.method.payer_id, "nobody", since) is None
        assert provider.cancel_charge(charged.id).state is ChargeState.PAID
        with pytest.raises(NotFoundAtProvider):
            provider.get_charge("nothing")

    def test_a_decline_is_an_answer(self, provider: Payments, request: pytest.FixtureRequest) -> None:
        self.needs(PaymentFeature.OFF_SESSION)
        assert isinstance(provider, ChargesMethods)
        asked = charge_of(request.getfixturevalue("left")("declined"))
        declined = provider.charge(asked)
        assert declined.state is ChargeState.DECLINED and declined.decline
        assert provider.charge(asked) == declined
        assert provider.cancel_charge(declined.id).state is ChargeState.CANCELLED

    def test_a_charge_that_wants_its_payer(self, provider: Payments, request: pytest.FixtureRequest) -> None:
        self.needs(PaymentFeature.OFF_SESSION)
        assert isinstance(provider, ChargesMethods)
        charged = provider.charge(charge_of(request.getfixturevalue("left")("asks")))
        assert charged.state is ChargeState.ACTION
        back = "http://127.0.0.1:8000/a/token?back=1"
        status, address = provider.confirm_charge(charged.id, return_url=back, key="confirm:1")
        assert status.state is ChargeState.ACTION and urlsplit(address).scheme in ("http", "https")
        assert provider.cancel_charge(charged.id).state is ChargeState.CANCELLED
        assert provider.confirm_charge(charged.id, return_url=back, key="confirm:2")[1] == ""

    def test_form_action_origins_are_origins(self, provider: Payments) -> None:
        for origin in provider.form_action_origins():
            parts = urlsplit(origin)
            assert origin == f"{parts.scheme}://{parts.netloc}"
            assert parts.scheme == "https"

    def paid(self, provider: Payments, vendor: Vendor) -> Webhook:
        """The webhook of a payment."""
        vendor.pay(provider.create_checkout(ORDER).id)
        return vendor.webhooks()[-1]

    def refund_of(self, provider: Payments, vendor: Vendor, amount: int) -> RefundRequest:
        """A request to refund a fresh payment."""
        checkout = provider.create_checkout(ORDER)
        vendor.pay(checkout.id)
        return RefundRequest(provider.get_checkout(checkout.id).payment_id, amount, "EUR", key="refund:1")


def setup_of(payer_id: str) -> SetupRequest:
    """A page at which a payer leaves a method."""
    here = "http://127.0.0.1:8000/m/token"
    return SetupRequest("setup:1", payer_id, "client:1", "EUR", here, here, ORDER.notify_url)


def charge_of(method: PayerMethod, key: str = "charge:1") -> ChargeRequest:
    """A charge of a method."""
    return ChargeRequest(key, method, "2026-0042", 12_200, "EUR", "Work", ORDER.notify_url)


def _parts(webhook: Webhook) -> tuple[Mapping[str, str], bytes]:
    return webhook.headers, webhook.body
