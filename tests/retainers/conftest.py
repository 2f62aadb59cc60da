"""An agency that has connected an account, where clients accept retainers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.client import Browser
from tests.payments import stripe
from tests.payments.test_connect import joined
from webkit.core.kernel.directory import AgencyView
from webkit.sdk.testing.doubles.stripe import StripeDouble


@pytest.fixture(scope="package")
def served() -> Iterator[StripeDouble]:
    with StripeDouble(pauses=(0.05, 0.1)) as double:
        yield double


@pytest.fixture
def double(served: StripeDouble, app: Flask) -> Iterator[StripeDouble]:
    served.forget()
    with stripe.connecting(app, served, STRIPE_APPLICATION_FEE_PERCENT="1"):
        yield served
    served.calm()


@pytest.fixture
def account(agency: AgencyView, double: StripeDouble, owner: Browser) -> str:
    """The vendor's name of an account that Northwind has connected by consent."""
    return joined(owner, double)
