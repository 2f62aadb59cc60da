"""The whole deal over HTTP, without a script: every amount the same wherever it is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.journeys.deal import AMOUNTS, Deal
from tests.journeys.facts import Facts
from tests.journeys.stack import Stack, postgres


def test_from_an_empty_installation_to_a_paid_invoice(stack: Stack) -> None:
    _everything(stack)


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_the_same_on_postgres_as_the_plain_role(tmp_path: Path) -> None:
    with postgres() as owner:
        stack = Stack(tmp_path, owner=owner)
        try:
            _everything(stack.start())
        finally:
            stack.kill()


def _everything(stack: Stack) -> None:
    deal = Deal(stack, stack.visitor())
    deal.run()
    facts = Facts(deal)
    facts.all_hold()
    facts.written()
    _staff_sees_it(deal, facts)
    assert deal.deaths == 0
    assert stack.errors() == []
    stack.stop()


def _staff_sees_it(deal: Deal, facts: Facts) -> None:
    """The client's page tells the whole story, the dashboard its sums, each document its state."""
    proposal, contract, invoice = (row["number"] for row in (facts.proposal, facts.contract, facts.invoice))
    page = deal.staff.get(deal.client_page).ok().says(proposal, contract, invoice, AMOUNTS.total, AMOUNTS.deposit)
    page.says(f"Amelia Ross accepted {proposal}", f"Amelia Ross signed contract {contract}")
    page.says(f"Contract {contract} was sealed")
    deal.staff.get(f"/{deal.agency}/").ok().says(AMOUNTS.deposit)
    deal.staff.get(deal.proposal_page).ok().says(proposal, AMOUNTS.total, AMOUNTS.monthly, "Accepted")
    for label in (contract, invoice):
        page.follow(label).ok().says(AMOUNTS.deposit)
    verify = deal.client.get(deal.contract).follow("Check it yourself").ok()
    verify.says(contract)
