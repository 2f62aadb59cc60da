"""What Italian documents carry besides VAT: stamp duty, pension funds, withholdings. Codes of the electronic invoice.

Codes are those of the format FatturaPA (XSD 1.2.3); amounts and percentages are proposals, each with its law.
"""

from __future__ import annotations

from decimal import Decimal

from webkit.core.kernel.i18n import gettext as _
from webkit.pricing.countries import IT_FLAT
from webkit.pricing.duties import Fund, Stamp, Withholding
from webkit.pricing.errors import PricingError
from webkit.pricing.schemes import find
from webkit.pricing.terms import TaxRate

STAMPED = frozenset({"N1", "N2.1", "N2.2", "N3.5", "N3.6", "N4"})
"""Natura codes whose amounts count for the stamp duty."""
PASSED_ON = "N1"
"""Natura of what was paid in the client's name (D.P.R. 633/72, art. 15): no fee, so nothing is withheld of it."""
STAMP_AMOUNT, STAMP_OVER = 200, 7747
"""D.P.R. 26 ottobre 1972 n. 642, Tariffa parte I art. 13: 2.00 euro on more than 77.47 euro without VAT."""

FUNDS = {
    "TC01": "Cassa nazionale previdenza e assistenza avvocati e procuratori legali",
    "TC02": "Cassa previdenza dottori commercialisti",
    "TC03": "Cassa previdenza e assistenza geometri",
    "TC04": "Cassa nazionale previdenza e assistenza ingegneri e architetti liberi professionisti",
    "TC05": "Cassa nazionale del notariato",
    "TC06": "Cassa nazionale previdenza e assistenza ragionieri e periti commerciali",
    "TC07": "ENASARCO",
    "TC08": "ENPACL",
    "TC09": "ENPAM",
    "TC10": "ENPAF",
    "TC11": "ENPAV",
    "TC12": "ENPAIA",
    "TC13": "Fondo previdenza impiegati imprese di spedizione e agenzie marittime",
    "TC14": "INPGI",
    "TC15": "ONAOSI",
    "TC16": "CASAGIT",
    "TC17": "EPPI",
    "TC18": "EPAP",
    "TC19": "ENPAB",
    "TC20": "ENPAPI",
    "TC21": "ENPAP",
    "TC22": "INPS",
}
"""TipoCassa."""

WITHHOLDINGS = {
    "RT01": "Ritenuta di acconto persone fisiche",
    "RT02": "Ritenuta di acconto persone giuridiche",
    "RT03": "Contributo INPS",
    "RT04": "Contributo ENASARCO",
    "RT05": "Contributo ENPAM",
    "RT06": "Altro contributo previdenziale",
}
"""TipoRitenuta."""


def stamp(scheme: str, *, recharged: bool = True) -> Stamp:
    """The duty of an agency under that scheme. Recharged it is N1, by those who charge no VAT at all N2.2."""
    rate = find(scheme).rows[0].rate if scheme == IT_FLAT.key else _rate(scheme, "outside-n1")
    return Stamp(
        amount=STAMP_AMOUNT, over=STAMP_OVER, codes=STAMPED, rate=rate, currency="EUR", recharged=recharged
    )  # fmt: skip


def fund(code: str, percent: Decimal, scheme: str, *, rate: str = "") -> Fund:
    """A contribution to this fund, taxed like `rate` of the scheme; on that of the INPS tax is withheld too."""
    if code not in FUNDS:
        raise PricingError(_("There is no pension fund %(code)s.", code=code), "fund")
    taxed = _rate(scheme, rate or find(scheme).rows[0].key)
    return Fund(code=code, percent=percent, rate=taxed, label=FUNDS[code], withheld=code == "TC22")


def withholding(code: str = "RT01", percent: Decimal = Decimal(20), *, reason: str = "A") -> Withholding:
    """20 % of a freelancer's fees (D.P.R. 29 settembre 1973 n. 600, art. 25); agents pay 23 % on half of them."""
    if code not in WITHHOLDINGS:
        raise PricingError(_("There is no withholding %(code)s.", code=code), "withholding")
    return Withholding(code=code, percent=percent, reason=reason)


def _rate(scheme: str, key: str) -> TaxRate:
    return next(row.rate for row in find(scheme).rows if row.key == key)
