"""Amounts as people write and read them. Inside the house money is an int of minor units; here it meets text."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.languages import get_official_languages
from babel.numbers import NumberPattern, get_currency_symbol, get_decimal_symbol, get_group_symbol, parse_pattern

from webkit.core.kernel.currencies import CURRENCIES, MAX_MINOR, exponent, is_currency
from webkit.core.kernel.errors import DomainError
from webkit.core.kernel.i18n import current_locale
from webkit.core.kernel.i18n import gettext as _
from webkit.core.values import dataclass

__all__ = [
    "CURRENCIES",
    "MAX_MINOR",
    "MoneyError",
    "MoneyPart",
    "exponent",
    "format_money",
    "is_currency",
    "money_parts",
    "money_text",
    "parse_money",
]

_LONGEST = 60
_MINUS = "-\N{MINUS SIGN}\N{EN DASH}\N{FULLWIDTH HYPHEN-MINUS}"
_GAPS = " '\N{RIGHT SINGLE QUOTATION MARK}\N{MODIFIER LETTER APOSTROPHE}"
_INVISIBLE = re.compile("[\u200e\u200f\u061c\u2066-\u2069\ufeff]")
_SPLIT = re.compile(r"(?P<before>\D*)(?P<number>\d(?:.*\d)?)(?P<after>\D*)", re.DOTALL)
_MARKED = re.compile(r"(?P<before>\D*?)(?P<body>(?:(?<!\w)[.,])?\d.*?)(?P<after>\D*)", re.DOTALL)
_GROUPED = re.compile(r"\d{1,3}(?:,\d{2,3})*,\d{3}")


class MoneyError(DomainError, ValueError):
    """A text that is not an amount of this currency. The message is a sentence for the person who typed it."""


# --- to text ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MoneyPart:
    """A piece of a formatted amount; the pieces in their order are the amount."""

    kind: Literal["sign", "mark", "whole", "decimals", "gap"]
    text: str


def format_money(minor: int, currency: str, locale: str | None = None) -> str:
    """The amount as the locale writes it: `€1,234.56`, `1.234,56 €`, `¥1,235`, `KWD 1.234`."""
    known = _locale(locale)
    pattern = _pattern(str(known), exponent(currency))
    text: str = pattern.apply(_decimal(minor, currency), known, currency=currency, currency_digits=False)
    return text


def format_fine(amount: Decimal, currency: str, locale: str | None = None) -> str:
    """A price too small for the currency's coins, with as many places as it takes to see it: `$0.0048`."""
    known = _locale(locale)
    coins = exponent(currency)
    digits = coins if amount >= 1 or not amount else min(max(coins + 2, 1 - amount.adjusted()), 8)
    text: str = _pattern(str(known), digits).apply(amount, known, currency=currency, currency_digits=False)
    return text


def money_parts(minor: int, currency: str, locale: str | None = None) -> tuple[MoneyPart, ...]:
    """The same text in pieces, for templates that print the mark and the decimals lighter than the number."""
    text = format_money(minor, currency, locale)
    found = _SPLIT.fullmatch(text)
    if found is None:  # every pattern of every locale has a digit
        return (MoneyPart("whole", text),)
    digits = exponent(currency)
    cut = len(found["number"]) - digits - 1 if digits else len(found["number"])
    parts = [*_pieces(found["before"]), MoneyPart("whole", found["number"][:cut])]
    if digits:
        parts.append(MoneyPart("decimals", found["number"][cut:]))
    return (*parts, *_pieces(found["after"]))


def money_text(minor: int, currency: str, locale: str | None = None) -> str:
    """The bare number for an input field, without mark and grouping: `1234.56`, in Italian `1234,56`."""
    plain = f"{_decimal(minor, currency):f}"
    return plain.replace(".", get_decimal_symbol(_locale(locale)))


def _pieces(text: str) -> list[MoneyPart]:
    pieces: list[MoneyPart] = []
    for chunk in re.findall(rf"[{_MINUS}]|\s+|[^{_MINUS}\s]+", text):
        if chunk in _MINUS:
            pieces.append(MoneyPart("sign", chunk))
        else:
            pieces.append(MoneyPart("gap" if chunk.isspace() else "mark", chunk))
    return pieces


def _decimal(minor: int, currency: str) -> Decimal:
    if type(minor) is not int:  # a bool or a float here is a mistake in the caller, never an amount
        raise TypeError(f"money is an int of minor units, not {type(minor).__name__}")
    sign, digits = ("-" if minor < 0 else ""), exponent(currency)
    text = str(abs(minor)).rjust(digits + 1, "0")
    return Decimal(f"{sign}{text[:-digits]}.{text[-digits:]}" if digits else f"{sign}{text}")


@lru_cache(maxsize=512)
def _pattern(locale: str, digits: int) -> NumberPattern:
    """The locale's own pattern, with as many decimals as the currency has (Babel would ask CLDR)."""
    pattern = parse_pattern(Locale.parse(locale).currency_formats["standard"].pattern)
    pattern.frac_prec = (digits, digits)
    return pattern


def _locale(name: str | None) -> Locale:
    return Locale.parse((name or current_locale()).replace("-", "_"))


# --- from text -------------------------------------------------------------------------------------------------


def parse_money(text: str, currency: str, locale: str | None = None) -> int:
    """Minor units of what a person typed: `1,234.56`, `1.234,56`, `1 234,56`, `€ 1.234`, `-5`.

    The way it is written decides; the locale only settles what could be read in two ways (`1.234`).
    What still has two readings, or more decimals than the currency, is refused: guessing costs money.
    """
    digits, known = exponent(currency), _locale(locale)
    negative, body = _unmark(_clean(text), currency, known)
    whole, decimals = _numerals(body, digits, known)
    if len(decimals) > digits:
        raise MoneyError(_too_precise(currency, digits))
    minor = int((whole or "0") + decimals.ljust(digits, "0"))
    if minor > MAX_MINOR:
        raise MoneyError(_("This amount is too large to be true."))
    return -minor if negative else minor


def _clean(text: str) -> str:
    shown = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).strip()
    if not shown:
        raise MoneyError(_("Write an amount."))
    if len(shown) > _LONGEST:
        raise MoneyError(_("This is too long for an amount."))
    return "".join(str(unicodedata.decimal(mark)) if mark.isdecimal() else mark for mark in shown)


def _unmark(text: str, currency: str, locale: Locale) -> tuple[bool, str]:
    """Sign and currency mark taken off, wherever the writer put them; another currency's mark is refused."""
    found = _MARKED.fullmatch(text)
    if found is None:
        raise MoneyError(_not_an_amount(text))
    around = found["before"] + found["after"]
    signs = sum(around.count(minus) for minus in _MINUS)
    mark = re.sub(rf"[{_MINUS}\s]", "", around)
    if signs > 1:
        raise MoneyError(_not_an_amount(text))
    if mark and not _is_mark(mark, currency, locale):
        raise MoneyError(
            _("“%(mark)s” does not belong here: the amount is in %(currency)s.", mark=mark, currency=currency)
        )
    return signs == 1, found["body"]


def _is_mark(mark: str, currency: str, locale: Locale) -> bool:
    symbols = {currency, get_currency_symbol(currency, locale), get_currency_symbol(currency, "en")}
    signs = {symbol[-1] for symbol in symbols if unicodedata.category(symbol[-1]) == "Sc"}  # A$ is written $ at home
    return _folded(mark) in {_folded(form) for form in symbols | signs} | _native_marks(currency)


def _folded(mark: str) -> str:
    """A mark without what writers leave out: case, gaps, the full stop of an abbreviation."""
    shown = unicodedata.normalize("NFKC", _INVISIBLE.sub("", mark))
    return re.sub(r"\s", "", shown).casefold().rstrip(".")


@lru_cache(maxsize=256)
def _native_marks(currency: str) -> frozenset[str]:
    """How the currency is written where it is at home: kr., zł, лв., CHF."""
    marks: set[str] = set()
    for territory, rows in get_global("territory_currencies").items():
        if all(row[0] != currency or row[2] is not None for row in rows):
            continue
        for language in get_official_languages(territory):
            try:
                marks.add(get_currency_symbol(currency, Locale.parse(f"{language}_{territory}")))
            except (UnknownLocaleError, ValueError):  # a language CLDR has no data for
                continue
    return frozenset(map(_folded, marks))


def _numerals(body: str, digits: int, locale: Locale) -> tuple[str, str]:
    """The digits before and after the decimal mark, whichever of the world's ways was used."""
    gapped = any(gap in body for gap in _GAPS)
    points = [mark for mark in body if mark in ".,"]
    if len(set(points)) == 2 or (gapped and len(points) == 1):
        decimal: str | None = points[-1]
    elif len(points) == 1:
        decimal = points[0] if _is_decimal(body, points[0], digits, locale) else None
    else:
        decimal = None
    whole, _mark, decimals = body.rpartition(decimal) if decimal else (body, "", "")
    if decimal and (not decimals.isdigit() or decimal in whole):
        raise MoneyError(_not_an_amount(body))
    return _ungroup(whole, body), decimals


def _is_decimal(body: str, mark: str, digits: int, locale: Locale) -> bool:
    """Whether the only mark in `body` is the decimal one. `1.234` is both, so the locale must say."""
    before, _mark, after = body.partition(mark)
    if len(after) != 3 or not 1 <= len(before) <= 3 or before.startswith("0"):
        return True
    if mark == get_decimal_symbol(locale):
        return True
    if mark == get_group_symbol(locale):
        return False
    raise MoneyError(
        _(
            "“%(text)s” can be read in two ways. Write %(whole)s, or write the decimals out.",
            text=body,
            whole=before + after,
        )
    )


def _ungroup(whole: str, body: str) -> str:
    if whole == "" or whole.isdigit():
        return whole
    groups = {mark for mark in whole if not mark.isdigit()}
    plain = whole
    for mark in groups:
        plain = plain.replace(mark, ",")
    if len(groups) != 1 or not _GROUPED.fullmatch(plain) or not groups <= {*_GAPS, ".", ","}:
        raise MoneyError(_not_an_amount(body))
    return plain.replace(",", "")


def _not_an_amount(text: str) -> str:
    return _("“%(text)s” is not an amount. Write it like 1234.56.", text=text)


def _too_precise(currency: str, digits: int) -> str:
    if digits == 0:
        return _("%(currency)s has no decimals.", currency=currency)
    return _("%(currency)s has %(digits)s decimals, no more.", currency=currency, digits=digits)
