"""Amounts between text and minor units."""

from __future__ import annotations

from decimal import Decimal

import pytest
from babel.numbers import list_currencies
from hypothesis import example, given
from hypothesis import strategies as st

from webkit.core.kernel.money import (
    CURRENCIES,
    MAX_MINOR,
    MoneyError,
    exponent,
    format_money,
    is_currency,
    money_parts,
    money_text,
    parse_money,
)

NBSP, THIN = "\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}"
LOCALES = ("en", "it", "fr", "de", "de_CH", "sv", "da", "pl", "nl", "en_IN", "en_AU", "es", "ja", "ar", "he", "fa")

amounts = st.integers(-MAX_MINOR, MAX_MINOR)
currencies = st.sampled_from(sorted(CURRENCIES))
locales = st.sampled_from(LOCALES)


# --- the table -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("currency", "digits"),
    [("EUR", 2), ("AUD", 2), ("JPY", 0), ("ISK", 0), ("KWD", 3), ("IQD", 3), ("CLF", 4), ("MGA", 2), ("IRR", 2)],
)
def test_exponents_follow_the_standard(currency: str, digits: int) -> None:
    assert exponent(currency) == digits


@pytest.mark.parametrize("code", ["XXX", "XAU", "XTS", "DEM", "BGN", "eur", "", "EU"])
def test_what_is_not_a_currency_in_use_is_refused(code: str) -> None:
    assert not is_currency(code)
    with pytest.raises(ValueError, match="not an ISO 4217"):
        exponent(code)


def test_every_currency_has_a_name_to_show() -> None:
    assert set(list_currencies("en")) >= CURRENCIES


# --- to text ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("minor", "currency", "locale", "text"),
    [
        (123456, "EUR", "en", "€1,234.56"),
        (123456, "EUR", "it", f"1.234,56{NBSP}€"),
        (123456, "EUR", "fr", f"1{THIN}234,56{NBSP}€"),
        (-5, "EUR", "en", "-€0.05"),
        (-123456, "EUR", "nl", f"€{NBSP}-1.234,56"),
        (0, "USD", "en", "$0.00"),
        (1235, "JPY", "en", "¥1,235"),
        (1234, "KWD", "en", f"KWD{NBSP}1.234"),
        (1234, "IQD", "en", f"IQD{NBSP}1.234"),
        (12345678, "INR", "en_IN", "₹1,23,456.78"),
        (84800, "AUD", "en_AU", "$848.00"),
        (84800, "AUD", "en-US", "A$848.00"),
        (MAX_MINOR, "EUR", "en", "€10,000,000,000,000.00"),
    ],
)
def test_format(minor: int, currency: str, locale: str, text: str) -> None:
    assert format_money(minor, currency, locale).replace("KWD1", f"KWD{NBSP}1").replace("IQD1", f"IQD{NBSP}1") == text


@pytest.mark.parametrize("wrong", [1.0, True, Decimal(1), "1"])
def test_only_ints_are_money(wrong: object) -> None:
    with pytest.raises(TypeError, match="minor units"):
        format_money(wrong, "EUR", "en")  # type: ignore[arg-type]


def test_parts_name_what_may_be_printed_lighter() -> None:
    parts = [(part.kind, part.text) for part in money_parts(-123456, "EUR", "it")]
    assert parts == [("sign", "-"), ("whole", "1.234"), ("decimals", ",56"), ("gap", NBSP), ("mark", "€")]
    assert [part.kind for part in money_parts(1235, "JPY", "en")] == ["mark", "whole"]


@given(amounts, currencies, locales)
def test_parts_together_are_the_text(minor: int, currency: str, locale: str) -> None:
    parts = money_parts(minor, currency, locale)
    assert "".join(part.text for part in parts) == format_money(minor, currency, locale)
    assert sum(part.kind == "decimals" for part in parts) == (1 if exponent(currency) else 0)


# --- from text -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "currency", "locale", "minor"),
    [
        ("1,234.56", "EUR", "en", 123456),
        ("1,234.56", "EUR", "it", 123456),
        ("1.234,56", "EUR", "en", 123456),
        ("1 234,56", "EUR", "en", 123456),
        (f"1{THIN}234,56", "EUR", "fr", 123456),
        ("1'234.56", "CHF", "de_CH", 123456),
        ("1’234", "CHF", "de_CH", 123400),
        ("1234.56", "EUR", "it", 123456),
        ("1234,56", "EUR", "en", 123456),
        ("1234", "EUR", "en", 123400),
        ("12,5", "EUR", "en", 1250),
        (".5", "EUR", "en", 50),
        ("0.05", "EUR", "it", 5),
        ("1,234", "EUR", "en", 123400),
        ("1.234", "EUR", "it", 123400),
        ("1.234.567", "EUR", "en", 123456700),
        ("1,23,456.78", "INR", "en_IN", 12345678),
        ("1,234", "JPY", "en", 1234),
        ("1.234", "KWD", "en", 1234),
        ("0,123", "KWD", "en", 123),
        ("1 234,567", "KWD", "en", 1234567),
        ("€ 1,234.56", "EUR", "en", 123456),
        ("1.234,56 €", "EUR", "it", 123456),
        ("EUR 12", "EUR", "en", 1200),
        ("12 eur", "EUR", "en", 1200),
        ("$12", "AUD", "it", 1200),
        ("A$12", "AUD", "en", 1200),
        ("kr. 12,50", "DKK", "en", 1250),
        ("kr.5", "DKK", "en", 500),
        ("12 kr", "SEK", "en", 1200),
        ("12 zł", "PLN", "en", 1200),
        ("-5", "EUR", "en", -500),
        ("−€5", "EUR", "en", -500),
        ("€ -5,00", "EUR", "nl", -500),
        ("5-", "EUR", "en", -500),
        ("١٢٫٥".replace("٫", "."), "EUR", "en", 1250),
        ("  12  ", "EUR", "en", 1200),
        ("10,000,000,000,000.00", "EUR", "en", MAX_MINOR),
    ],
)
def test_parse(text: str, currency: str, locale: str, minor: int) -> None:
    assert parse_money(text, currency, locale) == minor


@pytest.mark.parametrize(
    ("text", "currency", "locale", "says"),
    [
        ("", "EUR", "en", "Write an amount"),
        ("   ", "EUR", "en", "Write an amount"),
        ("abc", "EUR", "en", "not an amount"),
        ("€", "EUR", "en", "not an amount"),
        ("1.2.3", "EUR", "en", "not an amount"),
        ("1,23.45,6", "EUR", "en", "not an amount"),
        ("12,34,56", "EUR", "en", "not an amount"),
        ("1 23", "EUR", "en", "not an amount"),
        ("--5", "EUR", "en", "not an amount"),
        ("-5-", "EUR", "en", "not an amount"),
        ("1e5", "EUR", "en", "not an amount"),
        ("1/2", "EUR", "en", "not an amount"),
        ("5.", "EUR", "en", "does not belong"),
        ("£5", "EUR", "en", "does not belong"),
        ("5 USD", "EUR", "en", "does not belong"),
        ("=1", "EUR", "en", "does not belong"),
        ("1.234", "EUR", "en", "2 decimals"),
        ("1,234", "EUR", "it", "2 decimals"),
        ("0.005", "EUR", "en", "2 decimals"),
        ("1.000", "EUR", "en", "2 decimals"),
        ("1.5", "JPY", "en", "no decimals"),
        ("1,234", "EUR", "de_CH", "two ways"),
        ("1.234", "EUR", "fr", "two ways"),
        ("10,000,000,000,000.01", "EUR", "en", "too large"),
        ("9" * 59, "EUR", "en", "too large"),
        ("9" * 61, "EUR", "en", "too long"),
    ],
)
def test_what_is_not_clearly_an_amount_is_refused(text: str, currency: str, locale: str, says: str) -> None:
    with pytest.raises(MoneyError, match=says):
        parse_money(text, currency, locale)


@given(amounts, currencies, locales)
def test_what_we_write_we_read(minor: int, currency: str, locale: str) -> None:
    assert parse_money(format_money(minor, currency, locale), currency, locale) == minor


@given(amounts, currencies, locales)
def test_what_an_input_field_shows_is_read_back(minor: int, currency: str, locale: str) -> None:
    assert parse_money(money_text(minor, currency, locale), currency, locale) == minor


@given(st.text(max_size=70), currencies, locales)
@example("1\u200f.5", "EUR", "ar")
def test_any_text_is_an_amount_in_bounds_or_refused(text: str, currency: str, locale: str) -> None:
    try:
        minor = parse_money(text, currency, locale)
    except MoneyError as refusal:
        assert str(refusal)
    else:
        assert -MAX_MINOR <= minor <= MAX_MINOR


@given(st.text(alphabet="0123456789.,' -€$", max_size=20), locales)
def test_no_reading_has_more_decimals_than_written(text: str, locale: str) -> None:
    try:
        minor = parse_money(text, "EUR", locale)
    except MoneyError:
        return
    assert str(abs(minor)).rstrip("0") in "".join(mark for mark in text if mark.isdigit())
