"""What is said of an invoice that was paid bit by bit: page, list and API agree that nothing is left of it."""

from __future__ import annotations

import pytest

from tests.client import Browser
from tests.factories import documents
from tests.factories.documents import ACTOR
from webkit.agencies import service as agencies
from webkit.core.kernel import db
from webkit.core.kernel.directory import AgencyView
from webkit.invoices import crediting, service
from webkit.invoices.crediting import CreditInput, Extent
from webkit.ledger.service import Method
from webkit.receipts import service as receipts
from webkit.receipts.service import RecordInput

LEFT = "Left to pay"


def _comes(invoice_id: object, minor: int) -> None:
    invoice = service.get(invoice_id)  # type: ignore[arg-type]
    day = agencies.today()
    receipts.record(
        RecordInput(invoice.client_id, method=Method.BANK, day=day, currency="EUR", amount_minor=minor,
                    parts={invoice.id: minor}), ACTOR,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("credited", "last", "paid"),
    [(0, 7_200, 12_200), (2_200, 5_000, 10_000), (10_000, 0, 5_000)],
    ids=["two payments", "credited between them", "credited for the rest"],
)
def test_nothing_is_left_once_it_is_paid(
    owner: Browser, agency: AgencyView, credited: int, last: int, paid: int
) -> None:
    invoice_id = documents.issued("100")
    page, api = f"/northwind/invoices/{invoice_id}", f"/api/v1/agencies/northwind/invoices/{invoice_id}"
    _comes(invoice_id, 5_000)
    half = service.get(invoice_id)
    assert (half.word, half.paid, half.open) == ("part_paid", 5_000, 7_200)
    db.release()
    assert LEFT in owner.get(page).text
    if credited:
        crediting.issue(invoice_id, CreditInput(Extent.AMOUNT, "Agreed", credited), ACTOR)
    if last:
        _comes(invoice_id, last)
    whole = service.get(invoice_id)
    assert (whole.word, whole.paid, whole.open, whole.total) == ("paid", paid, 0, 12_200)
    (listed,) = service.page(limit=5)
    assert (listed.word, listed.open) == ("paid", 0)
    db.release()
    assert LEFT not in owner.get(page).text
    told = owner.get(api).json
    assert told is not None
    assert (told["state"], told["due_minor"], told["received_minor"]) == ("paid", 0, paid)


def test_of_a_draft_nothing_is_owed(agency: AgencyView) -> None:
    draft = service.get(documents.draft("100"))
    assert (draft.open, draft.paid, draft.due) == (0, 0, 12_200)
