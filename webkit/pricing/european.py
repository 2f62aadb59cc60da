"""VAT of the European Union: the rates of each country and the cases in which a business charges none.

Standard rates since 2016 and reduced rates were read from the European Commission's Taxes in Europe Database (TEDB) in
September 2026. Rates of single regions and of few goods are left out: an agency's services have none of them.
"""

from __future__ import annotations

from webkit.pricing.scheme import EXEMPT, N_, REDUCED, STANDARD, Scheme, SchemeRow, row
from webkit.pricing.terms import Category, Place

_EU = "Council Directive 2006/112/EC"
_TEDB = "national rate in the EU's Taxes in Europe Database, September 2026"
_READ = "2026-01-01"

# Standard rates and the day each one began.
_EU_STANDARD = {
    "AT": ("20", "1984-01-01"), "BE": ("21", "1996-01-01"), "BG": ("20", "1999-01-01"), "CY": ("19", "2014-01-13"),
    "CZ": ("21", "2013-01-01"), "DE": ("19", "2021-01-01"), "DK": ("25", "1992-01-01"), "EE": ("24", "2025-07-01"),
    "ES": ("21", "2012-09-01"), "FI": ("25.5", "2024-09-01"), "FR": ("20", "2014-01-01"), "GR": ("24", "2016-06-01"),
    "HR": ("25", "2012-03-01"), "HU": ("27", "2012-01-01"), "IE": ("23", "2021-03-01"), "LT": ("21", "2009-09-01"),
    "LU": ("17", "2024-01-01"), "LV": ("21", "2012-07-01"), "MT": ("18", "2004-01-01"), "NL": ("21", "2012-10-01"),
    "PL": ("23", "2011-01-01"), "PT": ("23", "2011-01-01"), "RO": ("21", "2025-08-01"), "SE": ("25", "1995-01-01"),
    "SI": ("22", "2013-07-01"), "SK": ("23", "2025-01-01"),
}  # fmt: skip

# Standard rates that ended, with their first and last day.
_ENDED = {
    "DE": (("16", "2020-07-01", "2020-12-31"), ("19", "2016-01-01", "2020-06-30")),
    "EE": (("22", "2024-01-01", "2025-06-30"), ("20", "2016-01-01", "2023-12-31")),
    "FI": (("24", "2016-01-01", "2024-08-31"),),
    "IE": (("21", "2020-09-01", "2021-02-28"), ("23", "2016-01-01", "2020-08-31")),
    "LU": (("16", "2023-01-01", "2023-12-31"), ("17", "2016-01-01", "2022-12-31")),
    "RO": (("19", "2017-01-01", "2025-07-31"), ("20", "2016-01-01", "2016-12-31")),
    "SK": (("20", "2016-01-01", "2024-12-31"),),
}

# Reduced rates of the whole country.
_REDUCED = {
    "AT": ("13", "10"), "BE": ("12", "6"), "BG": ("9",), "CY": ("9", "5"), "CZ": ("12",), "DE": ("7",),
    "EE": ("13", "9"), "ES": ("10", "4"), "FI": ("13.5", "10"), "FR": ("10", "5.5", "2.1"), "GR": ("13", "6"),
    "HR": ("13", "5"), "HU": ("18", "5"), "IE": ("13.5", "9"), "LT": ("12", "5"), "LU": ("14", "8", "3"),
    "LV": ("12", "5"), "MT": ("7", "5"), "NL": ("9",), "PL": ("8", "5"), "PT": ("13", "6"), "RO": ("11",),
    "SE": ("12", "6"), "SI": ("9.5", "5"), "SK": ("19", "5"),
}  # fmt: skip


def european() -> tuple[Scheme, ...]:
    """A scheme for every member state but Italy, which has a table of its own."""
    return tuple(map(_scheme, _EU_STANDARD))


def _scheme(country: str) -> Scheme:
    percent, since = _EU_STANDARD[country]
    standard, reduced = f"{_EU}, art. 96; {_TEDB}", f"{_EU}, art. 98; {_TEDB}"
    rows = (
        row("standard", STANDARD, percent, since, standard),
        *(row("standard", STANDARD, old, first, standard, until=last) for old, first, last in _ENDED.get(country, ())),
        *(row(f"reduced-{rate}", REDUCED, rate, _READ, reduced) for rate in _REDUCED.get(country, ())),
        *_untaxed(),
    )
    return Scheme(f"eu-{country.lower()}", f"{country} VAT", N_("VAT"), Place.DOCUMENT, rows)


def _untaxed() -> tuple[SchemeRow, ...]:
    return (
        row("reverse-charge", N_("Reverse charge"), "0", "2010-01-01", f"{_EU}, artt. 44 and 196",
            Category.REVERSE_CHARGE, N_("Reverse charge"), "VATEX-EU-AE"),
        row("intra-eu", N_("Goods to another EU country"), "0", "2007-01-01", f"{_EU}, art. 138",
            Category.INTRA_EU, N_("Intra-Community supply"), "VATEX-EU-IC"),
        row("export", N_("Export"), "0", "2007-01-01", f"{_EU}, art. 146",
            Category.EXPORT, N_("Export outside the EU"), "VATEX-EU-G"),
        row("outside", N_("Outside the scope"), "0", "2007-01-01", f"{_EU}, art. 2",
            Category.OUTSIDE, N_("Not subject to VAT"), "VATEX-EU-O"),
        row("exempt", EXEMPT, "0", "2007-01-01", f"{_EU}, art. 132",
            Category.EXEMPT, N_("Exempt, art. 132 of Directive 2006/112/EC"), "VATEX-EU-132"),
        row("small", N_("Small enterprise, no VAT"), "0", "2007-01-01", f"{_EU}, artt. 281 to 294",
            Category.EXEMPT, N_("Special scheme for small enterprises, no VAT is charged")),
    )  # fmt: skip
