"""Every request we send is one that Stripe's own description knows: `stripe-mock` checks names, types and shapes.

go install github.com/stripe/stripe-mock@latest
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from plugins.payments_stripe.provider import Stripe
from plugins.payments_stripe.settings import StripeSettings
from webkit.sdk import (
    AccountRequest,
    ChargeRequest,
    Interval,
    MethodKind,
    NotFoundAtProvider,
    PayerMethod,
    PayerRequest,
    PlanPrice,
    ProviderMisconfigured,
    RefundRequest,
    RetainerRequest,
    SetupRequest,
    SubscriberRequest,
    SubscriptionRequest,
)
from webkit.sdk.testing.payments import ORDER

FOUND = shutil.which("stripe-mock") or shutil.which(str(Path.home() / "go/bin/stripe-mock"))
pytestmark = [pytest.mark.slow, pytest.mark.skipif(FOUND is None, reason="stripe-mock is not installed")]
HERE = "https://webkit.example/m/token"
SETUP = SetupRequest("setup", "cus_123", "client:1", "EUR", HERE, HERE, "https://webkit.example/hook")
CARD = PayerMethod("pm_123", "cus_123", MethodKind.CARD, "visa", "4242")
CHARGE = ChargeRequest("charge", CARD, "invoice:1", 12_200, "EUR", "Work", "https://webkit.example/hook")
RETAINER = RetainerRequest("begin", "cus_123", "agency:1/retainer:1", "Care", 12_200, "EUR", Interval.MONTH, HERE, HERE)
GROWTH = PlanPrice("growth", Interval.MONTH, 7_900, "EUR", "Growth")
SUBSCRIBES = SubscriptionRequest("subscribe", "cus_123", "agency:1", GROWTH, HERE, HERE)
LATER = datetime.now(UTC) + timedelta(days=9)
SINCE = datetime.now(UTC) - timedelta(days=1)


@pytest.fixture(scope="module")
def mock() -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(FOUND), "-http-addr", f"127.0.0.1:{port}", "-strict-version-check=false"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _wait(port)
        yield f"http://127.0.0.1:{port}"
        process.terminate()


def _wait(port: int) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            assert time.monotonic() < until
            time.sleep(0.1)


def _taken_away(method: Callable[[str], object]) -> object:
    """The one that stripe-mock knows is attached to nobody."""
    with pytest.raises(NotFoundAtProvider) as error:
        method("pm_123")
    return error


CALLS: dict[str, Callable[[Any], object]] = {
    "create_checkout": lambda stripe: stripe.create_checkout(ORDER),
    "get_checkout": lambda stripe: stripe.get_checkout("cs_123"),
    "close_checkout": lambda stripe: stripe.close_checkout("cs_123"),
    "refund": lambda stripe: stripe.refund(RefundRequest("pi_123", 100, "EUR", key="refund")),
    "recent_events": lambda stripe: list(stripe.recent_events(SINCE)),
    "open_payer": lambda stripe: stripe.open_payer(PayerRequest("payer", "client:1", "Ada", "ada@example.org")),
    "checkout_that_keeps": lambda stripe: stripe.create_checkout(replace(ORDER, payer_id="cus_123")),
    "begin_setup": lambda stripe: stripe.begin_setup(SETUP),
    "setup": lambda stripe: stripe.setup("cs_123"),
    "method": lambda stripe: _taken_away(stripe.method),
    "forget_method": lambda stripe: stripe.forget_method("pm_123") or True,
    "charge": lambda stripe: stripe.charge(CHARGE),
    "get_charge": lambda stripe: stripe.get_charge("pi_123"),
    "find_charge": lambda stripe: stripe.find_charge("cus_123", "charge", SINCE) or True,
    "confirm_charge": lambda stripe: stripe.confirm_charge("pi_123", return_url="https://w.example/a", key="confirm"),
    "cancel_charge": lambda stripe: stripe.cancel_charge("pi_123"),
    "payout": lambda stripe: stripe.payout("po_123"),
    "payouts": lambda stripe: stripe.payouts(SINCE),
    "health": lambda stripe: stripe.health(),
    "open_account": lambda stripe: stripe.open_account(
        AccountRequest("account", "Studio", "studio@example.it", "IT", "https://studio.example")
    ),
    "onboarding_url": lambda stripe: stripe.onboarding_url(
        "acct_123", return_url="https://webkit.example/back", again_url="https://webkit.example/again"
    ),
    "begin_retainer": lambda stripe: stripe.begin_retainer(RETAINER),
    "begin_retainer_later": lambda stripe: stripe.begin_retainer(replace(RETAINER, start=LATER)),
    "retainers": lambda stripe: stripe.retainers("cus_123", "agency:1/retainer:1"),
    "retainer_bills": lambda stripe: stripe.retainer_bills("sub_123"),
    "pause_retainer": lambda stripe: stripe.pause_retainer("sub_123", key="pause") or True,
    "resume_retainer": lambda stripe: stripe.resume_retainer("sub_123", key="resume") or True,
    "end_retainer": lambda stripe: stripe.end_retainer("sub_123", now=False, key="end") or True,
    "end_retainer_now": lambda stripe: stripe.end_retainer("sub_123", now=True, key="end now") or True,
    "void_bill": lambda stripe: stripe.void_bill("in_123", key="void") or True,
    "account_status": lambda stripe: stripe.account_status("acct_123"),
}
PLATFORM: dict[str, Callable[[Any], object]] = {
    "open_subscriber": lambda stripe: stripe.open_subscriber(
        SubscriberRequest("subscriber", "agency:1", "Studio", "studio@example.it")
    ),
    "subscribe": lambda stripe: stripe.subscribe(SUBSCRIBES),
    "subscribe_after_a_trial": lambda stripe: stripe.subscribe(replace(SUBSCRIBES, free_until=LATER)),
    "subscriptions": lambda stripe: stripe.subscriptions("cus_123"),
    "change_now": lambda stripe: stripe.change_now("sub_123", GROWTH, at=SINCE, key="now") or True,
    "change_at_end": lambda stripe: stripe.change_at_end("sub_123", GROWTH, key="end") or True,
    "end_at_period_end": lambda stripe: stripe.end_at_period_end("sub_123", key="stop") or True,
    "go_on": lambda stripe: stripe.go_on("sub_123", key="go on") or True,
    "portal_url": lambda stripe: stripe.portal_url("cus_123", return_url=HERE),
}
"""What the platform asks for itself: nothing of it happens on an account of others."""


@pytest.fixture
def stripe(mock: str, monkeypatch: pytest.MonkeyPatch) -> Stripe:
    given = {
        "STRIPE_SECRET_KEY": "sk_test_123", "STRIPE_WEBHOOK_SECRET": "whsec_1", "STRIPE_API_BASE": mock,
        "STRIPE_CONNECT": "true", "STRIPE_APPLICATION_FEE_PERCENT": "2",
    }  # fmt: skip
    monkeypatch.setattr(Stripe, "_kept_a_fee", lambda self, payment: True)
    return Stripe(StripeSettings.model_validate(given))


@pytest.mark.parametrize("connected", [False, True])
@pytest.mark.parametrize("name", CALLS)
def test_stripe_knows_what_we_ask_for(stripe: Stripe, name: str, connected: bool) -> None:
    assert CALLS[name](stripe.acting_for("acct_123") if connected else stripe) is not None


@pytest.mark.parametrize("name", PLATFORM)
def test_stripe_knows_what_the_platform_asks_for(stripe: Stripe, name: str) -> None:
    assert PLATFORM[name](stripe) is not None


def test_a_price_that_is_configured_is_compared(stripe: Stripe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(StripeSettings, "price_id", lambda self, plan, interval: "price_123")
    with pytest.raises(ProviderMisconfigured, match="price_123"):
        stripe.subscribe(SUBSCRIBES)
