"""An agency whose payments go through the double of Stripe, and a client with an invoice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from uuid import UUID

import pytest
from flask import Flask

from tests.factories import documents
from tests.payments import stripe
from webkit.core.kernel import clock
from webkit.core.kernel.directory import AgencyView
from webkit.sdk.testing.doubles.stripe import StripeDouble


@pytest.fixture(scope="package")
def served() -> Iterator[StripeDouble]:
    with StripeDouble(pauses=(0.05, 0.1)) as double:
        yield double


@pytest.fixture
def double(served: StripeDouble, app: Flask) -> Iterator[StripeDouble]:
    served.forget()
    with stripe.chosen(app, served):
        yield served
    served.calm()


@pytest.fixture
def client_id(agency: AgencyView, double: StripeDouble) -> UUID:
    return documents.client()


@pytest.fixture
def invoice(client_id: UUID) -> UUID:
    """An issued invoice of 122.00 EUR."""
    return documents.issued("100", client_id=client_id)


@pytest.fixture
def set_clock() -> Iterator[Callable[[datetime], None]]:
    """Hold the clock at a moment, and at another one later."""
    held = ExitStack()

    def hold(moment: datetime) -> None:
        held.close()
        held.enter_context(clock.frozen(moment))

    with held:
        yield hold
