"""Cells are read as somebody said they are written; what has two readings is never guessed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from webkit.core.kernel import sheets
from webkit.imports import fields, values
from webkit.imports.models import Kind
from webkit.imports.values import Wrong


@pytest.mark.parametrize(
    ("text", "sign", "value"),
    [
        ("1.234,56", ",", "1234.56"),
        ("€ 1.234", ",", "1234"),
        ("1 234,5 €", ",", "1234.5"),
        ("12,50-", ",", "-12.50"),
        ("(12.50)", ".", "-12.50"),
        ("\N{MINUS SIGN}3", ".", "-3"),
        ("1'234.50", ".", "1234.50"),
        ("EUR 12.00", ".", "12.00"),
        ("€ (5.00)", ".", "-5.00"),
        ("(5.00) €", ".", "-5.00"),
        ("EUR (5.00)", ".", "-5.00"),
        ("-$5.00", ".", "-5.00"),
        ("5,00- kr.", ",", "-5.00"),
        ("US$ +5", ".", "5"),
        ("$1,234.00 USD", ".", "1234.00"),
        ("1,23,456.5", ".", "123456.5"),
    ],
)
def test_a_number_is_read(text: str, sign: str, value: str) -> None:
    assert values.number(text, sign) == Decimal(value)


@pytest.mark.parametrize("text", ["1,5", "=1+1", "1.2.3", "", "1e5", "5.00 CR", "1.5K", "2 Mio", "(-5)", "--5", "EUR"])
def test_a_number_that_is_written_otherwise_is_refused(text: str) -> None:
    with pytest.raises(Wrong):
        values.number(text, ".")
    with pytest.raises(Wrong):
        values.number("12.50", ",")


def test_an_amount_has_the_places_of_its_currency() -> None:
    assert values.amount("12.5000", ".", "EUR") == 1250
    assert values.amount("1,250", ".", "JPY") == 1250
    assert values.amount("1.250", ".", "KWD") == 1250
    for text, code in (("12.505", "EUR"), ("12.5", "JPY"), ("9" * 18, "EUR")):
        with pytest.raises(Wrong):
            values.amount(text, ".", code)


@pytest.mark.parametrize(
    ("cells", "sign"),
    [
        (["1.234"], ""),
        (["1.234", "12,5"], ","),
        (["1.234", "5.50"], "."),
        (["1,5", "1.5"], ""),
        (["12", "7"], ""),
        (["1.234.567"], ","),
        (["0.123"], "."),
        (["1,234.5"], "."),
        (["text", "1,50"], ","),
    ],
)
def test_the_decimal_sign_is_proven_or_asked_for(cells: list[str], sign: str) -> None:
    assert values.decimal_sign(cells) == sign


@pytest.mark.parametrize(
    ("cells", "order"),
    [
        (["03/04/2025"], ""),
        (["03/04/2025", "25/04/2025"], "dmy"),
        (["04/25/2025 10:00", "03/04/2025"], "mdy"),
        (["2025-01-02"], "ymd"),
        (["25/04/2025", "04/25/2025"], ""),
        (["31/04/2025", "13.05.2025"], "dmy"),
        (["3 Jan 2025"], ""),
        ([], ""),
    ],
)
def test_the_order_of_dates_is_proven_or_asked_for(cells: list[str], order: str) -> None:
    assert values.order_of(cells) == order


@pytest.mark.parametrize(
    ("text", "order", "day"),
    [
        ("3/4/25", "dmy", date(2025, 4, 3)),
        ("3/4/25", "mdy", date(2025, 3, 4)),
        ("03.04.1999.", "dmy", date(1999, 4, 3)),
        ("2025-04-03T10:00:00Z", "ymd", date(2025, 4, 3)),
        ("3 maggio 2025", "ymd", date(2025, 5, 3)),
        ("31-dic-25", "dmy", date(2025, 12, 31)),
        ("Dec 31st, 2025", "dmy", date(2025, 12, 31)),
    ],
)
def test_a_date_is_read(text: str, order: str, day: date) -> None:
    assert values.day(text, order) == day


@pytest.mark.parametrize(
    ("text", "order"), [("31/04/2025", "dmy"), ("25/12/2025", "mdy"), ("2025-01-02", "dmy"), ("soon", "dmy")]
)
def test_a_date_that_is_written_otherwise_is_refused(text: str, order: str) -> None:
    with pytest.raises(Wrong):
        values.day(text, order)


def test_states_currencies_and_rates_are_words_of_many_systems() -> None:
    words = {"Awaiting payment": "open", "Da saldare": "open", "PAID": "paid", "autopaid": "paid", "Voided": "credited"}
    assert {word: values.state(word) for word in words} == words
    with pytest.raises(Wrong, match="draft"):
        values.state("Bozza")
    with pytest.raises(Wrong, match="no state"):
        values.state("perhaps")
    assert (values.currency("€"), values.currency("usd")) == ("EUR", "USD")
    with pytest.raises(Wrong):
        values.currency("XYZ")
    assert [values.percent(text, ".") for text in ("22", "20% (VAT on Income)", "9.975 %")] == [
        22,
        20,
        Decimal("9.975"),
    ]
    with pytest.raises(Wrong):
        values.percent("220", ".")


def test_the_apostrophe_before_a_formula_goes_again() -> None:
    assert [values.plain(text) for text in ("'=1+1", " '+39 02", "l'olmo", "'quoted'")] == [
        "=1+1",
        "+39 02",
        "l'olmo",
        "'quoted'",
    ]


XERO = (
    "*ContactName,EmailAddress,*InvoiceNumber,*InvoiceDate,*DueDate,Total,TaxTotal,InvoiceAmountDue,"
    "Description,Quantity,UnitAmount"
)
STRIPE = (
    "id,Number,Customer Email,Customer Name,Total,Subtotal,Tax,Amount Due,Status,Date (UTC),Due Date (UTC),Currency"
)
ITALIAN = "Data;Numero;Cliente;Partita IVA;Codice Fiscale;Imponibile;IVA;Totale;Scadenza;Data saldo;Stato"


@pytest.mark.parametrize(
    ("headings", "held"),
    [
        (XERO.split(","), {"client_name": 0, "client_email": 1, "number": 2, "issue_date": 3, "due_date": 4, "total": 5,
                           "tax": 6, "balance": 7, "line_text": 8, "line_quantity": 9, "line_price": 10}),
        (STRIPE.split(","), {"number": 1, "client_email": 2, "client_name": 3, "total": 4, "net": 5, "tax": 6,
                             "balance": 7, "state": 8, "issue_date": 9, "due_date": 10, "currency": 11}),
        (ITALIAN.split(";"), {"issue_date": 0, "number": 1, "client_name": 2, "client_tax_id": 3, "net": 5, "tax": 6,
                              "total": 7, "due_date": 8, "paid_on": 9, "state": 10}),
    ],
)  # fmt: skip
def test_headings_of_other_systems_are_recognised(headings: list[str], held: dict[str, int]) -> None:
    assert fields.recognised(Kind.INVOICES, headings) == held


def test_headings_of_clients_are_recognised() -> None:
    columns = ["Ragione Sociale", "CAP", "Comune", "Prov.", "P.IVA", "e-mail", "Tel", "???"]
    found = fields.recognised(Kind.CLIENTS, columns)
    assert found == {"name": 0, "postcode": 1, "city": 2, "region": 3, "tax_id": 4, "email": 5, "phone": 6}


def test_a_year_that_cannot_be_meant_is_refused() -> None:
    for text in ("Dec 25, 9999", "Dec 25, 1066"):
        with pytest.raises(Wrong):
            values.day(text, "mdy")
    assert values.day("Dec 25, 2025", "mdy") == date(2025, 12, 25)


def test_what_a_sheet_guards_is_read_back() -> None:
    for text in ("=1+1", "Acme;=1+1", "a; -b|@c", "x;'y"):
        assert values.plain(sheets.guarded(text)) == text
