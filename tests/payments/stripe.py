"""An application that takes payments through Stripe, and the double at the other end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask

from webkit.core.kernel import db, runtime
from webkit.core.providers import ProviderRegistry
from webkit.sdk.testing.doubles.stripe import CLIENT_ID, SIGNATURE, StripeDouble, body_of, signature

SECRET = "whsec_of_the_tests"
PATH = "/webhooks/payments/stripe/platform"
TYPES = (
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
    "payment_intent.payment_failed",
    "payment_intent.succeeded",
    "payment_intent.processing",
    "payment_intent.requires_action",
    "payment_intent.canceled",
    "payment_method.detached",
    "payment_method.updated",
    "payment_method.automatically_updated",
    "refund.created",
    "refund.updated",
    "refund.failed",
    "charge.refunded",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.closed",
)


CONNECT_SECRET = "whsec_of_connected_accounts"
CALLBACK = "/api/stripe/callback"


@contextmanager
def connecting(app: Flask, double: StripeDouble, **changes: str) -> Iterator[None]:
    """Have the application choose Stripe, where agencies connect accounts of their own."""
    double.allow_redirect(f"{runtime.of(app).settings.base_url}{CALLBACK}")
    on = {
        "STRIPE_CONNECT": "true",
        "STRIPE_CONNECT_CLIENT_ID": CLIENT_ID,
        "STRIPE_CONNECT_BASE": double.url,
        "STRIPE_CONNECT_WEBHOOK_SECRET": CONNECT_SECRET,
    }
    with chosen(app, double, **(on | changes)):
        yield


@contextmanager
def chosen(app: Flask, double: StripeDouble, **more: str) -> Iterator[None]:
    """Have the application choose Stripe."""
    here = runtime.of(app)
    before = here.registry
    environ = {
        "WEBKIT_DATA": str(here.settings.data),
        "PAYMENTS_PROVIDER": "stripe",
        "STRIPE_SECRET_KEY": double.key,
        "STRIPE_WEBHOOK_SECRET": SECRET,
        "STRIPE_API_BASE": double.url,
        "STRIPE_CHECKOUT_ORIGIN": double.url,
        **more,
    }
    here.registry = ProviderRegistry(environ, here.plugins.providers, in_transaction=db.in_transaction)
    try:
        yield
    finally:
        here.registry = before


def subscribed(double: StripeDouble, account: str = "", kind: str = "") -> list[dict[str, Any]]:
    """All events so far (of one kind) that the endpoint would be told, oldest first; those of a connected account."""
    types = TYPES + (("account.updated", "account.application.deauthorized") if account else ())
    return [event for event in double.all("event", account) if event["type"] in types and kind in ("", event["type"])]


def post(app: Flask, event: dict[str, Any], *, path: str = PATH, secret: str = SECRET, age: int = 0) -> Any:
    """One delivery, signed as Stripe signs it."""
    body = body_of(event)
    return app.test_client().post(path, data=body, headers={SIGNATURE: signature(secret, body, int(time.time()) - age)})
