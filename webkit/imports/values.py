"""Amounts, days and words of other systems, read as somebody has said they are written: never guessed silently."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from webkit.core.kernel.currencies import CURRENCIES, MAX_MINOR, exponent, is_currency
from webkit.core.kernel.errors import DomainError
from webkit.core.kernel.i18n import gettext as _

POINT, COMMA = ".", ","
ORDERS = ("dmy", "mdy", "ymd")
"""In which order day, month and year stand."""
LARGEST = Decimal(10**13)
_NUMBERS = {
    POINT: re.compile(r"[0-9]+(\.[0-9]*)?|\.[0-9]+|[0-9]{1,3}(,[0-9]{2,3})*,[0-9]{3}(\.[0-9]*)?"),
    COMMA: re.compile(r"[0-9]+(,[0-9]*)?|,[0-9]+|[0-9]{1,3}(\.[0-9]{3})+(,[0-9]*)?"),
}
_GUARDED = tuple(f"'{sign}" for sign in "=+-@|%")
_GUARDED_WITHIN = re.compile(r"([;\t|]\s*)'(?=[=+\-@])")
_GAPS = re.compile(r"[\s'\u2019\u02bc\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_NAMES = (r"euros?", r"s?fr\.?", r"kr\.?", r"rs\.?", "z\u0142", "k\u010d", "ft", "lei")
_MARK = "|".join((r"[a-z]{0,2}[$\u00a2-\u00a5\u20a0-\u20c0](?:us|ca)?", *sorted(CURRENCIES), *_NAMES))
_MARKED = re.compile(rf"(?:{_MARK})?(.*?)(?:{_MARK})?", re.IGNORECASE | re.DOTALL)
"""A number between the marks of a currency. Other letters may say that it is a credit, or thousands."""
_DAY = re.compile(r"([0-9]{1,4})([./-])([0-9]{1,2})\2([0-9]{1,4})\.?")
_TIME = re.compile(r"[T ]\s*[0-9]{1,2}:[0-9]{2}.*", re.DOTALL)
_NAMED = re.compile(r"([0-9]{1,2})(?:st|nd|rd|th|\.)?[ \-/.]+([^\W\d_]{3,})\.?,?[ \-/.]+([0-9]{2}|[0-9]{4})")
_NAMED_FIRST = re.compile(r"([^\W\d_]{3,})\.?[ ]+([0-9]{1,2})(?:st|nd|rd|th)?,?[ ]+([0-9]{4})")
_MONTHS = {
    name: number
    for names in (
        "jan feb mar apr may jun jul aug sep oct nov dec",
        "gen feb mar apr mag giu lug ago set ott nov dic",
    )
    for number, name in enumerate(names.split(), start=1)
}
_STATES = {
    "open":
        "open sent issued unpaid overdue due outstanding authorised authorized approved viewed "
        "awaiting_payment not_paid payment_due late aperta aperto emessa emesso inviata scaduta da_pagare "
        "da_saldare da_incassare non_pagata non_pagato non_saldata non_saldato insoluta in_attesa offen",
    "paid":
        "paid settled closed cleared completed autopaid auto_paid paid_in_full pagata pagato saldata saldato "
        "incassata incassato chiusa si yes bezahlt",
    "credited":
        "credited credit void voided cancelled canceled refunded written_off uncollectible stornata stornato "
        "annullata annullato storno rimborsata storniert",
    "part":
        "partial partially_paid part_paid partly_paid partial_payment parziale parzialmente_pagata "
        "parzialmente_pagato pagata_in_parte pagato_in_parte acconto teilbezahlt",
    "draft":
        "draft bozza pending_approval submitted entwurf",
}  # fmt: skip
_WORDS = {word.replace("_", " "): state for state, words in _STATES.items() for word in words.split()}


class Wrong(DomainError):
    """A cell that cannot be what its column says it is."""


def plain(text: str) -> str:
    """A cell without the spaces around it, and without the apostrophe that keeps spreadsheets from computing it."""
    bare = unicodedata.normalize("NFC", text).strip().strip("\ufeff\u200e\u200f")
    bare = _GUARDED_WITHIN.sub(r"\1", bare)
    return bare[1:] if bare.startswith(_GUARDED) else bare


def number(text: str, decimal: str) -> Decimal:
    """A number whose decimals are separated by that sign. Raises Wrong."""
    negative, digits = _digits(text)
    if not _NUMBERS[decimal].fullmatch(digits):
        raise Wrong(_wrong_number(text, decimal))
    value = Decimal(digits.replace(COMMA if decimal == POINT else POINT, "").replace(COMMA, POINT))
    if value > LARGEST or -int(value.as_tuple().exponent) > 8:
        raise Wrong(_("“%(text)s” is too large or too precise.", text=text[:40]))
    return -value if negative else value


def amount(text: str, decimal: str, currency: str) -> int:
    """An amount in minor units of the currency. Raises Wrong."""
    minor = number(text, decimal).scaleb(exponent(currency))
    if minor != minor.to_integral_value():
        raise Wrong(_("“%(text)s” has more decimals than %(currency)s.", text=text[:40], currency=currency))
    if abs(minor) > MAX_MINOR:
        raise Wrong(_("“%(text)s” is too large or too precise.", text=text[:40]))
    return int(minor)


def percent(text: str, decimal: str) -> Decimal:
    """A tax rate: `22`, `22 %`, `20% (VAT on Income)`. Raises Wrong."""
    marked = re.search(r"([0-9]+(?:[.,][0-9]+)?)\s*%", text)
    value = number(marked[1] if marked else text, decimal)
    if not 0 <= value <= 100:
        raise Wrong(_("“%(text)s” is no percentage.", text=text[:40]))
    return value


def _digits(text: str) -> tuple[bool, str]:
    """Whether it is negative, and its digits with their signs; currency marks are taken off."""
    shown = _GAPS.sub("", unicodedata.normalize("NFKC", text)).replace("\N{MINUS SIGN}", "-")
    bare = _unmarked(shown)
    if bare.startswith("(") and bare.endswith(")"):
        return True, _unmarked(bare[1:-1])
    if bare.startswith("-") or bare.endswith("-"):
        return True, _unmarked(bare[1:] if bare.startswith("-") else bare[:-1])
    return False, _unmarked(bare[1:]) if bare.startswith("+") else bare


def _unmarked(text: str) -> str:
    found = _MARKED.fullmatch(text)
    return found[1] if found else text


def _wrong_number(text: str, decimal: str) -> str:
    how = "1,234.56" if decimal == POINT else "1.234,56"
    return _("“%(text)s” is not a number that is written like %(how)s.", text=text[:40], how=how)


def decimal_sign(cells: Iterable[str]) -> str:
    """The sign before the decimals as far as the cells prove it; empty when they could be read in two ways."""
    proof = {mark for cell in cells for mark in (_proven(_digits(cell)[1]),) if mark}
    return proof.pop() if len(proof) == 1 else ""


def _proven(digits: str) -> str:
    marks = [sign for sign in digits if sign in (POINT, COMMA)]
    if not marks or not re.fullmatch(r"[0-9.,]+", digits):
        return ""
    last = marks[-1]
    if len(set(marks)) == 2:
        return last
    if len(marks) > 1:
        return COMMA if last == POINT else POINT
    before, after = digits.split(last)
    return "" if len(after) == 3 and 1 <= len(before) <= 3 and not before.startswith("0") else last


def day(text: str, order: str) -> date:
    """A date written in that order, or with the name of its month. Raises Wrong."""
    bare = _TIME.sub("", text.strip())
    try:
        if found := _DAY.fullmatch(bare):
            return _of(order, found[1], found[3], found[4])
        if found := _NAMED.fullmatch(bare):
            return date(_year(found[3]), _month(found[2]), int(found[1]))
        if found := _NAMED_FIRST.fullmatch(bare):
            return date(_year(found[3]), _month(found[1]), int(found[2]))
    except (ValueError, KeyError):
        pass
    how = {"dmy": "31/12/2026", "mdy": "12/31/2026", "ymd": "2026-12-31"}[order]
    raise Wrong(_("“%(text)s” is not a date that is written like %(how)s.", text=text[:40], how=how))


def _of(order: str, first: str, second: str, third: str) -> date:
    if (len(first) == 4 and order != "ymd") or len(first) == 3:
        raise ValueError(order)
    if order == "ymd":
        return date(_year(first), int(second), int(third))
    days, months = (first, second) if order == "dmy" else (second, first)
    return date(_year(third), int(months), int(days))


def _year(text: str) -> int:
    if len(text) == 2:
        return 2000 + int(text) if int(text) < 70 else 1900 + int(text)
    if not 1970 <= int(text) <= 2100 or len(text) != 4:
        raise ValueError(text)
    return int(text)


def _month(name: str) -> int:
    return _MONTHS[name[:3].casefold()]


def order_of(cells: Iterable[str]) -> str:
    """The order of day, month and year as far as the cells prove it; empty when they could be read in two ways."""
    left, seen = set(ORDERS), False
    for cell in cells:
        readings = {order for order in ORDERS if _is_day(cell, order)}
        if readings and len(readings) < len(ORDERS):  # one that reads in every order has the name of its month
            seen, left = True, left & readings
    return left.pop() if seen and len(left) == 1 else ""


def _is_day(text: str, order: str) -> bool:
    try:
        day(text, order)
    except Wrong:
        return False
    return True


def currency(text: str) -> str:
    """The code of a currency. Raises Wrong."""
    code = {"€": "EUR", "£": "GBP", "$": "USD"}.get(text, text.upper())
    if not is_currency(code):
        raise Wrong(_("“%(text)s” is not the code of a currency, like EUR.", text=text[:40]))
    return code


def state(text: str) -> str:
    """Open, part (paid in part), paid or credited. Raises Wrong."""
    word = re.sub(
        r"[\s_.-]+", " ", unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().casefold()
    ).strip()
    found = _WORDS.get(word, "")
    if found == "draft":
        raise Wrong(_("This is a draft: only what was issued is brought in."))
    if not found:
        raise Wrong(_("“%(text)s” is no state that is known here: write open, paid or credited.", text=text[:40]))
    return found
