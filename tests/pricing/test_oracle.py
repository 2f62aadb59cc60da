"""The kernel against a second, independent calculation, and what must hold of everything it can compute."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from tests.pricing.chance import Chance
from tests.pricing.oracle import Refused, expected
from webkit.pricing import (
    Adjustment,
    AdjustmentKind,
    Amount,
    Deduction,
    Document,
    Line,
    Part,
    Percent,
    Place,
    Priced,
    PricingError,
    TaxRate,
    Withholding,
    compute,
    credit_all,
    credit_amount,
    credit_lines,
    find,
    left,
    left_gross,
    semantic,
    split,
)

DAY = date(2026, 11, 22)


def agrees(document: Document) -> Priced | None:
    """The kernel's result after comparing it with the oracle's; None where both refuse."""
    try:
        wanted = expected(document)
    except Refused:
        with pytest.raises(PricingError):
            compute(document)
        return None
    priced = compute(document)
    totals = priced.totals
    assert (totals.net, totals.tax, totals.gross) == (wanted.net, wanted.tax, wanted.gross)
    assert (totals.payable, totals.rounding, totals.withheld) == (wanted.payable, wanted.rounding, wanted.withheld)
    assert {tax.rate: (tax.base, tax.tax) for tax in priced.taxes} == wanted.by_rate
    return priced


def is_kept(priced: Priced) -> None:
    stored = json.dumps(priced.to_dict(), sort_keys=True)
    read = Priced.from_dict(json.loads(stored, parse_float=lambda text: pytest.fail(f"a float: {text}")))
    assert read == priced
    assert json.dumps(read.to_dict(), sort_keys=True) == stored


def keeps_the_rules_of_en_16931(priced: Priced) -> None:
    model = semantic(priced)
    assert model.lines_total == sum(line.amount for line in model.lines)  # BR-CO-10
    for line in model.lines:
        assert line.price >= 0  # BR-27
    for kind, total in (
        (AdjustmentKind.DISCOUNT, model.allowances_total),
        (AdjustmentKind.CHARGE, model.charges_total),
    ):
        assert total == sum(each.amount for each in model.adjustments if each.kind is kind)  # BR-CO-11, BR-CO-12
    assert model.net == model.lines_total - model.allowances_total + model.charges_total  # BR-CO-13
    assert model.tax == sum(each.tax for each in model.taxes)  # BR-CO-14
    assert model.gross == model.net + model.tax  # BR-CO-15
    assert model.due == model.gross - model.prepaid + model.rounding  # BR-CO-16
    kinds = [(tax.category, tax.percent) for tax in model.taxes]
    assert len(kinds) == len(set(kinds))  # BR-E-01 and its sisters
    for tax in model.taxes:
        own = {each.rate for each in priced.taxes if kind_of(each.rate, priced) == (tax.category, tax.percent)}
        lines = sum(line.amount for line in model.lines if line.rate in own)
        signed = sum(
            -each.amount if each.kind is AdjustmentKind.DISCOUNT else each.amount
            for each in model.adjustments
            if each.rate in own
        )
        assert tax.base == lines + signed  # BR-S-08 and its sisters
        assert bool(tax.reason) == (tax.category in ("E", "AE", "K", "G", "O"))  # BR-S-10, BR-Z-10, BR-E-10 ...
        if priced.place is Place.DOCUMENT and not priced.deductions and not priced.prices_include_tax:  # BR-CO-17
            assert abs(Fraction(tax.base) * Fraction(tax.percent) / 100 - tax.tax) <= Fraction(1, 2)


def kind_of(rate: TaxRate, priced: Priced) -> tuple[str, Decimal]:
    split = rate.category == "S" and priced.totals.split
    return ("B" if split else rate.category.value, rate.percent)


def every_document(count: int, first: int) -> int:
    """Compare `count` documents and return how many came to something."""
    priced = 0
    for seed in range(first, first + count):
        document = Chance(seed).document()
        try:
            if (result := agrees(document)) is not None:
                priced += 1
                is_kept(result)
                keeps_the_rules_of_en_16931(result)
        except Exception as error:
            raise AssertionError(f"seed {seed}: {error!r}") from error
    return priced


def test_every_document_is_what_fractions_say() -> None:
    assert every_document(800, first=0) > 500


# --- deposits and final invoices -------------------------------------------------------------------------------


def deposits_and_final(seed: int) -> bool:
    chance = Chance(seed)
    document = replace(chance.document(), stamp=None, prepaid=0, cash_rounding=0)
    percents = [chance.draw.randint(1, 60) for _ in range(chance.draw.randint(1, 3))]
    try:
        whole = compute(document)
        deposits = [split(whole, Percent(Decimal(percent)), "Deposit").deposit for percent in percents]
        taken = tuple(Deduction.of(each, f"D-{n}", DAY) for n, each in enumerate(deposits))
        final = compute(replace(document, deductions=taken))
    except PricingError:
        return False
    assert agrees(replace(document, deductions=taken)) == final
    is_kept(final)
    keeps_the_rules_of_en_16931(final)
    every = [*deposits, final]
    for figure in ("net", "tax", "gross", "withheld"):
        assert sum(getattr(each.totals, figure) for each in every) == getattr(whole.totals, figure)
    for fund in whole.funds:
        assert sum(f.due for each in every for f in each.funds if f.code == fund.code) == fund.amount
    return True


def test_deposits_and_the_final_invoice_are_the_whole() -> None:
    assert sum(deposits_and_final(seed) for seed in range(300)) > 100


def test_a_deposit_of_an_amount_is_that_amount() -> None:
    done = 0
    for seed in range(200):
        chance = Chance(seed)
        try:
            whole = compute(replace(chance.document(), funds=()))
            wanted = chance.draw.randint(1, max(1, whole.totals.payable))
            parted = split(whole, Amount(wanted), "Deposit")
        except PricingError:
            continue
        done += 1
        assert parted.deposit.totals.gross == wanted
        assert parted.deposit.totals.gross + parted.rest_gross == whole.totals.gross
    assert done > 20


# --- credit notes ----------------------------------------------------------------------------------------------


def a_line(invoice: Priced, earlier: list[Priced], chance: Chance) -> Priced:
    line = chance.draw.choice(invoice.lines)
    share = chance.draw.choice([Decimal("0.1"), Decimal("0.33"), Decimal("0.5"), None])
    quantity = None if share is None else (line.quantity * share).quantize(Decimal("1e-8"))
    return credit_lines(invoice, [Part(line.id, quantity)], earlier)


def an_amount(invoice: Priced, earlier: list[Priced], chance: Chance) -> Priced:
    whole = sum(each.gross for each in left(invoice, earlier))
    amount = chance.draw.randint(1, max(whole, 1))
    note = credit_amount(invoice, amount, earlier)
    assert note.totals.gross == amount
    return note


def never_more_than_the_invoice(invoice: Priced, notes: list[Priced]) -> None:
    assert left_gross(invoice, notes) >= 0
    for rest, whole in zip(left(invoice, notes), invoice.taxes, strict=True):
        assert min(0, whole.base) <= rest.base <= max(0, whole.base)
        assert min(0, whole.tax) <= rest.tax <= max(0, whole.tax)


def a_final_invoice(chance: Chance) -> Priced:
    """What remains after deposits of a percentage, or of an amount, which took its part of costs as if of fees."""
    document = replace(chance.document(), stamp=None, prepaid=0)
    whole, taken = compute(document), list[Deduction]()
    for number in range(chance.draw.randint(1, 2)):
        percent = Percent(Decimal(chance.draw.randint(1, 60)))
        amount = Amount(chance.draw.randint(1, max(1, whole.totals.payable // 3)))
        shares: list[Percent | Amount] = [percent, percent, amount]
        deposit = split(whole, chance.draw.choice(shares), "Deposit").deposit
        taken.append(Deduction.of(deposit, f"D-{number}", DAY))
    final = compute(replace(document, deductions=tuple(taken)))
    assert Priced.from_dict(final.to_dict()) == final
    return final


def credits_make_the_whole(seed: int, invoice_of: Callable[[Chance], Priced] | None = None) -> bool:
    chance = Chance(seed)
    try:
        invoice = invoice_of(chance) if invoice_of else compute(chance.document())
        credit_all(invoice)
    except PricingError:
        return False
    notes: list[Priced] = []
    for act in chance.draw.choices([a_line, an_amount], k=chance.draw.randint(0, 4)):
        try:
            notes.append(act(invoice, notes, chance))
        except PricingError:
            continue
        is_kept(notes[-1])
        never_more_than_the_invoice(invoice, notes)
    if any(rest.gross for rest in left(invoice, notes)):
        notes.append(credit_all(invoice, notes, "The rest"))
    assert all(rest.base == rest.tax == 0 for rest in left(invoice, notes))
    for note in notes:
        keeps_the_rules_of_en_16931(replace(note, place=Place.LINE))
    for figure in ("net", "tax", "gross", "withheld"):
        assert sum(getattr(each.totals, figure) for each in notes) == getattr(invoice.totals, figure)
    rounded = sum(note.totals.rounding for note in notes)
    if rounded != invoice.totals.rounding:  # the last one takes back less than was rounded off
        assert rounded == 0 < notes[-1].totals.payable <= -invoice.totals.rounding
    with pytest.raises(PricingError):
        credit_amount(invoice, 1, notes)
    with pytest.raises(PricingError):
        credit_lines(invoice, [Part(invoice.lines[0].id)], notes)
    return True


def all_credited(count: int, first: int, invoice_of: Callable[[Chance], Priced] | None = None) -> int:
    done = 0
    for seed in range(first, first + count):
        try:
            done += credits_make_the_whole(seed, invoice_of)
        except Exception as error:
            raise AssertionError(f"seed {seed}: {error!r}") from error
    return done


def test_credit_notes_make_the_invoice_and_never_more() -> None:
    assert all_credited(250, first=0) > 150


def test_final_invoices_are_credited_to_the_cent() -> None:
    """Of fees with a withholding and of costs that were passed on, after deposits had their part of both."""
    assert all_credited(200, first=0, invoice_of=a_final_invoice) > 120


def test_an_invoice_that_takes_off_at_a_rate_is_credited_in_parts() -> None:
    """100.00 at 22 % less 50.00 at 10 %: a part has its part of both, and the parts are the whole."""
    scheme = find("it-vat")
    standard, reduced = scheme.rate("standard", DAY), scheme.rate("reduced-10", DAY)
    work = Line(id="work", description="Work", unit_price=Decimal(50), rate=standard, quantity=Decimal(2))
    back = Line(id="back", description="Given back", unit_price=Decimal(-50), rate=reduced)
    invoice = compute(Document(currency="EUR", scheme=scheme, lines=(work, back)))
    assert (invoice.totals.gross, [tax.tax for tax in invoice.taxes]) == (6_700, [2_200, -500])
    half = credit_amount(invoice, 3_350)
    assert [(tax.base, tax.tax) for tax in half.taxes] == [(5_000, 1_100), (-2_500, -250)]
    rest = credit_all(invoice, [half])
    assert (half.totals.gross + rest.totals.gross, left_gross(invoice, [half, rest])) == (6_700, 0)
    one = credit_lines(invoice, [Part("work", Decimal(1))])
    assert left_gross(invoice, [one]) == 600
    for beyond in ("work", "back"):  # more than the invoice asks for, and less than nothing
        with pytest.raises(PricingError):
            credit_lines(invoice, [Part(beyond)])
    everything = credit_lines(invoice, [Part("work", Decimal(1)), Part("back")], [one])
    assert left_gross(invoice, [one, everything]) == 0


def test_a_discount_larger_than_what_is_charged_without_tax_is_refused() -> None:
    """Tax alone would make a total."""
    scheme = find("it-vat")
    standard = scheme.rate("standard", DAY)
    work = Line(id="work", description="Work", unit_price=Decimal(100), rate=standard)
    back = Line(id="back", description="Back", unit_price=Decimal(-95), rate=scheme.rate("exempt-n4", DAY))
    off = Adjustment(AdjustmentKind.DISCOUNT, Amount(600), only=standard)
    with pytest.raises(PricingError, match="take off more"):
        compute(Document(currency="EUR", scheme=scheme, lines=(work, back), adjustments=(off,)))


def test_costs_that_were_passed_on_are_credited_once() -> None:
    """An amount took its part of fees and costs; the line of costs has less left than it says. The rest is the rest."""
    assert credits_make_the_whole(12_775)
    invoice = with_costs()
    notes = [credit_amount(invoice, 54_690)]
    with pytest.raises(PricingError) as refused:
        credit_lines(invoice, [Part("costs", Decimal("0.33"))], notes)
    assert refused.value.field == "lines"
    rest = credit_all(invoice, notes)
    assert rest.totals.withheld == invoice.totals.withheld - notes[0].totals.withheld
    assert rest.totals.gross == left_gross(invoice, notes)


def with_costs() -> Priced:
    """516.86 of fees of which a fifth is kept back, and 48.32 that were paid in the client's name."""
    scheme = find("au-gst")
    free = next(row.rate for row in scheme.rows if row.key == "free")
    fees = Line(id="fees", description="Fees", unit_price=Decimal("516.86"), rate=free)
    costs = Line(id="costs", description="Costs", unit_price=Decimal("48.32"), rate=free, passed_on=True)
    kept = Withholding(code="RT01", percent=Decimal(20))
    return compute(Document(currency="AUD", scheme=scheme, lines=(fees, costs), withholdings=(kept,)))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_five_thousand_invoices_are_credited() -> None:
    assert all_credited(5_000, first=10_000) > 2_000
    assert all_credited(3_000, first=20_000, invoice_of=a_final_invoice) > 1_500
