"""Every tax scheme there is, by its key. The tables are `countries` and `european`."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal, InvalidOperation

from webkit.core.kernel.i18n import gettext as _
from webkit.pricing.countries import AU_GST, CH_VAT, IT_FLAT, IT_VAT, NONE, NZ_GST, UK_VAT
from webkit.pricing.errors import PricingError
from webkit.pricing.european import european
from webkit.pricing.rounding import plain
from webkit.pricing.scheme import STANDARD, Scheme, SchemeRow, row
from webkit.pricing.terms import Category, Place, TaxRate

__all__ = ["SCHEMES", "Scheme", "SchemeRow", "default_scheme", "find", "flat", "for_choice"]

SCHEMES: dict[str, Scheme] = {
    each.key: each for each in (NONE, AU_GST, NZ_GST, IT_VAT, IT_FLAT, UK_VAT, CH_VAT, *european())
}

_DEFAULTS = {"AU": AU_GST, "NZ": NZ_GST, "IT": IT_VAT, "GB": UK_VAT, "CH": CH_VAT, "LI": CH_VAT}
_FLAT = "flat-"


def find(key: str) -> Scheme:
    """The scheme a stored key means: a row of the table, or `flat-9.975`, one rate for a country that is not in it."""
    if key in SCHEMES:
        return SCHEMES[key]
    if key.startswith(_FLAT):
        try:
            return flat(Decimal(key.removeprefix(_FLAT)))
        except InvalidOperation:
            pass
    raise PricingError(_("There is no tax scheme “%(key)s”.", key=key), "scheme")


def flat(percent: Decimal, name: str = "Tax", place: Place = Place.DOCUMENT) -> Scheme:
    """A scheme with the one rate an agency entered itself."""
    only = row("standard", STANDARD, "1", "1970-01-01", "Entered by the agency")
    rate = TaxRate(Category.STANDARD, percent)
    return Scheme(f"{_FLAT}{plain(percent)}", name, name, place, (replace(only, rate=rate),))


def default_scheme(country: str) -> Scheme:
    """What an agency of that country (ISO 3166) most likely needs; without a row in the table, no tax."""
    return _DEFAULTS.get(country) or SCHEMES.get(f"eu-{country.lower()}", NONE)


def for_choice() -> tuple[Scheme, ...]:
    """Every scheme, for a settings page."""
    return tuple(SCHEMES.values())
