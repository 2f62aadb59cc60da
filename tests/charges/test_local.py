"""The local checkout does it too: a practice card is left, charged by itself, and confirmed at its page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from plugins.payments_local import courier
from tests.charges import making
from tests.client import Browser
from tests.factories import documents
from webkit.charges import charging
from webkit.charges.models import ChargeWord
from webkit.core.kernel import db, links
from webkit.core.kernel.directory import AgencyView
from webkit.invoices import service as invoices
from webkit.invoices.models import InvoiceState
from webkit.payments.service import methods

Jobs = Callable[[], Any]
PAGE = "/x/payments_local/checkout"


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listens at the address the courier would call."""
    monkeypatch.setattr(courier, "start", lambda *_args: None)


@pytest.mark.parametrize(
    ("card", "word"), [("4242", ChargeWord.PAID), ("0002", ChargeWord.DECLINED), ("3184", ChargeWord.ACTION)]
)
def test_practice_cards(agency: AgencyView, anonymous: Browser, run_jobs: Jobs, card: str, word: ChargeWord) -> None:
    client_id = documents.client()
    invoice_id: UUID = documents.issued("100", client_id=client_id)
    page = making.begin(client_id)
    assert "Leave a practice card" in anonymous.get(f"{PAGE}/{page}").text
    assert anonymous.post(f"{PAGE}/{page}/pay", data={"card": card}).status_code == 303
    methods.refresh(client_id)
    db.release()
    (method,) = methods.of_client(client_id)
    assert method.usable and method.last4 == card
    charge_id = making.charge(invoice_id, method.id)
    run_jobs()
    assert making.one(charge_id).word is word
    if word is ChargeWord.ACTION:
        here = f"/a/{links.token_for(charging.LINK, charge_id)}"
        db.release()
        where = anonymous.post(f"{here}/confirm").location
        back = anonymous.post(f"{PAGE}/{where.rpartition('/')[2]}/pay").location
        assert "back=1" in back and "Paid. Thank you." in anonymous.get(f"{here}?back=1").text
    db.release()
    paid = invoices.get(invoice_id).state is InvoiceState.PAID
    assert paid is (word is not ChargeWord.DECLINED)
