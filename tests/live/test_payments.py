"""Stripe itself, in test mode: nothing here moves money, and a live key is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from plugins.payments_stripe.plugin import webkit_register_providers
from tests.live.accounts import account, only
from webkit.sdk import CheckoutState, ClosesCheckouts, CredentialsRejected, Health, Payments
from webkit.sdk.testing.payments import ORDER, PaymentsContract

TRIED = frozenset(
    {
        "test_form_action_origins_are_origins",
        "test_a_checkout_opens_and_closes",
        "test_the_account_is_well",
        "test_a_wrong_key_is_told",
    }
)


class TestStripe(PaymentsContract):
    spec = webkit_register_providers()[0]

    @pytest.fixture(autouse=True)
    def _tried(self, request: pytest.FixtureRequest) -> None:
        only(TRIED, request)

    @pytest.fixture
    def configured(self, webkit_data: Path) -> dict[str, str]:
        found = account(self.spec, webkit_data)
        if "_live_" in found["STRIPE_SECRET_KEY"]:
            pytest.skip("only a key of the test mode is used here")
        return found

    def test_the_account_is_well(self, provider: Payments) -> None:
        assert provider.health().status is Health.OK

    def test_a_checkout_opens_and_closes(self, provider: Payments, another: Payments) -> None:
        order = replace(ORDER, key=f"live-{uuid4()}")
        checkout = provider.create_checkout(order)
        assert another.create_checkout(order).id == checkout.id
        status = provider.get_checkout(checkout.id)
        assert (status.state, status.amount_minor, status.currency) == (CheckoutState.OPEN, ORDER.amount_minor, "EUR")
        assert isinstance(provider, ClosesCheckouts)
        assert provider.close_checkout(checkout.id).state is CheckoutState.EXPIRED

    def test_a_wrong_key_is_told(self, configured: dict[str, str]) -> None:
        wrong = {**configured, "STRIPE_SECRET_KEY": "sk_test_nobody"}
        with pytest.raises(CredentialsRejected):
            self.registry(wrong).get(self.spec.capability).create_checkout(ORDER)
