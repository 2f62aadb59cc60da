"""Offers and invoices of those who have a pension fund and of whose fees tax is kept back: one total, all the way."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from tests.factories import deals, documents, quotations
from webkit.agencies import service as agencies
from webkit.clients import service as clients
from webkit.core.kernel import db, frozen, links
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import DomainError
from webkit.invoices import beginnings, service
from webkit.invoices.models import InvoiceState
from webkit.invoices.service import InvoiceInput, LineInput
from webkit.plans import service as plans
from webkit.pricing import Percent
from webkit.pricing.habits import Habits, StampBy
from webkit.quotations import service as quoting

HABITS = Habits(fund="TC22", withholding="RT01", stamp=StampBy.CLIENT)


@pytest.fixture
def freelancer(agency: AgencyView) -> AgencyView:
    agencies.change({"habits": HABITS.to_dict()})
    return agency


def test_a_quotation_has_the_contribution_in_it_and_its_invoice_what_is_kept_back(
    freelancer: AgencyView,
) -> None:
    made = quotations.sent()
    quotations.accept(made)
    accepted = quoting.accepted(made).priced
    assert [fund.code for fund in accepted.funds] == ["TC22"]
    assert accepted.totals.payable == accepted.totals.gross
    bill = service.get(service.create_from_quotation(made, quotations.ACTOR)).priced.totals
    assert bill.gross == accepted.totals.gross
    assert bill.withheld == bill.gross - bill.payable > 0


def test_what_was_agreed_begins_again_with_its_duties(freelancer: AgencyView) -> None:
    made = quotations.sent()
    quotations.accept(made)
    bill = service.get(service.create_from_quotation(made, quotations.ACTOR))
    again = beginnings.like(bill)
    assert again.figures is not None and again.client_id == bill.client_id
    given = InvoiceInput(bill.client_id, again.title, again.lines, 14, figures=again.figures)
    assert service.get(service.create_draft(given)).priced.totals == bill.priced.totals
    agencies.change({"habits": {}})
    shown = beginnings.like(bill).figures
    assert shown is not None and (shown.habits.fund, shown.habits.withholding) == ("TC22", "RT01")


def test_deposit_and_rest_keep_back_what_the_whole_does(freelancer: AgencyView) -> None:
    made = quotations.sent()
    quotations.accept(made)
    deposit = plans.deposit("quotation", made, Percent(Decimal(30)), quotations.ACTOR)
    service.issue(deposit, quotations.ACTOR)
    rest = plans.finish("quotation", made, quotations.ACTOR)
    parts = [service.get(each).priced.totals for each in (deposit, rest)]
    agreed = quoting.accepted(made).priced.totals.gross
    assert sum(part.gross for part in parts) == agreed
    withheld = sum(part.withheld for part in parts)
    [of] = service.get(rest).priced.withholdings
    assert withheld == of.amount == (of.base * 20 + 50) // 100


def test_a_signature_is_followed_by_a_deposit_that_is_paid_less_the_tax(
    freelancer: AgencyView, run_jobs: Callable[[], int], outbox_mails: Callable[[], list[object]]
) -> None:
    signed = deals.signed(run_jobs, outbox_mails)
    [invoice] = service.of_contract(signed)
    sums = invoice.priced.totals
    assert sums.withheld > 0
    assert invoice.due == sums.gross - sums.withheld
    assert links.token_for("i", invoice.id)
    db.release()


@pytest.mark.parametrize("rate", ["reverse-charge", "intra-eu"])
def test_who_owes_the_tax_is_named_by_number(agency: AgencyView, rate: str) -> None:
    agencies.change({"tax_scheme": "eu-de", "tax_id": ""})
    client_id = documents.client()
    line = LineInput("Work", Decimal(1), Decimal(100), rate)
    draft = service.create_draft(InvoiceInput(client_id, "Work", (line,), 14))
    for missing in ("Caffè Olmo S.r.l. owes the tax", "your own tax number"):
        with pytest.raises(DomainError, match=missing):
            service.issue(draft, documents.ACTOR)
        clients.change(client_id, {"tax_id": "IT 00743110157"}, None, documents.ACTOR)
    agencies.change({"tax_id": "DE136695976"})
    service.issue(draft, documents.ACTOR)
    document = frozen.latest("invoice", draft)
    assert document is not None and document.snapshot["client"]["tax_id"] == "IT 00743110157"
    assert document.snapshot["agency"]["tax_id"] == "DE136695976"


def test_whoever_charges_tax_is_named_by_number(agency: AgencyView) -> None:
    agencies.change({"tax_id": ""})
    draft = documents.draft("100")
    with pytest.raises(DomainError, match="Tax is charged on this: your own tax number"):
        service.issue(draft, documents.ACTOR)
    assert service.get(draft).number == ""
    client_id, free = service.get(draft).client_id, LineInput("Work", Decimal(1), Decimal(100), "exempt-n4")
    service.issue(service.create_draft(InvoiceInput(client_id, "Work", (free,), 14)), documents.ACTOR)
    agencies.change({"tax_id": "IT12345670157"})
    service.issue(draft, documents.ACTOR)
    assert service.get(draft).number == "INV-2026-0002"


def test_a_signature_stands_while_the_deposit_cannot_be_issued(
    agency: AgencyView, run_jobs: Callable[[], int], outbox_mails: Callable[[], list[object]]
) -> None:
    """It waits as a draft for the agency's tax number."""
    agencies.change({"tax_id": ""})
    [invoice] = service.of_contract(deals.signed(run_jobs, outbox_mails))
    assert invoice.state == InvoiceState.DRAFT
    agencies.change({"tax_id": "IT12345670157"})
    service.issue(invoice.id, documents.ACTOR)
    assert service.get(invoice.id).state == InvoiceState.ISSUED
