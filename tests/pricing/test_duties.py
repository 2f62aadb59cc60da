"""Funds, withholdings, stamp duty, split payment, deposits, coins and credit notes, worked out by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from tests.pricing.test_compute import IVA, discount, document, figures, line
from webkit.pricing import (
    Adjustment,
    AdjustmentKind,
    Amount,
    Deduction,
    Document,
    Part,
    Percent,
    Priced,
    PricingError,
    compute,
    credit_all,
    credit_amount,
    credit_lines,
    find,
    italian,
    left,
    left_gross,
    semantic,
    split,
)
from webkit.pricing.show import sum_rows

DAY = date(2026, 11, 22)
CHARGE = AdjustmentKind.CHARGE
FLAT = find("it-forfettario")
INPS = italian.fund("TC22", Decimal(4), "it-vat")
LAWYERS = italian.fund("TC01", Decimal(4), "it-vat")
RITENUTA = italian.withholding()


def parcella(*lines, **more) -> Document:
    return document(*(lines or (line("1000", scheme=IVA),)), scheme=IVA, currency="EUR", **more)


def asked(priced: Priced) -> tuple[int, ...]:
    totals = priced.totals
    return totals.net, totals.tax, totals.gross, totals.withheld, totals.payable


# --- Italy -----------------------------------------------------------------------------------------------------


def test_a_lawyers_fee() -> None:
    """Cassa 4 % raises the VAT base; tax is withheld on the fee alone."""
    priced = compute(parcella(funds=(LAWYERS,), withholdings=(RITENUTA,)))
    assert asked(priced) == (104000, 22880, 126880, 20000, 106880)
    assert [(fund.code, fund.base, fund.due) for fund in priced.funds] == [("TC01", 100000, 4000)]


def test_a_freelancer_of_the_inps() -> None:
    """On INPS's contribution tax is withheld too."""
    assert asked(compute(parcella(funds=(INPS,), withholdings=(RITENUTA,)))) == (104000, 22880, 126880, 20800, 106080)


def test_costs_that_are_passed_on_bear_neither() -> None:
    stamps = line("16", id="b", scheme=IVA, key="outside-n1", passed_on=True)
    priced = compute(parcella(line("1000", scheme=IVA), stamps, funds=(LAWYERS,), withholdings=(RITENUTA,)))
    assert asked(priced) == (105600, 22880, 128480, 20000, 108480)


def test_costs_that_are_passed_on_are_never_discounted() -> None:
    """What was paid in the client's name is asked for as it was paid, art. 15 D.P.R. 633/72."""
    stamps = line("48.32", id="b", scheme=IVA, key="outside-n1", passed_on=True)
    off = Adjustment(AdjustmentKind.DISCOUNT, Percent(Decimal(10)))
    priced = compute(parcella(line("1000", scheme=IVA), stamps, adjustments=(off,)))
    assert (priced.totals.discount, priced.line("b").share, priced.totals.net) == (10000, 0, 94832)
    with pytest.raises(PricingError, match="larger"):
        compute(parcella(line("10", scheme=IVA), stamps, adjustments=(replace(off, value=Amount(1001)),)))


def test_agents_keep_half_of_it() -> None:
    agent = replace(italian.withholding("RT02", Decimal(23), reason="R"), share=Decimal(50))
    assert compute(parcella(withholdings=(agent,))).totals.withheld == 11500


@pytest.mark.parametrize(("price", "stamped"), [("77.47", 0), ("77.48", 200)])
def test_stamp_duty_begins_above_77_47(price: str, stamped: int) -> None:
    flat = line(price, scheme=FLAT)
    priced = compute(document(flat, scheme=FLAT, currency="EUR", stamp=italian.stamp("it-forfettario")))
    assert priced.totals.gross == int(Decimal(price) * 100) + stamped
    (tax,) = priced.taxes
    assert (tax.rate.code, tax.stamped) == ("N2.2", stamped)


def test_stamp_duty_is_n1_where_vat_is_charged_and_counts_only_what_it_must() -> None:
    stamp = italian.stamp("it-vat")
    export = line("5000", scheme=IVA, key="export-n3.1")
    assert compute(parcella(export, stamp=stamp)).stamp is None
    exempt = line("100", id="b", scheme=IVA, key="exempt-n4")
    priced = compute(parcella(line("100", scheme=IVA), exempt, stamp=stamp))
    assert [(tax.rate.code, tax.base) for tax in priced.taxes] == [("", 10000), ("N4", 10000), ("N1", 200)]
    borne = compute(parcella(line("100", scheme=IVA), exempt, stamp=replace(stamp, recharged=False)))
    assert borne.stamp is not None
    assert borne.totals.gross == 22200


def test_the_state_pays_no_vat() -> None:
    priced = compute(parcella(split_payment=True))
    assert (priced.totals.gross, priced.totals.split, priced.totals.payable) == (122000, 22000, 100000)
    assert [tax.category for tax in semantic(priced).taxes] == ["B"]


def test_reverse_charge_has_no_tax_and_says_why() -> None:
    scheme = find("eu-de")
    priced = compute(document(line("900", scheme=scheme, key="reverse-charge"), scheme=scheme, currency="EUR"))
    (tax,) = semantic(priced).taxes
    assert (tax.category, tax.base, tax.tax, tax.code, tax.reason) == ("AE", 90000, 0, "VATEX-EU-AE", "Reverse charge")


# --- coins and what was paid before ----------------------------------------------------------------------------


COINS = pytest.mark.parametrize(
    ("price", "payable", "rounding"), [("9.92", 1070, -2), ("9.93", 1075, 2), ("9.90", 1070, 0), ("9.94", 1075, 0)]
)


@COINS
def test_the_last_credit_takes_back_what_was_rounded_to_a_coin(price: str, payable: int, rounding: int) -> None:
    scheme = find("ch-vat")
    invoice = compute(document(line(price, scheme=scheme), scheme=scheme, currency="CHF", cash_rounding=5))
    part = credit_amount(invoice, 500)
    rest = credit_amount(invoice, invoice.totals.gross - 500, [part])
    assert [note.totals.rounding for note in (part, rest)] == [0, rounding]
    assert part.totals.payable + rest.totals.payable == payable
    almost = credit_amount(invoice, invoice.totals.gross - 1)
    last = credit_all(invoice, [almost])
    assert (last.totals.rounding, last.totals.payable) == ((rounding, 1 + rounding) if rounding >= 0 else (0, 1))


@COINS
def test_cash_is_rounded_to_the_smallest_coin(price: str, payable: int, rounding: int) -> None:
    scheme = find("ch-vat")
    priced = compute(document(line(price, scheme=scheme), scheme=scheme, currency="CHF", cash_rounding=5))
    assert (priced.totals.payable, priced.totals.rounding) == (payable, rounding)
    assert priced.totals.due == payable


def test_what_was_paid_before() -> None:
    totals = compute(document(line("1000"), prepaid=30000)).totals
    assert (totals.gross, totals.prepaid, totals.payable) == (110000, 30000, 80000)
    with pytest.raises(PricingError, match="More has been paid"):
        compute(document(line("1"), prepaid=111))


# --- adjustments of one rate -----------------------------------------------------------------------------------


def test_a_discount_on_one_rate_alone() -> None:
    lines = (line("100", scheme=IVA), line("50", id="b", scheme=IVA, key="reduced-4"))
    off = Adjustment(AdjustmentKind.DISCOUNT, Percent(Decimal(10)), "Books", "95", only=lines[1].rate)
    priced = compute(parcella(*lines, adjustments=(off, discount(Amount(1500)))))
    assert [(tax.discount, tax.base) for tax in priced.taxes] == [(1000, 9000), (1000, 4000)]
    told = [(each.amount, str(each.rate.percent), each.reason) for each in semantic(priced).adjustments]
    assert told == [(1000, "22", "Launch"), (500, "4", "Launch"), (500, "4", "Books")]


# --- deposits --------------------------------------------------------------------------------------------------


def test_the_final_invoice_takes_the_deposit_off_with_its_tax() -> None:
    whole = parcella(line("999.99", scheme=IVA), funds=(INPS,), withholdings=(RITENUTA,))
    deposit = split(compute(whole), Percent(Decimal(30)), "Acconto").deposit
    assert asked(deposit) == (31200, 6864, 38064, 6240, 31824)
    final = compute(replace(whole, deductions=(Deduction.of(deposit, "FT-1", DAY),)))
    assert asked(final) == (72799, 16016, 88815, 14560, 74255)
    assert (final.funds[0].amount, final.funds[0].deducted, final.funds[0].due) == (4000, 1200, 2800)
    rows = [(row.label, row.amount) for row in sum_rows(final)]
    assert rows == [
        ("Subtotal", 99999),
        ("INPS 4 %", 4000),
        ("Deposit, invoice FT-1", -31200),
        ("Without tax", 72799),
        ("IVA 22 %", 16016),
        ("Total in EUR", 88815),
        ("Withholding tax 20 %", -14560),
        ("To pay in EUR", 74255),
    ]


def test_a_deposit_must_belong_to_its_invoice() -> None:
    deposit = Deduction.of(compute(document(line("100"))), "D-1", DAY)
    with pytest.raises(PricingError, match="larger than"):
        compute(document(line("99"), deductions=(deposit,)))
    with pytest.raises(PricingError, match="no line has"):
        compute(document(line("500", key="free"), deductions=(deposit,)))
    with pytest.raises(PricingError, match="twice"):
        document(line("500"), deductions=(deposit, deposit))


# --- credit notes ----------------------------------------------------------------------------------------------


def invoice() -> Priced:
    lines = (line("19.99", "3"), line("500", id="b"), line("40", id="c", key="free"))
    return compute(document(*lines, adjustments=(discount(Percent(Decimal(10))),)))


def test_all_of_an_invoice_is_the_invoice() -> None:
    assert credit_all(invoice()) == invoice()
    assert left_gross(invoice(), [invoice()]) == 0


def test_a_credited_line_has_its_part_of_the_discount() -> None:
    note = credit_lines(invoice(), [Part("a", Decimal(1))])
    assert figures(note) == (1799, 180, 1979)
    (only,) = note.lines
    assert (only.quantity, only.listed, only.amount) == (Decimal(1), 1999, 1799)
    assert [(each.kind, each.amount, each.reason) for each in only.adjustments] == [
        (AdjustmentKind.DISCOUNT, 200, "As invoiced")
    ]


def test_thirds_make_the_whole() -> None:
    whole, notes = invoice(), []
    for _ in range(3):
        notes.append(credit_lines(whole, [Part("a", Decimal(1))], notes))
    assert sum(note.totals.net for note in notes) == whole.line("a").net
    with pytest.raises(PricingError, match="more than is left of the line"):
        credit_lines(whole, [Part("a", Decimal("0.00000001"))], notes)


def test_an_amount_is_that_amount_and_the_rest_is_the_rest() -> None:
    whole = invoice()
    first = credit_amount(whole, 10000)
    assert first.totals.gross == 10000
    rest = credit_all(whole, [first], "Rest of the invoice")
    assert first.totals.gross + rest.totals.gross == whole.totals.gross
    assert all((each.base, each.tax) == (0, 0) for each in left(whole, [first, rest]))


@pytest.mark.parametrize("amount", [0, -1, 10**9])
def test_no_more_than_the_invoice(amount: int) -> None:
    with pytest.raises(PricingError, match="at most what is left"):
        credit_amount(invoice(), amount)


def test_a_fee_is_credited_with_its_contribution_and_what_was_withheld() -> None:
    fee = compute(parcella(line("1000", "4", scheme=IVA), funds=(INPS,), withholdings=(RITENUTA,)))
    note = credit_lines(fee, [Part("a", Decimal(1))])
    assert asked(note) == (104000, 22880, 126880, 20800, 106080)
    with pytest.raises(PricingError, match="whole lines"):
        credit_amount(fee, 1000)


# --- stored ----------------------------------------------------------------------------------------------------

STORED_2 = """
{"adjustments": [], "currency": "EUR", "deductions": [{"funds": [{"amount": 1200, "base": 30000, "code": "TC22"}],
 "issued": "2026-11-22", "number": "FT-1", "taxes": [{"base": 31200, "rate": {"category": "S", "code": "",
 "percent": "22", "reason": ""}, "tax": 6864}], "withheld": [{"amount": 6240, "base": 31200, "code": "RT01"}]}],
 "funds": [{"amount": 4000, "base": 99999, "code": "TC22", "deducted": 1200, "deducted_base": 30000, "label": "INPS",
 "percent": "4", "rate": {"category": "S", "code": "", "percent": "22", "reason": ""}, "tax": 880, "withheld": true}],
 "lines": [{"adjustments": [], "amount": 99999, "description": "Work", "gross": 121999, "id": "a", "listed": 99999,
 "net": 99999, "quantity": "1", "rate": {"category": "S", "code": "", "percent": "22", "reason": ""}, "share": 0,
 "tax": 22000, "unit_price": "999.99"}],
 "place": "document", "prices_include_tax": false, "scheme": "it-vat",
 "taxes": [{"amount": 99999, "base": 72799, "charge": 0, "contribution": 4000, "deducted": 31200,
 "deducted_tax": 6864, "discount": 0, "rate": {"category": "S", "code": "", "percent": "22", "reason": ""},
 "tax": 16016}],
 "totals": {"charge": 0, "discount": 0, "gross": 88815, "net": 72799, "payable": 74255, "subtotal": 99999,
 "tax": 16016, "withheld": 14560},
 "version": 2,
 "withholdings": [{"amount": 20800, "base": 103999, "code": "RT01", "deducted": 6240, "deducted_base": 31200,
 "percent": "20", "reason": "A", "share": "100"}]}
"""


def test_the_second_form_is_fixed_too() -> None:
    whole = parcella(line("999.99", scheme=IVA), funds=(INPS,), withholdings=(RITENUTA,))
    deposit = split(compute(whole), Percent(Decimal(30)), "Acconto").deposit
    final = compute(replace(whole, deductions=(Deduction.of(deposit, "FT-1", DAY),)))
    assert final.to_dict() == json.loads(STORED_2)
    assert Priced.from_dict(json.loads(STORED_2)) == final


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("totals", "withheld"), 14561),
        (("totals", "payable"), 88815),
        (("funds", 0, "deducted"), 0),
        (("taxes", 0, "deducted_tax"), 6863),
        (("deductions", 0, "taxes", 0, "base"), 31201),
        (("withholdings", 0, "amount"), 20801),
        (("deductions",), []),
    ],
)
def test_tampering_with_the_second_form_is_seen(path: tuple, value: object) -> None:
    stored = json.loads(STORED_2)
    at = stored
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    with pytest.raises(PricingError, match="do not add up"):
        Priced.from_dict(stored)


# --- what is refused -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: parcella(funds=(INPS,), prices_include_tax=True), "prices without tax"),
        (lambda: parcella(funds=(INPS, INPS)), "twice"),
        (lambda: document(line("1"), funds=(INPS,)), "not a rate of AU GST"),
        (lambda: replace(parcella(stamp=italian.stamp("it-vat")), currency="USD"), "paid in EUR"),
        (lambda: document(line("1"), prepaid=-1), "negative"),
        (lambda: document(line("1"), cash_rounding=True), "not a coin"),
        (lambda: italian.fund("TC99", Decimal(4), "it-vat"), "no pension fund"),
        (lambda: italian.withholding("RT99"), "no withholding"),
        (lambda: italian.withholding(percent=Decimal(0)), "between 0 and 100"),
        (lambda: line("1", unit="hours"), "capital letters"),
        (
            lambda: compute(document(line("0"), adjustments=(Adjustment(AdjustmentKind.CHARGE, Amount(1)),))),
            "needs lines",
        ),
        (
            lambda: compute(document(line("5"), adjustments=(replace(discount(Amount(1)), only=IVA.rows[0].rate),))),
            "no line with the tax",
        ),
    ],
)
def test_what_cannot_be_is_refused(make, says: str) -> None:
    with pytest.raises(PricingError, match=says):
        make()
