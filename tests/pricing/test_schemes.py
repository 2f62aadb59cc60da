"""The table of schemes."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from webkit.pricing import Category, PricingError, default_scheme, find, for_choice
from webkit.pricing.schemes import SCHEMES

DAY = date(2026, 11, 22)
STORED_FOR_EVER = "none au-gst nz-gst it-vat it-forfettario uk-vat ch-vat eu-de eu-fr eu-ie"


@pytest.mark.parametrize("key", STORED_FOR_EVER.split())
def test_keys_are_never_lost(key: str) -> None:
    assert find(key).key == key


@pytest.mark.parametrize("scheme", for_choice(), ids=lambda scheme: scheme.key)
def test_every_row_has_a_key_a_date_and_a_source(scheme) -> None:
    assert SCHEMES[scheme.key] is scheme
    assert len({row.key for row in scheme.rows}) == len({row.rate for row in scheme.rows}) == len(scheme.rows)
    for row in scheme.rows:
        assert row.source and row.label and row.valid_from <= DAY
        assert row.rate.category is Category.STANDARD or row.rate.percent == 0
    assert scheme.rate(None, DAY) == scheme.rows[0].rate


def test_all_of_the_union_has_a_standard_rate() -> None:
    assert len([key for key in SCHEMES if key.startswith("eu-")]) == 26  # Italy has a scheme with all its rates


@pytest.mark.parametrize(
    ("country", "key", "percent"),
    [("AU", "au-gst", "10"), ("IT", "it-vat", "22"), ("GB", "uk-vat", "20"), ("FI", "eu-fi", "25.5"),
     ("EE", "eu-ee", "24"), ("CH", "ch-vat", "8.1"), ("US", "none", "0"), ("", "none", "0")],
)  # fmt: skip
def test_a_country_has_a_default(country: str, key: str, percent: str) -> None:
    scheme = default_scheme(country)
    assert (scheme.key, scheme.rate(None, DAY).percent) == (key, Decimal(percent))


def test_italian_rates() -> None:
    assert {str(row.rate.percent) for row in find("it-vat").rows} == {"22", "10", "5", "4", "0"}


def test_a_rate_holds_from_its_day() -> None:
    (row, *_) = find("eu-ee").rows
    assert row.holds(row.valid_from) and not row.holds(row.valid_from - timedelta(days=1))
    with pytest.raises(PricingError, match="no rate"):
        find("eu-ee").rate("standard", date(2020, 1, 1))


def test_one_rate_entered_by_the_agency() -> None:
    scheme = find("flat-9.9750")
    assert (scheme.key, scheme.rate("standard", DAY).percent) == ("flat-9.975", Decimal("9.975"))


@pytest.mark.parametrize("key", ["", "nowhere", "flat-", "flat-x", "flat-NaN", "flat-0", "flat-1e9"])
def test_an_unknown_key_is_refused(key: str) -> None:
    with pytest.raises(PricingError):
        find(key)
