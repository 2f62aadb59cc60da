"""What was agreed is billed once, in whatever parts, and the parts are what was agreed."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from tests.client import Browser
from tests.factories import deals, quotations
from tests.factories.documents import ACTOR
from tests.threads import at_once
from webkit.contracts import service as contracts
from webkit.core.capabilities.email import OutboxMessage
from webkit.core.kernel import clock, db, frozen, tenancy
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import Conflict, Invalid
from webkit.core.kernel.ids import uuid7
from webkit.invoices import crediting, paying
from webkit.invoices import service as invoices
from webkit.invoices.crediting import CreditInput, Extent
from webkit.invoices.service import InvoiceKind, InvoiceState
from webkit.payments.events import PaymentSucceeded
from webkit.plans import service
from webkit.plans.service import Step
from webkit.pricing import Amount, Percent
from webkit.quotations import service as quotations_service
from webkit.signing import service as signing

ALL = CreditInput(Extent.ALL, "Cancelled")
HALF = Percent(Decimal(50))
STEPS = (
    Step("Design approved", "30 %", Percent(Decimal(30)), condition="when the design is approved"),
    Step("Online", "", None),
)


@pytest.fixture
def quotation(agency: AgencyView) -> UUID:
    """An accepted quotation."""
    return quotations.accepted()


@pytest.fixture
def contract(agency: AgencyView, run_jobs: Callable[[], int], outbox_mails: Callable[[], list[OutboxMessage]]) -> UUID:
    """A signed contract with a deposit."""
    return deals.signed(run_jobs, outbox_mails)  # type: ignore[arg-type]


def _issue(invoice_id: UUID) -> None:
    invoices.issue(invoice_id, ACTOR)


def _credited(invoice_id: UUID, *, paid: bool) -> None:
    """Issue it, have it paid or not, and credit all of it."""
    _issue(invoice_id)
    if paid:
        came = PaymentSucceeded(f"invoice:{invoice_id}", uuid7(), invoices.get(invoice_id).total, "EUR", clock.now())
        with db.writing():
            paying.on_payment(came)
    crediting.issue(invoice_id, ALL, ACTOR)


def _sign(contract_id: UUID, run_jobs: Callable[[], int], mails: Callable[[], list[OutboxMessage]]) -> UUID:
    contracts.send(contract_id, actor=ACTOR)
    signing.sign(contract_id, deals.given(deals.code_for(contract_id, run_jobs, mails)))  # type: ignore[arg-type]
    return contract_id


def test_deposit_and_final_invoice_are_what_was_agreed(quotation: UUID) -> None:
    total = service.billing("quotation", quotation).source.priced.totals
    deposit = service.deposit("quotation", quotation, HALF, ACTOR)
    assert service.deposit("quotation", quotation, HALF, ACTOR) == deposit
    with pytest.raises(Conflict, match="Another deposit"):
        service.deposit("quotation", quotation, Percent(Decimal(40)), ACTOR)
    with pytest.raises(Conflict, match="first, or delete"):
        service.finish("quotation", quotation, ACTOR)
    _issue(deposit)
    last = service.finish("quotation", quotation, ACTOR)
    _issue(last)
    one, two = invoices.get(deposit), invoices.get(last)
    assert (one.kind, two.kind) == (InvoiceKind.DEPOSIT, InvoiceKind.FINAL)
    assert one.total + two.total == total.payable
    assert one.priced.totals.tax + two.priced.totals.tax == total.tax
    document = frozen.latest("invoice", last)
    assert document is not None
    assert document.snapshot["priced"]["deductions"][0]["number"] == one.number
    standing = service.billing("quotation", quotation)
    assert (standing.left, standing.may_finish, standing.may_plan) == (0, False, False)
    assert service.finish("quotation", quotation, ACTOR) == last
    with pytest.raises(Conflict):
        service.bill_all("quotation", quotation, ACTOR)


def test_milestones_are_billed_once_each_in_any_order(quotation: UUID) -> None:
    service.save("quotation", quotation, STEPS)
    before = service.billing("quotation", quotation)
    assert sum(step.total for step in before.milestones) == before.source.priced.totals.payable
    for step in reversed(before.milestones):
        made = service.bill_milestone("quotation", quotation, step.id, ACTOR)
        assert service.bill_milestone("quotation", quotation, step.id, ACTOR) == made
        _issue(made)
        assert service.bill_milestone("quotation", quotation, step.id, ACTOR) == made
    after = service.billing("quotation", quotation)
    assert (after.left, [step.invoice.total for step in after.milestones if step.invoice]) == (
        0, [step.total for step in before.milestones],
    )  # fmt: skip
    assert "Design approved" in invoices.get(after.invoices[-1].id).priced.lines[0].description
    for act in (partial(service.save, steps=STEPS), service.drop):
        with pytest.raises(Conflict, match="stay as they are"):
            act("quotation", quotation)


def test_a_milestone_is_billed_once_whoever_asks_at_once(app: Flask, agency: AgencyView, quotation: UUID) -> None:
    service.save("quotation", quotation, STEPS)
    first = service.billing("quotation", quotation).milestones[0].id

    def ask() -> None:
        with tenancy.tenant(agency.id):
            service.bill_milestone("quotation", quotation, first, ACTOR)

    db.release()
    assert not [problem for problem in at_once(app, *[ask] * 4) if problem]
    with tenancy.tenant(agency.id):
        assert len(service.billing("quotation", quotation).invoices) == 1


def test_the_rest_after_a_deposit_is_divided(quotation: UUID) -> None:
    deposit = service.deposit("quotation", quotation, Amount(50_000), ACTOR)
    with pytest.raises(Conflict):
        service.save("quotation", quotation, STEPS)
    _issue(deposit)
    service.save("quotation", quotation, STEPS)
    standing = service.billing("quotation", quotation)
    assert 50_000 + sum(step.total for step in standing.milestones) == standing.source.priced.totals.payable
    service.drop("quotation", quotation)
    assert service.billing("quotation", quotation).may_finish


@pytest.mark.parametrize(
    "steps",
    [
        (Step("All", "100 %", Percent(Decimal(100))), Step("More", "", None)),
        (Step("Half", "50 %", HALF), Step("Less", "40 %", Percent(Decimal(40)))),
        (Step("Open", "", None), Step("Half", "50 %", HALF)),
        (),
    ],
)
def test_milestones_that_are_not_the_whole_are_refused(quotation: UUID, steps: tuple[Step, ...]) -> None:
    with pytest.raises(Invalid) as refused:
        service.save("quotation", quotation, steps)
    assert "parts" in refused.value.errors
    assert not service.billing("quotation", quotation).milestones


def test_a_signed_contract_bills_its_deposit_then_the_rest_and_what_was_credited_of_it(contract: UUID) -> None:
    standing = service.billing("contract", contract)
    total = standing.source.priced.totals.payable
    (deposit,) = standing.invoices
    assert (deposit.kind, deposit.state, standing.may_finish) == (InvoiceKind.DEPOSIT, InvoiceState.ISSUED, True)
    last = service.finish("contract", contract, ACTOR)
    assert deposit.total + invoices.get(last).total == total
    assert "Contract" in invoices.get(last).note
    invoices.delete_draft(last, ACTOR)
    crediting.issue(deposit.id, CreditInput(Extent.AMOUNT, "Agreed by phone", 10_000), ACTOR)
    last = service.finish("contract", contract, ACTOR)
    assert invoices.get(last).total == total - (deposit.total - 10_000)
    invoices.delete_draft(last, ACTOR)
    crediting.issue(deposit.id, CreditInput(Extent.ALL, "Cancelled"), ACTOR)
    after = service.billing("contract", contract)
    assert (after.may_finish, after.left) == (False, total)
    assert invoices.get(service.bill_all("contract", contract, ACTOR)).total == total


def test_a_proposal_is_billed_without_contract_but_not_beside_one(agency: AgencyView) -> None:
    proposal = deals.accepted()
    made = service.bill_all("proposal", proposal, ACTOR)
    assert service.bill_all("proposal", proposal, ACTOR) == made
    assert invoices.get(made).total == service.billing("proposal", proposal).source.priced.totals.payable
    contracts.create_from_proposal(proposal)
    assert service.bill_all("proposal", proposal, ACTOR) == made  # where billing began it goes on
    invoices.delete_draft(made, ACTOR)
    with pytest.raises(Conflict, match="has a contract"):
        service.billing("proposal", proposal)


def test_what_a_proposal_billed_its_contract_does_not_offer_again(
    run_jobs: Callable[[], int], outbox_mails: Callable[[], list[OutboxMessage]], agency: AgencyView, owner: Browser
) -> None:
    proposal = deals.accepted()
    made = service.bill_all("proposal", proposal, ACTOR)
    _issue(made)
    contract = _sign(contracts.create_from_proposal(proposal), run_jobs, outbox_mails)
    with pytest.raises(Conflict, match="is billed there"):
        service.bill_all("contract", contract, ACTOR)
    assert service.billing("proposal", proposal).left == 0
    db.release()
    assert "is billed there" in owner.get(f"/northwind/billing/contract/{contract}/summary").text, "the page says why"
    crediting.issue(made, ALL, ACTOR)
    with pytest.raises(Conflict, match="has a contract"):
        service.billing("proposal", proposal)
    assert service.billing("contract", contract).may_bill_all


def test_a_deposit_is_issued_at_signing_when_the_proposals_invoice_was_credited(
    run_jobs: Callable[[], int], outbox_mails: Callable[[], list[OutboxMessage]], agency: AgencyView
) -> None:
    proposal = deals.accepted()
    made = service.bill_all("proposal", proposal, ACTOR)
    _issue(made)
    crediting.issue(made, ALL, ACTOR)
    contract = _sign(contracts.create_from_proposal(proposal), run_jobs, outbox_mails)
    assert [each.kind for each in service.billing("contract", contract).invoices] == [InvoiceKind.DEPOSIT]


@pytest.mark.parametrize("paid", [False, True])
def test_a_milestone_that_was_credited_is_billed_again(
    owner: Browser, agency: AgencyView, quotation: UUID, paid: bool
) -> None:
    service.save("quotation", quotation, STEPS)
    one, two = (step.id for step in service.billing("quotation", quotation).milestones)
    first = service.bill_milestone("quotation", quotation, one, ACTOR)
    _credited(first, paid=paid)
    db.release()
    path = f"/northwind/billing/quotation/{quotation}"
    shown = owner.get(path).text
    assert f"/milestones/{one}" in shown and str(first) in shown
    assert "Drop the plan" not in shown and "Change the milestones" not in shown
    assert owner.post(f"{path}/milestones/drop").status_code == 409
    assert owner.post(f"{path}/milestones", data={"step_title": ["All"], "step_share": [""]}).status_code == 409
    again = owner.post(f"{path}/milestones/{one}")
    assert again.status_code == 303 and str(first) not in again.location
    with tenancy.tenant(agency.id):
        after = service.billing("quotation", quotation)
        assert [step.invoice.stands for step in after.milestones if step.invoice] == [True]
        assert after.billed == after.milestones[0].total
        service.bill_milestone("quotation", quotation, two, ACTOR)
    db.release()
    assert f"/milestones/{one}" not in owner.get(path).text


@pytest.mark.parametrize("paid", [False, True])
def test_what_was_credited_in_full_is_billed_again(quotation: UUID, paid: bool) -> None:
    first = service.bill_all("quotation", quotation, ACTOR)
    assert quotations_service.accepted(quotation).became_id == first
    _credited(first, paid=paid)
    assert quotations_service.accepted(quotation).became is None
    standing = service.billing("quotation", quotation)
    assert (standing.billed, standing.may_bill_all) == (0, True)
    second = service.bill_all("quotation", quotation, ACTOR)
    assert second != first and invoices.get(second).total == standing.left
    assert quotations_service.accepted(quotation).became_id == second
    assert service.bill_all("quotation", quotation, ACTOR) == second


def test_a_deposit_paid_and_credited_is_neither_taken_off_nor_in_the_way(quotation: UUID) -> None:
    first = service.deposit("quotation", quotation, HALF, ACTOR)
    _credited(first, paid=True)
    assert invoices.get(first).state == InvoiceState.PAID
    service.save("quotation", quotation, STEPS)
    standing = service.billing("quotation", quotation)
    assert sum(step.total for step in standing.milestones) == standing.source.priced.totals.payable
    service.drop("quotation", quotation)
    with pytest.raises(Conflict, match="no deposit"):
        service.finish("quotation", quotation, ACTOR)
    assert service.deposit("quotation", quotation, HALF, ACTOR) != first


def test_a_final_invoice_is_thrown_away_and_the_quotation_stays_billed(quotation: UUID) -> None:
    first = service.deposit("quotation", quotation, HALF, ACTOR)
    _issue(first)
    invoices.delete_draft(service.finish("quotation", quotation, ACTOR), ACTOR)
    assert quotations_service.accepted(quotation).became_id == first
    last = service.finish("quotation", quotation, ACTOR)
    _credited(first, paid=False)
    assert quotations_service.accepted(quotation).became_id == last


def test_a_draft_thrown_away_can_be_made_again(quotation: UUID) -> None:
    service.save("quotation", quotation, STEPS)
    one, two = (step.id for step in service.billing("quotation", quotation).milestones)
    first = service.bill_milestone("quotation", quotation, one, ACTOR)
    second = service.bill_milestone("quotation", quotation, two, ACTOR)
    invoices.delete_draft(first, ACTOR)
    third = service.bill_milestone("quotation", quotation, one, ACTOR)
    assert {second, third} == {each.id for each in service.billing("quotation", quotation).invoices}


def test_the_pages_say_what_was_billed(owner: Browser, agency: AgencyView, quotation: UUID) -> None:
    path = f"/northwind/billing/quotation/{quotation}"
    assert owner.get(path).status_code == 200
    assert owner.get(f"/northwind/billing/tender/{quotation}").status_code == 404
    assert owner.post(f"{path}/deposit", data={"share": ""}).status_code == 422
    assert owner.post(f"{path}/deposit", data={"share": "100 %"}).status_code == 422
    typed: dict[str, Any] = {
        "step_title": ["Design", "Online"], "step_share": ["30 %", "60 %"], "step_due_on": ["", "2027-01-31"],
        "step_condition": ["when approved", ""],
    }  # fmt: skip
    refused = owner.post(f"{path}/milestones", data=typed)
    assert refused.status_code == 422 and 'value="when approved"' in refused.text and "not the whole" in refused.text
    assert owner.post(f"{path}/milestones", data=typed | {"step_share": ["a lot", ""]}).status_code == 422
    assert owner.post(f"{path}/milestones", data=typed | {"step_share": ["30 %", ""]}).status_code == 303
    assert "when approved" in owner.get(path).text and 'value="30 %"' in owner.get(f"{path}/milestones").text
    db.release()
    with tenancy.tenant(agency.id):
        step = service.billing("quotation", quotation).milestones[0]
    made = owner.post(f"{path}/milestones/{step.id}")
    assert made.status_code == 303 and "/invoices/" in made.location
    assert owner.post(f"{path}/milestones/{step.id}").location == made.location
    assert "Design" in owner.get(f"{path}/summary").text
    assert f"{path}/summary" in owner.get(f"/northwind/quotations/{quotation}").text


def test_strangers_see_nothing(stranger: Browser, quotation: UUID) -> None:
    assert stranger.get(f"/northwind/billing/quotation/{quotation}").status_code == 404
