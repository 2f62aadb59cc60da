"""Credit notes: an invoice is corrected by a document of its own, in part or in full, and never beyond it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from tests.client import Browser
from tests.factories import documents
from tests.factories.documents import ACTOR
from webkit.agencies import service as agencies
from webkit.clients import service as clients
from webkit.core.capabilities.email import OutboxMessage
from webkit.core.kernel import clock, counters, db, events, evidence, frozen, links, tallies, tenancy
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import Conflict, DomainError
from webkit.core.kernel.ids import uuid7
from webkit.invoices import crediting, models, paying, service
from webkit.invoices.crediting import CreditInput, Extent
from webkit.invoices.models import InvoiceState
from webkit.payments.events import PaymentSucceeded
from webkit.pricing import PricingError
from webkit.pricing.habits import Habits


def _amount(minor: int) -> CreditInput:
    return CreditInput(Extent.AMOUNT, "Agreed by phone", minor)


ALL = CreditInput(Extent.ALL, "Cancelled")


@db.writes
def _paid(invoice_id: object, amount: int) -> object:
    return paying.on_payment(PaymentSucceeded(f"invoice:{invoice_id}", uuid7(), amount, "EUR", clock.now()))


def _kept(agency: AgencyView) -> dict[str, int]:
    db.release()
    return {state: total for _currency, state, _count, total in tallies.of(models.KIND) if total}


def test_a_part_is_no_longer_owed(agency: AgencyView, run_jobs: Callable[[], int]) -> None:
    invoice_id = documents.issued("100", "50.50")  # 183.61 with tax
    credit_id = crediting.issue(invoice_id, _amount(6100), ACTOR)
    note, invoice, after = crediting.get(credit_id), service.get(invoice_id), crediting.correction(invoice_id)
    year = clock.today(agency.timezone).year
    assert (note.number, note.total, note.priced.totals.tax) == (f"CRN-{year}-0001", 6100, 1100)
    assert (invoice.state, invoice.total, invoice.due) == (InvoiceState.ISSUED, 18361, 12261)
    assert (after.gross, after.base, after.tax, after.taken_off, after.to_return) == (12261, 10050, 2211, 6100, 0)
    assert _kept(agency) == {"issued": 12261}
    _paid(invoice_id, 12261)
    assert service.get(invoice_id).state == InvoiceState.PAID
    assert _kept(agency) == {"paid": 12261}


def test_all_of_it_leaves_nothing_to_pay(agency: AgencyView) -> None:
    invoice_id = documents.issued("100")
    crediting.issue(invoice_id, _amount(1), ACTOR)
    crediting.issue(invoice_id, ALL, ACTOR)
    invoice, after = service.get(invoice_id), crediting.correction(invoice_id)
    assert (invoice.state, invoice.word, invoice.due) == (InvoiceState.CREDITED, "credited", 0)
    assert (after.gross, after.base, after.tax) == (0, 0, 0)
    assert sum(note.priced.totals.tax for note in after.notes) == invoice.priced.totals.tax
    assert _kept(agency) == {}
    for more in (ALL, _amount(1)):
        with pytest.raises(PricingError):
            crediting.issue(invoice_id, more, ACTOR)
    with pytest.raises(Conflict, match="nothing to pay"):
        service.pay(invoice_id, "token")


def test_lines_are_credited_by_quantity(agency: AgencyView) -> None:
    invoice_id = documents.issued("100", "50")
    some = CreditInput(Extent.LINES, "Not delivered", quantities={"2": Decimal("0.5")})
    assert crediting.preview(invoice_id, some).totals.gross == 3050
    crediting.issue(invoice_id, some, ACTOR)
    with pytest.raises(PricingError, match="more than is left of the line"):
        crediting.preview(invoice_id, CreditInput(Extent.LINES, "x", quantities={"2": Decimal("0.6")}))
    assert crediting.preview(invoice_id, ALL).totals.gross == 18300 - 3050


def test_what_was_paid_is_to_be_given_back(agency: AgencyView) -> None:
    invoice_id = documents.issued("100")
    _paid(invoice_id, 12200)
    crediting.issue(invoice_id, _amount(2200), ACTOR)
    invoice, after = service.get(invoice_id), crediting.correction(invoice_id)
    assert (invoice.state, invoice.due) == (InvoiceState.PAID, 12200)
    assert (after.gross, after.taken_off, after.to_return, after.returned) == (10000, 0, 2200, 0)


def test_a_payment_of_the_old_amount_is_told(agency: AgencyView) -> None:
    """A payment page that was open before the credit note still asks for the whole."""
    invoice_id = documents.issued("100")
    crediting.issue(invoice_id, _amount(2200), ACTOR)
    _paid(invoice_id, 12200)
    kinds = [entry.kind for entry in events.timeline(f"invoice:{invoice_id}")]
    assert kinds.count("invoice.paid") == kinds.count("invoice.overpaid") == 1
    assert service.get(invoice_id).state == InvoiceState.PAID


def test_it_is_frozen_sent_and_proven(
    agency: AgencyView, run_jobs: Callable[[], int], outbox_mails: Callable[[], list[OutboxMessage]]
) -> None:
    invoice_id = documents.issued("100")
    credit_id = crediting.issue(invoice_id, _amount(6100), ACTOR)
    run_jobs()
    mail = outbox_mails()[0]
    assert "Credit note CRN-" in mail.entry.subject and "61.00" in mail.entry.subject and len(mail.attachments) == 1
    document = frozen.latest(crediting.KIND, credit_id)
    assert document is not None and document.pdf_hash
    assert document.snapshot["invoice"]["number"] == service.get(invoice_id).number
    for subject in (f"credit_note:{credit_id}", f"invoice:{invoice_id}"):
        assert "credit_note.issued" in [entry.kind for entry in events.timeline(subject)]
    db.release()
    report = evidence.examine(agency.slug, frozenset())
    assert report.ok, report
    with tenancy.platform("the audit of numbers in a test"):
        assert counters.gaps() == []


def test_the_same_form_makes_one(agency: AgencyView) -> None:
    invoice_id = documents.issued("100")
    assert crediting.issue(invoice_id, _amount(100), ACTOR, "k") == crediting.issue(
        invoice_id, _amount(100), ACTOR, "k"
    )
    assert len(crediting.correction(invoice_id).notes) == 1


def test_drafts_and_payments_on_their_way(agency: AgencyView) -> None:
    with pytest.raises(Conflict, match="draft can be changed"):
        crediting.issue(documents.draft("1"), ALL, ACTOR)
    client = clients.by_email("giulia@caffeolmo.example")
    assert client is not None
    invoice_id = documents.issued("100", client_id=client.id)
    with db.writing():
        models.set_pending(invoice_id, clock.now())
    with pytest.raises(Conflict, match="on its way"):
        crediting.issue(invoice_id, ALL, ACTOR)


def test_a_clock_that_was_moved_back_numbers_nothing(agency: AgencyView, monkeypatch: pytest.MonkeyPatch) -> None:
    invoice_id = documents.issued("100")
    yesterday = clock.today(agency.timezone).replace(year=2020)
    monkeypatch.setattr(clock, "today", lambda _timezone: yesterday)
    with pytest.raises(DomainError, match="clock"):
        crediting.issue(invoice_id, ALL, ACTOR)
    monkeypatch.undo()
    db.release()
    assert crediting.correction(invoice_id).notes == ()


# --- pages -----------------------------------------------------------------------------------------------------


def test_the_page_shows_and_issues(owner: Browser, agency: AgencyView) -> None:
    invoice_id = documents.issued("100", "50")
    path = f"/northwind/invoices/{invoice_id}/credit"
    assert "Left to credit: €183.00" in owner.get(path).text
    form = {"extent": "amount", "amount": "61", "reason": "Agreed", "once": "key-1"}
    totals = owner.post(path + "/totals", data=form, headers={"HX-Request": "true"}).text
    assert ">61<" in totals.replace('<span class="wk-dec">', "<") and "<html" not in totals
    wrong = owner.post(path, data={**form, "amount": "184"})
    assert wrong.status_code == 422 and "at most what is left" in wrong.text and 'value="Agreed"' in wrong.text
    assert owner.post(path, data={**form, "amount": "x"}).status_code == 422
    assert owner.post(path, data={**form, "reason": ""}).status_code == 422
    none = owner.post(path, data={**form, "extent": "lines"})
    assert none.status_code == 422 and "Choose what is to be credited" in none.text
    done = owner.post(path, data=form)
    assert (done.status_code, done.location) == (303, f"/northwind/invoices/{invoice_id}")
    shown = owner.get(f"/northwind/invoices/{invoice_id}").text
    assert "CRN-" in shown and '122<span class="wk-dec">.00' in shown and "Corrected total" in shown
    db.release()
    (note,) = crediting.correction(invoice_id).notes
    assert owner.get(f"/northwind/invoices/credits/{note.id}/pdf").data.startswith(b"%PDF")


def test_the_client_pays_what_is_left(anonymous: Browser, agency: AgencyView) -> None:
    invoice_id = documents.issued("100")
    token = links.token_for(service.LINK, invoice_id)
    crediting.issue(invoice_id, _amount(2200), ACTOR)
    page = anonymous.get(f"/i/{token}").text
    assert "Pay €100.00" in page and "CRN-" in page
    db.release()
    crediting.issue(invoice_id, ALL, ACTOR)
    assert "Nothing to pay" in anonymous.get(f"/i/{token}").text


def test_who_may(owner: Browser, member: Browser, stranger: Browser, anonymous: Browser, agency: AgencyView) -> None:
    invoice_id = documents.issued("100")
    path = f"/northwind/invoices/{invoice_id}/credit"
    browsers = (owner, member, stranger, anonymous)
    assert [browser.get(path).status_code for browser in browsers] == [200, 403, 404, 303]
    data = {"extent": "all", "reason": "Because"}
    assert [browser.post(path, data=data).status_code for browser in browsers[1:]] == [403, 404, 303]
    db.release()
    assert crediting.correction(invoice_id).notes == ()


def test_parts_close_an_invoice_that_was_rounded_to_a_coin(agency: AgencyView) -> None:
    agencies.change({"currency": "CHF", "tax_scheme": "none", "habits": Habits(cash_rounding=True).to_dict()})
    client_id = documents.client()
    for price, payable in (("100.03", 10005), ("100.02", 10000)):
        invoice_id = documents.issued(price, client_id=client_id)
        assert service.get(invoice_id).due == payable
        crediting.issue(invoice_id, _amount(5000), ACTOR)
        rest = crediting.correction(invoice_id).gross
        assert crediting.get(crediting.issue(invoice_id, _amount(rest), ACTOR)).total == payable - 5000
        invoice = service.get(invoice_id)
        assert (invoice.state, invoice.due, invoice.credited) == (InvoiceState.CREDITED, 0, payable)
        assert crediting.correction(invoice_id).gross == 0
