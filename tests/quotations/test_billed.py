"""What somebody accepted is what the contract says and what is invoiced: every line, every rate, to the cent."""

from __future__ import annotations

import random
from decimal import Decimal
from uuid import UUID

import pytest

from tests.factories import quotations as make
from webkit.agencies import service as agencies
from webkit.contracts import service as contracts
from webkit.core.kernel.errors import Invalid
from webkit.invoices import service as invoices
from webkit.pricing import Amount, Percent
from webkit.pricing.habits import Habits
from webkit.pricing.terms import Written
from webkit.quotations import service
from webkit.quotations.offer import Choice, Discount, DiscountKind, Offer, Section
from webkit.quotations.views import AcceptedQuotation

pytestmark = pytest.mark.usefixtures("agency")
TAXES = ("", "reduced-10", "reduced-4", "exempt-n4")


def _offer(dice: random.Random) -> Offer:
    def some() -> Percent | Amount | None:
        return dice.choice([None, Percent(Decimal(dice.randint(0, 10_000)).scaleb(-2)), Amount(dice.randint(1, 900))])

    lines = tuple(
        make.line(
            str(at),
            "a",
            str(Decimal(dice.randint(100, 900_000)).scaleb(-dice.choice([2, 2, 4]))),
            quantity=dice.choice([Decimal(1), Decimal("2.5"), Decimal("0.333"), Decimal(12)]),
            tax=dice.choice(TAXES),
            discount=some(),
            choice=dice.choice(list(Choice)) if at else Choice.REQUIRED,
        )
        for at in range(dice.randint(1, 6))
    )
    percent = Discount(kind=DiscountKind.PERCENT, percent=Decimal(dice.randint(0, 3_000)).scaleb(-2), note="First")
    return Offer(
        sections=(Section(id="a", title="Work"),),
        lines=lines,
        discount=dice.choice([None, percent]),
        prices=dice.choice(list(Written)),
    )


def _accepted(dice: random.Random, client_id: UUID) -> tuple[AcceptedQuotation, Offer]:
    while True:
        offer = _offer(dice)
        try:
            made = make.sent(offer=offer, client_id=client_id)
        except Invalid as refused:
            assert any("discount" in field for field in refused.errors), refused.errors
            continue
        make.accept(made, *(line.id for line in offer.options if dice.random() < 0.5))
        return service.accepted(made), offer


def test_an_invoice_bills_what_was_accepted() -> None:
    dice, client_id = random.Random(8), make.client()
    for habits in (Habits(), Habits(withholding="RT02"), Habits(split_payment=True)):
        agencies.change({"habits": habits.to_dict()})
        for _each in range(3):
            accepted, offer = _accepted(dice, client_id)
            billed = invoices.get(invoices.create_from_quotation(accepted.id, make.ACTOR)).priced
            agreed = accepted.priced
            assert agreed.prices_include_tax == (offer.prices is Written.GROSS)
            assert billed.totals.gross == agreed.totals.gross and billed.totals.tax == agreed.totals.tax
            assert (billed.lines, billed.taxes, billed.adjustments) == (agreed.lines, agreed.taxes, agreed.adjustments)
            typed = {line.id: line.discount for line in offer.lines}
            for line in billed.lines:
                assert [each.value for each in line.adjustments] == list(filter(None, [typed[line.id]]))


def test_a_contract_says_what_was_accepted() -> None:
    dice, client_id = random.Random(9), make.client()
    for _each in range(4):
        accepted, _offered = _accepted(dice, client_id)
        made = contracts.create_from_quotation(accepted.id, actor=make.ACTOR)
        assert contracts.get(made).total_minor == accepted.priced.totals.payable
        assert contracts.draft(made).facts.once == accepted.priced


def test_a_new_one_is_written_as_the_agency_writes() -> None:
    agencies.change({"habits": Habits(prices_include_tax=True).to_dict()})
    made = service.create(make.client(), make.TITLE, make.AUTHOR)
    assert service.get(made).offer.prices is Written.GROSS
