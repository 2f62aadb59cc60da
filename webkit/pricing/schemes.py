"""Tax schemes as data: which rates a country has, since when, and where it is written.

Rows are never changed or removed, only ended: stored documents name a scheme by its key for ever.
`valid_from` is the first day this table vouches for a row. Labels and names are shown through gettext.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation

from webkit.core.kernel.i18n import gettext as _
from webkit.pricing.document import Category, Place, TaxRate
from webkit.pricing.errors import PricingError
from webkit.pricing.rounding import plain


@dataclass(frozen=True, slots=True)
class SchemeRow:
    """One rate of a scheme, under the key that catalogue items and settings store."""

    key: str
    label: str
    rate: TaxRate
    valid_from: date
    source: str
    valid_to: date | None = None

    def holds(self, on: date) -> bool:
        """Whether the rate is law on that day."""
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Scheme:
    """The rates an agency may charge. `rows[0]` is the default; `tax_name` is what the law calls it on documents."""

    key: str
    name: str
    tax_name: str
    place: Place
    rows: tuple[SchemeRow, ...]

    def rates(self, on: date) -> tuple[SchemeRow, ...]:
        """What can be chosen on that day, the default first."""
        return tuple(row for row in self.rows if row.holds(on))

    def rate(self, key: str | None, on: date) -> TaxRate:
        """The rate with that key on that day; without a key the default."""
        rows = self.rates(on)
        for row in rows:
            if key in (row.key, None):
                return row.rate
        raise PricingError(_("%(scheme)s has no rate “%(key)s” on this date.", scheme=self.name, key=key or ""), "rate")

    def knows(self, rate: TaxRate) -> bool:
        """Whether the rate is, or once was, one of this scheme's."""
        return any(row.rate == rate for row in self.rows)


def N_(message: str) -> str:  # noqa: N802  marks a text for the catalogue without translating it here
    return message


STANDARD, REDUCED, ZERO, EXEMPT = N_("Standard rate"), N_("Reduced rate"), N_("Zero rate"), N_("Exempt")


def _row(
    key: str, label: str, percent: str, since: str, source: str,
    category: Category = Category.STANDARD, reason: str = "", code: str = "",
) -> SchemeRow:  # fmt: skip
    return SchemeRow(key, label, TaxRate(category, Decimal(percent), reason, code), date.fromisoformat(since), source)


NONE = Scheme(
    "none", N_("No tax"), N_("Tax"), Place.DOCUMENT,
    (_row("none", N_("No tax"), "0", "1970-01-01", "Agency not registered for any tax on sales",
          Category.OUTSIDE, N_("No tax is charged")),),
)  # fmt: skip

_GST = "A New Tax System (Goods and Services Tax) Act 1999"
AU_GST = Scheme(
    "au-gst", "AU GST", "GST", Place.DOCUMENT,  # s 9-90: rounded on the whole invoice
    (
        _row("standard", STANDARD, "10", "2000-07-01", f"{_GST}, s 9-70; rounding s 9-90"),
        _row("free", N_("GST-free"), "0", "2000-07-01", f"{_GST}, Division 38", Category.ZERO),
        _row("input-taxed", N_("Input taxed"), "0", "2000-07-01", f"{_GST}, Division 40",
             Category.EXEMPT, N_("Input taxed supply")),
    ),
)  # fmt: skip

_NZ = "Goods and Services Tax Act 1985 (NZ)"
NZ_GST = Scheme(
    "nz-gst", "NZ GST", "GST", Place.DOCUMENT,
    (
        _row("standard", STANDARD, "15", "2010-10-01", f"{_NZ}, s 8"),
        _row("zero", ZERO, "0", "2010-10-01", f"{_NZ}, ss 11 to 11B", Category.ZERO),
        _row("exempt", EXEMPT, "0", "2010-10-01", f"{_NZ}, s 14", Category.EXEMPT, N_("Exempt supply, s 14")),
    ),
)  # fmt: skip

_DPR = "D.P.R. 26 ottobre 1972 n. 633"
IT_VAT = Scheme(
    "it-vat", "IT IVA", "IVA", Place.DOCUMENT,  # tax on the summary by rate, not summed per line
    (
        _row("standard", STANDARD, "22", "2013-10-01", f"{_DPR}, art. 16; D.L. 28 giugno 2013 n. 76, art. 11"),
        _row("reduced-10", REDUCED, "10", "1995-02-24", f"{_DPR}, Tab. A parte III"),
        _row("reduced-5", REDUCED, "5", "2016-01-01", f"{_DPR}, Tab. A parte II-bis; L. 208/2015 art. 1 c. 960"),
        _row("reduced-4", REDUCED, "4", "1995-02-24", f"{_DPR}, Tab. A parte II"),
        _row("outside-n1", N_("Excluded (art. 15)"), "0", "1973-01-01", f"{_DPR}, art. 15",
             Category.ZERO, "Esclusa ex art. 15 D.P.R. 633/72", "N1"),
        _row("abroad-n2.1", N_("Services to businesses abroad"), "0", "2010-01-01", f"{_DPR}, artt. 7-ter a 7-septies",
             Category.EXEMPT, "Operazione non soggetta, artt. 7-7septies D.P.R. 633/72", "N2.1"),
        _row("export-n3.1", N_("Export"), "0", "1973-01-01", f"{_DPR}, art. 8",
             Category.EXPORT, "Operazione non imponibile, art. 8 D.P.R. 633/72", "N3.1"),
        _row("intra-eu-n3.2", N_("Goods to another EU country"), "0", "1993-10-29",
             "D.L. 30 agosto 1993 n. 331, art. 41", Category.INTRA_EU,
             "Operazione non imponibile, art. 41 D.L. 331/93", "N3.2"),
        _row("exempt-n4", EXEMPT, "0", "1973-01-01", f"{_DPR}, art. 10",
             Category.EXEMPT, "Operazione esente, art. 10 D.P.R. 633/72", "N4"),
    ),
)  # fmt: skip

IT_FLAT = Scheme(
    "it-forfettario", "IT regime forfettario", "IVA", Place.DOCUMENT,
    (
        _row("none", N_("No tax"), "0", "2015-01-01", "L. 23 dicembre 2014 n. 190, art. 1 c. 54-89", Category.EXEMPT,
             "Operazione senza applicazione dell'IVA, art. 1 c. 54-89 L. 190/2014", "N2.2"),
    ),
)  # fmt: skip

_VATA = "Value Added Tax Act 1994 (UK)"
UK_VAT = Scheme(
    "uk-vat", "UK VAT", N_("VAT"), Place.DOCUMENT,
    (
        _row("standard", STANDARD, "20", "2011-01-04", f"{_VATA}, s 2; Finance (No. 2) Act 2010, s 3"),
        _row("reduced", REDUCED, "5", "2001-11-01", f"{_VATA}, s 29A and Sch 7A"),
        _row("zero", ZERO, "0", "1994-09-01", f"{_VATA}, s 30 and Sch 8", Category.ZERO),
        _row("exempt", EXEMPT, "0", "1994-09-01", f"{_VATA}, s 31 and Sch 9", Category.EXEMPT,
             N_("Exempt, VATA 1994 Sch 9")),
        _row("outside", N_("Services to businesses abroad"), "0", "2010-01-01", f"{_VATA}, s 7A",
             Category.OUTSIDE, N_("Outside the scope of UK VAT")),
    ),
)  # fmt: skip

_MWSTG = "Bundesgesetz vom 12. Juni 2009 über die Mehrwertsteuer (SR 641.20)"
CH_VAT = Scheme(
    "ch-vat", "CH MWST", N_("MWST"), Place.DOCUMENT,
    (
        _row("standard", STANDARD, "8.1", "2024-01-01", f"{_MWSTG}, Art. 25 Abs. 1"),
        _row("lodging", N_("Special rate for lodging"), "3.8", "2024-01-01", f"{_MWSTG}, Art. 25 Abs. 4"),
        _row("reduced", REDUCED, "2.6", "2024-01-01", f"{_MWSTG}, Art. 25 Abs. 2"),
        _row("abroad", N_("Services to businesses abroad"), "0", "2010-01-01", f"{_MWSTG}, Art. 8 Abs. 1",
             Category.OUTSIDE, "Leistungsort im Ausland, Art. 8 MWSTG"),
        _row("exempt", EXEMPT, "0", "2010-01-01", f"{_MWSTG}, Art. 21", Category.EXEMPT, "Ausgenommen, Art. 21 MWSTG"),
    ),
)  # fmt: skip

# Standard rates of the EU and the day each one began.
_EU_STANDARD = {
    "AT": ("20", "1984-01-01"), "BE": ("21", "1996-01-01"), "BG": ("20", "1999-01-01"), "CY": ("19", "2014-01-13"),
    "CZ": ("21", "2013-01-01"), "DE": ("19", "2021-01-01"), "DK": ("25", "1992-01-01"), "EE": ("24", "2025-07-01"),
    "ES": ("21", "2012-09-01"), "FI": ("25.5", "2024-09-01"), "FR": ("20", "2014-01-01"), "GR": ("24", "2016-06-01"),
    "HR": ("25", "2012-03-01"), "HU": ("27", "2012-01-01"), "IE": ("23", "2021-03-01"), "LT": ("21", "2009-09-01"),
    "LU": ("17", "2024-01-01"), "LV": ("21", "2012-07-01"), "MT": ("18", "2004-01-01"), "NL": ("21", "2012-10-01"),
    "PL": ("23", "2011-01-01"), "PT": ("23", "2011-01-01"), "RO": ("21", "2025-08-01"), "SE": ("25", "1995-01-01"),
    "SI": ("22", "2013-07-01"), "SK": ("23", "2025-01-01"),
}  # fmt: skip
_EU = "Council Directive 2006/112/EC"


def _eu(country: str) -> Scheme:
    percent, since = _EU_STANDARD[country]
    standard = f"{_EU}, art. 96; national rate as published in the EU's Taxes in Europe database"
    rows = (
        _row("standard", STANDARD, percent, since, standard),
        _row("reverse-charge", N_("Reverse charge"), "0", "2010-01-01", f"{_EU}, artt. 44 and 196",
             Category.REVERSE_CHARGE, N_("Reverse charge"), "VATEX-EU-AE"),
        _row("intra-eu", N_("Goods to another EU country"), "0", "2007-01-01", f"{_EU}, art. 138",
             Category.INTRA_EU, N_("Intra-Community supply"), "VATEX-EU-IC"),
        _row("export", N_("Export"), "0", "2007-01-01", f"{_EU}, art. 146",
             Category.EXPORT, N_("Export outside the EU"), "VATEX-EU-G"),
        _row("outside", N_("Outside the scope"), "0", "2007-01-01", f"{_EU}, art. 2",
             Category.OUTSIDE, N_("Not subject to VAT"), "VATEX-EU-O"),
    )  # fmt: skip
    return Scheme(f"eu-{country.lower()}", f"{country} VAT", N_("VAT"), Place.DOCUMENT, rows)


SCHEMES: dict[str, Scheme] = {
    each.key: each
    for each in (NONE, AU_GST, NZ_GST, IT_VAT, IT_FLAT, UK_VAT, CH_VAT, *(_eu(code) for code in _EU_STANDARD))
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
    row = _row("standard", STANDARD, "1", "1970-01-01", "Entered by the agency")
    rate = TaxRate(Category.STANDARD, percent)
    return Scheme(f"{_FLAT}{plain(percent)}", name, name, place, (replace(row, rate=rate),))


def default_scheme(country: str) -> Scheme:
    """What an agency of that country (ISO 3166) most likely needs; without a row in the table, no tax."""
    return _DEFAULTS.get(country) or SCHEMES.get(f"eu-{country.lower()}", NONE)


def for_choice() -> tuple[Scheme, ...]:
    """Every scheme, for a settings page."""
    return tuple(SCHEMES.values())
