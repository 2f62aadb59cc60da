"""An agency ends: the payment service keeps no card of its clients."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask

from tests.charges.making import left, vendor_id
from tests.portability.moving import outside
from webkit.core.capabilities.charging import SavesMethods
from webkit.core.capabilities.errors import NotFoundAtProvider
from webkit.core.capabilities.payments import PAYMENTS
from webkit.core.kernel import clock, db, jobs, tenancy
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.runtime import current
from webkit.portability import deleting
from webkit.sdk.testing.doubles.stripe import StripeDouble


def test_cards_are_forgotten_with_the_agency(
    app: Flask, agency: AgencyView, client_id: UUID, double: StripeDouble
) -> None:
    name = vendor_id(left(double, client_id))
    db.release()
    saver = current().registry.get(PAYMENTS)
    assert isinstance(saver, SavesMethods) and saver.method(name).id == name
    deleting.ask(agency, agency.name, UUID(int=7), "Ada", "ada@northwind.example", "en")
    db.release()
    with clock.frozen(clock.now() + deleting.GRACE + timedelta(days=1)):
        outside(app, begin_due)
    with pytest.raises(NotFoundAtProvider):
        saver.method(name)


def begin_due() -> None:
    with tenancy.platform("what is due"):
        deleting.look_for_due(None)  # type: ignore[arg-type]
    jobs.run_waiting()
