"""Stored results: one form, read back strictly, old ones for ever."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from tests.pricing.test_compute import document, line, off
from webkit.pricing import Priced, PricingError, compute

STORED = """
{"adjustments": [{"amount": 1000, "kind": "discount", "reason": "Launch", "value": {"percent": "10"}}],
 "currency": "AUD",
 "lines": [{"adjustments": [], "amount": 10000, "description": "Work", "gross": 9900, "id": "a", "listed": 10000,
            "net": 9000, "quantity": "2.5", "rate": {"category": "S", "code": "", "percent": "10", "reason": ""},
            "share": -1000, "tax": 900, "unit_price": "40"}],
 "place": "document", "prices_include_tax": false, "scheme": "au-gst",
 "taxes": [{"amount": 10000, "base": 9000, "charge": 0, "discount": 1000,
            "rate": {"category": "S", "code": "", "percent": "10", "reason": ""}, "tax": 900}],
 "totals": {"charge": 0, "discount": 1000, "gross": 9900, "net": 9000, "payable": 9900, "subtotal": 10000, "tax": 900},
 "version": 1}
"""


def priced() -> Priced:
    return compute(document(line("40.00", "2.50"), adjustments=(off("10.0"),)))


def test_the_form_is_fixed() -> None:
    assert priced().to_dict() == json.loads(STORED)


def test_an_old_snapshot_is_read() -> None:
    assert Priced.from_dict(json.loads(STORED)) == priced()


def test_numbers_are_written_in_one_way() -> None:
    stored = compute(document(line("4E+1", "2.50000000"))).to_dict()
    assert (stored["lines"][0]["unit_price"], stored["lines"][0]["quantity"]) == ("40", "2.5")
    assert priced().line("a").quantity == Decimal("2.5")


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        (("version",), 3, "newer version"),
        (("version",), 2, "not a stored calculation"),
        (("totals", "gross"), 9901, "do not add up"),
        (("totals", "payable"), 1, "do not add up"),
        (("totals", "discount"), 0, "do not add up"),
        (("taxes", 0, "base"), 9001, "do not add up"),
        (("lines", 0, "net"), 9001, "do not add up"),
        (("lines", 0, "listed"), 10001, "do not add up"),
        (("taxes",), [], "do not add up"),
        (("totals", "gross"), 9900.0, "not a stored calculation"),
        (("totals", "gross"), "9900", "not a stored calculation"),
        (("totals", "gross"), True, "not a stored calculation"),
        (("lines", 0, "quantity"), 2.5, "not a stored calculation"),
        (("lines", 0, "quantity"), "two", "not a stored calculation"),
        (("lines", 0, "extra"), 1, "not a stored calculation"),
        (("place",), "somewhere", "not a stored calculation"),
        (("currency",), None, "not a stored calculation"),
        (("totals", "tax"), float("nan"), "not a stored calculation"),
    ],
)
def test_what_was_tampered_with_is_not_read(path: tuple, value: object, says: str) -> None:
    stored = json.loads(STORED)
    at = stored
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    with pytest.raises(PricingError, match=says):
        Priced.from_dict(stored)


def test_a_changed_calculation_is_checked_again() -> None:
    """What was read a moment ago is remembered by all of its text, also where it was wrong or is another kind."""
    stored = json.loads(STORED)
    first = Priced.from_dict(stored)
    assert Priced.from_dict(json.loads(STORED)) is first
    stored["totals"]["payable"] += 1
    for _time in range(2):
        with pytest.raises(PricingError):
            Priced.from_dict(stored)
    stored["totals"]["payable"] = float(first.totals.payable)
    with pytest.raises(PricingError):
        Priced.from_dict(stored)
