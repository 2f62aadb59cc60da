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
    for day in (DAY, date(2023, 6, 1), date(2020, 10, 1)):
        rows = scheme.rates(day)
        assert len({row.key for row in rows}) == len({row.rate for row in rows}) == len(rows)
    assert len({(row.key, row.valid_from) for row in scheme.rows}) == len(scheme.rows)
    for row in scheme.rows:
        assert len(row.key) <= 32
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
        find("eu-ee").rate("standard", date(1990, 1, 1))


def test_one_rate_entered_by_the_agency() -> None:
    scheme = find("flat-9.9750")
    assert (scheme.key, scheme.rate("standard", DAY).percent) == ("flat-9.975", Decimal("9.975"))


@pytest.mark.parametrize("key", ["", "nowhere", "flat-", "flat-x", "flat-NaN", "flat-0", "flat-1e9"])
def test_an_unknown_key_is_refused(key: str) -> None:
    with pytest.raises(PricingError):
        find(key)


@pytest.mark.parametrize(
    ("key", "day", "percent"),
    [("eu-ee", "2023-12-31", "20"), ("eu-ee", "2024-01-01", "22"), ("eu-ee", "2025-06-30", "22"),
     ("eu-ee", "2025-07-01", "24"), ("eu-de", "2020-12-31", "16"), ("eu-de", "2021-01-01", "19"),
     ("eu-fi", "2024-08-31", "24"), ("eu-fi", "2024-09-01", "25.5"), ("eu-ie", "2021-02-28", "21"),
     ("eu-lu", "2023-06-01", "16"), ("eu-ro", "2025-07-31", "19"), ("eu-ro", "2025-08-01", "21"),
     ("eu-sk", "2024-12-31", "20"), ("eu-sk", "2025-01-01", "23"), ("ch-vat", "2023-12-31", "7.7")],
)  # fmt: skip
def test_the_day_decides(key: str, day: str, percent: str) -> None:
    assert find(key).rate(None, date.fromisoformat(day)).percent == Decimal(percent)


def test_every_natura_code_has_a_row_and_its_category() -> None:
    """As the exchange system maps them to EN 16931; the generic N2, N3 and N6 are refused there."""
    known = {row.rate.code: row.rate.category.value for row in find("it-vat").rows if row.rate.code}
    wanted = {"N1": "Z", "N2.1": "E", "N2.2": "E", "N3.1": "G", "N3.2": "K", "N3.3": "G", "N3.4": "G", "N3.5": "G"}
    wanted |= {"N3.6": "K", "N4": "E", "N5": "E", "N7": "K"} | {f"N6.{n}": "AE" for n in range(1, 10)}
    assert known == wanted


def test_every_member_state_has_every_category() -> None:
    for key in (key for key in SCHEMES if key.startswith("eu-")):
        assert {row.rate.category.value for row in find(key).rows} == {"S", "E", "AE", "K", "G", "O"}
