"""An installation that sells tiers, through nobody or through the double of Stripe."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.payments import stripe
from webkit.core.kernel import runtime as runtimes
from webkit.sdk.testing.doubles.stripe import StripeDouble


@pytest.fixture
def billing(app: Flask) -> Iterator[None]:
    """Tiers are sold; there is no trial."""
    runtime = runtimes.of(app)
    before = runtime.settings
    runtime.settings = before.model_copy(update={"billing": True, "trial_days": 0})
    yield
    runtime.settings = before


@pytest.fixture(scope="session")
def served() -> Iterator[StripeDouble]:
    with StripeDouble(pauses=(0.05, 0.1)) as double:
        yield double


@pytest.fixture
def double(served: StripeDouble, app: Flask, billing: None) -> Iterator[StripeDouble]:
    served.forget()
    with stripe.chosen(app, served, STRIPE_PORTAL_ORIGIN=served.url):
        yield served
    served.calm()
