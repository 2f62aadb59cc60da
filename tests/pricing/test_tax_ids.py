"""Tax numbers: one good number of every country, and the same with a digit changed."""

from __future__ import annotations

import pytest

from webkit.pricing import PricingError, tax_ids
from webkit.pricing.tax_ids import EU_COUNTRIES, check

GOOD = {
    "AT": "ATU13585627", "BE": "BE0428759497", "BG": "BG175074752", "CY": "CY10259033P", "CZ": "CZ25123891",
    "DE": "DE136695976", "DK": "DK13585628", "EE": "EE100931558", "ES": "ESB58378431", "FI": "FI20774740",
    "FR": "FR40303265045", "GR": "EL094259216", "HR": "HR33392005961", "HU": "HU12892312", "IE": "IE6433435F",
    "IT": "IT00743110157", "LT": "LT119511515", "LU": "LU15027442", "LV": "LV40003521600", "MT": "MT11679112",
    "NL": "NL004495445B01", "PL": "PL8567346215", "PT": "PT501964843", "RO": "RO18547290", "SE": "SE123456789701",
    "SI": "SI50223054", "SK": "SK2022749619", "GB": "GB980780684", "CH": "CHE-107.787.577 IVA", "AU": "51 824 753 556",
}  # fmt: skip


def test_every_member_state_is_here() -> None:
    assert len(EU_COUNTRIES) == 27
    assert GOOD.keys() >= EU_COUNTRIES


@pytest.mark.parametrize(("country", "number"), GOOD.items())
def test_good_numbers(country: str, number: str) -> None:
    found = check(f" {number} ", country)
    assert found.kind in ("vat", "abn")
    assert found.vat.replace(" ", "").isalnum()
    bare = number[2:] if country in EU_COUNTRIES or country == "GB" else number
    assert check(bare, country).vat == found.vat, "the country in front may be left out"


@pytest.mark.parametrize(("country", "number"), GOOD.items())
def test_a_wrong_digit_is_found(country: str, number: str) -> None:
    """Whichever digit is changed: at most a few of the ways to change one may go unseen."""
    seen = missed = 0
    for place, sign in enumerate(number):
        if not sign.isdigit():
            continue
        for other in "0123456789".replace(sign, ""):
            try:
                check(number[:place] + other + number[place + 1 :], country)
                missed += 1
            except PricingError as error:
                assert error.field == "tax_id"
                seen += 1
    assert missed <= seen / 4, f"{missed} of {seen + missed}"


@pytest.mark.parametrize(
    ("country", "number", "kind"),
    [("IT", "RCCMNL83S18D969H", "codicefiscale"), ("FR", "552 008 443", "siren"), ("DE", "181/815/0815 5", "stnr"),
     ("AU", "004 085 616", "acn"), ("ES", "54362315-K", "vat"), ("US", "12-3456789", ""), ("BR", "anything", "")],
)  # fmt: skip
def test_numbers_of_those_without_vat(country: str, number: str, kind: str) -> None:
    assert check(number, country).kind == kind


@pytest.mark.parametrize(("country", "number"), [("IT", "nonsense"), ("DE", ""), ("AU", "1"), ("GB", "DE136695976")])
def test_nonsense(country: str, number: str) -> None:
    with pytest.raises(PricingError):
        check(number, country)


def test_a_wrong_digit_and_another_shape_are_told_apart() -> None:
    with pytest.raises(PricingError, match="wrong digit"):
        tax_ids.check("IT00743110158", "IT")
    with pytest.raises(PricingError, match="does not look like"):
        tax_ids.check("12", "IT")
