"""Figures as they stand on pages and paper, read without anything of the product: from the marks to minor units."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

DIGITS = {"EUR": 2, "AUD": 2, "CHF": 2, "USD": 2, "JPY": 0, "KWD": 3}
MARKS = {"en": (".", ","), "it": (",", "."), "de": (",", "."), "de-CH": (".", "’")}
"""What a language puts before the decimals, and between the thousands."""
SIGNS = {"EUR": "€|EUR", "AUD": r"AU\$|A\$|AUD|\$", "CHF": "CHF", "USD": r"US\$|\$", "JPY": "JP¥|¥|JPY", "KWD": "KWD"}
BEHIND = ("it-IT", "de-DE")
"""Where the currency stands behind the number."""
TWINS = str.maketrans({"'": "’", "ʼ": "’"})
"""Marks that look alike: a PDF may name either."""
_GAPS = re.compile(r"[\s\u200e\u200f\u061c\u2009]")
_MINUS = "-\N{MINUS SIGN}"


def marks(locale: str) -> tuple[str, str]:
    """Decimal mark and thousands mark of a locale."""
    return MARKS.get(locale, MARKS[locale.partition("-")[0]])


def number(text: str, locale: str) -> Decimal:
    """A number as that language writes it. Raises AssertionError where it could be read in another way."""
    point, group = marks(locale)
    bare = _GAPS.sub("", text).translate(TWINS)
    sign = -1 if any(minus in bare for minus in _MINUS) else 1
    bare = bare.strip(_MINUS)
    whole, _point, decimals = bare.partition(point)
    groups = whole.split(group)
    assert all(part.isdecimal() for part in groups) and (not _point or decimals.isdecimal()), text
    assert len(groups) == 1 or (1 <= len(groups[0]) <= 3 and all(len(part) == 3 for part in groups[1:])), text
    return sign * Decimal(f"{''.join(groups)}.{decimals or '0'}")


def amount(text: str, currency: str, locale: str) -> int:
    """An amount of money in minor units: the currency's mark must be there, and as many decimals as it has."""
    left = re.sub(SIGNS[currency], "", text, count=1)
    assert left != text, f"{text!r} names no {currency}"
    value = number(left, locale)
    decimals = _GAPS.sub("", left).strip(_MINUS).partition(marks(locale)[0])[2]
    assert len(decimals) == DIGITS[currency], f"{text!r} has {len(decimals)} decimals"
    return int(value.scaleb(DIGITS[currency]))


def amounts(text: str, currency: str, locale: str) -> list[int]:
    """Every amount of a text in the order in which it is read, as from a PDF."""
    point, group = map(re.escape, marks(locale))
    places = rf"{point}\d{{{DIGITS[currency]}}}(?!\d)" if DIGITS[currency] else ""
    digits = rf"\d{{1,3}}(?:{group}\d{{3}})*{places}|\d+{places}"
    sign, minus = f"(?:{SIGNS[currency]})", f"[{_MINUS}]?"
    written = (
        rf"(?<![\d.,]){minus}(?:{digits})\s?{sign}" if locale in BEHIND else rf"{minus}{sign}\s?{minus}(?:{digits})"
    )
    found = re.compile(written)
    return [amount(each, currency, locale) for each in found.findall(text.translate(TWINS))]


# --- pages -----------------------------------------------------------------------------------------------------


@dataclass
class Figures:
    """What stands on a page: the cells of each row of each table, and the amounts at the right of each label."""

    rows: list[list[str]] = field(default_factory=list)
    sums: list[tuple[str, str]] = field(default_factory=list)


class _Reader(HTMLParser):
    """Finds tables (`td`), lists of terms (`dt`, `dd`), and the printed rows of PDFs (`.row`: a label and `.a`)."""

    def __init__(self) -> None:
        super().__init__()
        self.found = Figures()
        self._text: list[str] = []
        self._label = ""
        self._spans: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.found.rows.append([])
        if tag in ("td", "th", "dt", "dd"):
            self._text = []
        if tag == "span":
            inside = "amount" if dict(attributes).get("class") == "a" else ""
            self._spans.append(inside)
            if inside:
                self._label, self._text = _one_line(self._text), []
        if tag == "div" and "row" in (dict(attributes).get("class") or "").split():
            self._text = []

    def handle_endtag(self, tag: str) -> None:
        if tag == "td" and self.found.rows:
            self.found.rows[-1].append(_one_line(self._text))
        elif tag == "dt":
            self._label = _one_line(self._text)
        elif tag == "dd" or (tag == "span" and self._spans and self._spans.pop()):
            self.found.sums.append((self._label, _one_line(self._text)))
            self._text = []

    def handle_data(self, data: str) -> None:
        self._text.append(data)


def _one_line(pieces: list[str]) -> str:
    return re.sub(r"[ \n\t]+", " ", "".join(pieces)).strip()


def read(html: str) -> Figures:
    """The figures of a page or of a part of it."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    reader.found.rows = [row for row in reader.found.rows if row]
    return reader.found


# --- what must stand there -------------------------------------------------------------------------------------


def expected_sums(stored: Mapping[str, Any]) -> list[int]:
    """The column under the lines, from what is stored: the lines, what changes them, net, taxes, total, what is left.

    And the sums add up as a reader adds them, which no stored figure can hide.
    """
    totals = stored["totals"]
    before = [*map(_signed, stored["adjustments"]), *(fund["amount"] for fund in stored.get("funds") or ())]
    if (stamp := stored.get("stamp")) and stamp["recharged"]:
        before.append(stamp["amount"])
    before += [-sum(tax["base"] for tax in each["taxes"]) for each in stored.get("deductions") or ()]
    taxes = [tax["tax"] for tax in stored["taxes"]]
    after = [-(each["amount"] - each.get("deducted", 0)) for each in stored.get("withholdings") or ()]
    after += [-totals[name] for name in ("split", "prepaid") if totals.get(name)]
    after += [totals["rounding"]] if totals.get("rounding") else []
    _adds_up(stored, before, taxes, after)
    first = [totals["subtotal"], *before] if before else []
    last = [*after, totals["payable"]] if after else []
    return [*first, totals["net"], *taxes, totals["gross"], *last]


def _signed(adjustment: Mapping[str, Any]) -> int:
    return int(adjustment["amount"]) * (-1 if adjustment["kind"] == "discount" else 1)


def _adds_up(stored: Mapping[str, Any], before: list[int], taxes: list[int], after: list[int]) -> None:
    totals = stored["totals"]
    lines = sum(line["amount"] for line in stored["lines"])
    assert lines == totals["subtotal"]
    assert lines + sum(before) == (totals["gross"] if stored["prices_include_tax"] else totals["net"])
    assert totals["net"] + sum(taxes) == totals["gross"]
    assert totals["gross"] + sum(after) == totals["payable"]


def same(html: str, stored: Mapping[str, Any], locale: str, *, lines: bool = True) -> None:
    """A page prints exactly what is stored: each line, and the column of sums as one piece."""
    currency, found = stored["currency"], read(html)
    if lines:
        _lines(found.rows, stored, locale)
    printed = list(_amounts_of(found, currency, locale))
    assert _contains(printed, expected_sums(stored)), (printed, expected_sums(stored))


def _amounts_of(found: Figures, currency: str, locale: str) -> Iterator[int]:
    """The amounts in lists of terms; what is no amount (a day, a name) separates nothing."""
    for _label, text in found.sums:
        if re.search(SIGNS[currency], text) and len(amounts(text, currency, locale)) == 1:
            yield amount(text, currency, locale)


def _lines(rows: list[list[str]], stored: Mapping[str, Any], locale: str) -> None:
    """The rows of the first table that has as many: name, quantity, unit price, amount."""
    wanted, currency = stored["lines"], stored["currency"]
    rows = [row for row in rows if len(row) >= 4][: len(wanted)]
    assert len(rows) == len(wanted), (len(rows), len(wanted))
    for row, line in zip(rows, wanted, strict=True):
        assert amount(row[-1], currency, locale) == line["amount"], row
        price, exact = re.sub(SIGNS[currency], "", row[-2]).strip(), Decimal(line["unit_price"])
        assert number(price, locale) == exact, f"{row} is printed for a price of {exact}"
        quantity = re.match(r"[\d.,’']+", row[1])
        assert quantity and number(quantity[0], locale) == Decimal(line["quantity"]), row


def _contains(sequence: Sequence[int], piece: Sequence[int]) -> bool:
    """Whether the piece stands in the sequence without anything between."""
    return any(list(sequence[at : at + len(piece)]) == list(piece) for at in range(len(sequence) - len(piece) + 1))


def in_order(read_amounts: Sequence[int], stored: Mapping[str, Any], *, lines: bool = True) -> None:
    """The amounts read out of a PDF hold those of every line and then the whole column, in this order."""
    wanted = [*([line["amount"] for line in stored["lines"]] if lines else ()), *expected_sums(stored)]
    rest = iter(read_amounts)
    for figure in wanted:
        assert figure in rest, f"{figure} of {wanted} is not in {list(read_amounts)}"
