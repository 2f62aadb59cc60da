"""Tax numbers of businesses, checked as far as a check digit goes: the European Union, GB, CH, LI, AU and NZ.

Whether a number is in use says VIES, elsewhere. A number of another country is taken as it was written.
"""

from __future__ import annotations

from webkit.core.kernel.i18n import gettext as _
from webkit.core.values import dataclass
from webkit.pricing.errors import PricingError

_EU = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"
EU_COUNTRIES = frozenset(_EU.split())
_OTHERS = {"AU": ("abn", "acn"), "GB": ("vat", "utr"), "CH": ("vat", "uid"), "LI": ("peid",), "NZ": ("ird",)}
_NATIONAL = {
    "AT": ("tin",), "BE": ("nn",), "BG": ("egn", "pnf"), "CZ": ("rc",), "DE": ("stnr", "idnr"), "DK": ("cpr",),
    "ES": ("nif",), "FR": ("siren", "siret", "tin"), "IT": ("codicefiscale",), "NL": ("bsn", "onderwijsnummer"),
    "PL": ("pesel",), "RO": ("cnp",), "SE": ("orgnr", "personnummer"), "FI": ("ytunnus",), "IE": ("pps",),
    "LT": ("asmens",), "EE": ("registrikood",), "SI": ("emso",), "SK": ("rc",), "GR": ("amka",),
}  # fmt: skip
"""Numbers of those who have none for VAT, by their modules in python-stdnum."""
_PREFIX = {"GR": "EL"}


@dataclass(frozen=True, slots=True)
class TaxId:
    """A checked number: `kind` is "vat" or what else it is; `vat` has the country in front (BT-31, BT-48)."""

    number: str
    country: str
    kind: str
    vat: str = ""


def check(number: str, country: str) -> TaxId:
    """Read what a person typed as the tax number of a business in `country`. Raises PricingError."""
    written = " ".join(number.split())
    prefix = _PREFIX.get(country, country)
    if country in EU_COUNTRIES and (found := _valid("vat", country, written)) is not None:
        bare = found.removeprefix(prefix)
        return TaxId(written, country, "vat", prefix + bare)
    for kind in (*_OTHERS.get(country, ()), *_NATIONAL.get(country, ())):
        if (found := _valid(kind, country, written)) is not None:
            return TaxId(written, country, kind, _own_vat(kind, country, found))
    if country not in EU_COUNTRIES and country not in _OTHERS:
        return TaxId(written, country, "")
    raise PricingError(_wrong(written, country), "tax_id")


def _own_vat(kind: str, country: str, found: str) -> str:
    """The number as a VAT identifier where the country uses it as one."""
    if kind == "vat":
        return found if found.startswith(country) else country + found
    return found if kind == "abn" else ""


def _valid(kind: str, country: str, written: str) -> str | None:
    from stdnum import exceptions, get_cc_module  # most processes never look at a tax number

    module = get_cc_module(country, kind)
    if module is None:
        return None
    try:
        return str(module.validate(written))
    except exceptions.ValidationError:
        return None


def _wrong(written: str, country: str) -> str:
    """Why it is none: a digit that does not fit, or another shape altogether."""
    from stdnum import exceptions, get_cc_module

    kinds = ("vat", *_OTHERS.get(country, ()), *_NATIONAL.get(country, ()))
    for module in filter(None, (get_cc_module(country, kind) for kind in kinds)):
        try:
            module.validate(written)
        except exceptions.InvalidChecksum:
            return _("This tax number has a wrong digit somewhere. Please compare it with the original.")
        except exceptions.ValidationError:
            continue
    return _("This does not look like a tax number of %(country)s. Compare it with the original.", country=country)
