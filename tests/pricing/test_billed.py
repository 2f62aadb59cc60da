"""What was agreed, as it is billed: the same total, less what the client keeps back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from tests.pricing.chance import Chance
from tests.pricing.test_compute import IVA, document, line
from webkit.pricing import Deduction, Percent, PricingError, compute, find, split
from webkit.pricing.billed import billed, stamped
from webkit.pricing.habits import Habits, StampBy
from webkit.pricing.show import sum_rows

HABITS = Habits(fund="TC22", withholding="RT01", stamp=StampBy.CLIENT)
PUBLIC = Habits(split_payment=True)


def test_what_is_kept_back_leaves_the_total_alone() -> None:
    funds = HABITS.contribution("it-vat", "EUR")
    agreed = compute(document(line("1000", scheme=IVA), scheme=IVA, currency="EUR", funds=funds))
    bill = billed(agreed, HABITS)
    assert (agreed.totals.gross, agreed.totals.payable) == (126880, 126880)
    assert (bill.totals.gross, bill.totals.withheld, bill.totals.payable) == (126880, 20800, 106080)
    assert billed(bill, HABITS) == bill
    assert billed(agreed, Habits()) == agreed
    public = billed(agreed, PUBLIC)
    assert (public.totals.split, public.totals.payable) == (22880, 104000)
    both = billed(agreed, replace(HABITS, split_payment=True))
    assert (both.totals.split, both.totals.withheld) == (0, 20800)


def test_anything_agreed_is_billed_with_its_own_total() -> None:
    done = 0
    for seed in range(300):
        try:
            agreed = compute(replace(Chance(seed).document(), withholdings=(), split_payment=False, cash_rounding=0))
            bill = billed(agreed, HABITS)
        except PricingError:
            continue
        done += bill != agreed
        assert bill.totals.gross == agreed.totals.gross
        assert [each.gross for each in bill.lines] == [each.gross for each in agreed.lines]
        assert bill.totals.payable == bill.totals.gross - bill.totals.prepaid - bill.totals.withheld
    assert done > 60


def test_deposit_and_final_invoice_keep_back_the_whole() -> None:
    lines = (line("999.99", scheme=IVA), line("81.97", scheme=IVA, id="b"))
    agreed = compute(document(*lines, scheme=IVA, currency="EUR"))
    whole = billed(agreed, HABITS)
    deposit = split(whole, Percent(Decimal(30)), "Deposit").deposit
    taken = Deduction.of(deposit, "1", date(2026, 11, 22))
    kept = HABITS.parts("it-vat", "EUR")["withholdings"]
    final = compute(document(*lines, scheme=IVA, currency="EUR", withholdings=kept, deductions=(taken,)))
    assert deposit.totals.withheld + final.totals.withheld == whole.totals.withheld
    assert deposit.totals.payable + final.totals.payable == whole.totals.payable


def test_the_duty_on_what_carries_no_vat_is_the_agencys() -> None:
    flat = find("it-forfettario")
    habits = Habits(stamp=StampBy.CLIENT)
    large, small = (
        compute(document(line(price, scheme=flat), scheme=flat, currency="EUR")) for price in ("100", "77.47")
    )
    assert stamped(small, habits) == small
    bill = stamped(large, habits)
    assert bill.totals == large.totals
    assert bill.stamp is not None
    assert (bill.stamp.amount, bill.stamp.recharged) == (200, False)
    assert any("€2.00 is paid by the sender" in row.note for row in sum_rows(bill))
    assert stamped(large, Habits()) == large
