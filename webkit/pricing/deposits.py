"""A deposit taken out of a total: an invoice of its own now, and exactly the rest later."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from webkit.core.kernel.i18n import gettext as _
from webkit.pricing.compute import compute
from webkit.pricing.document import Amount, Document, Line, Percent, TaxRate
from webkit.pricing.errors import PricingError
from webkit.pricing.result import Priced, PricedTax
from webkit.pricing.rounding import half_up, shares, unit_price
from webkit.pricing.schemes import find


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """What is still to be invoiced at one rate."""

    rate: TaxRate
    base: int
    tax: int

    @property
    def gross(self) -> int:
        """Base and tax."""
        return self.base + self.tax


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """`deposit` prices `document`, the lines of the deposit invoice; with `rest` it makes the total to the cent."""

    document: Document
    deposit: Priced
    rest: tuple[Rest, ...]

    @property
    def rest_gross(self) -> int:
        """What remains to be paid after the deposit."""
        return sum(each.gross for each in self.rest)


def split(priced: Priced, share: Percent | Amount, description: str) -> Split:
    """Take a deposit out of a computed document, at every rate its part.

    A `Percent` is taken of each rate's base; an `Amount`, tax included, is shared out over the rates by what is
    due at each. The deposit has one line per rate, so it is an ordinary document that `compute()` prices, and the
    rest is the total less the deposit, never computed a second time.
    """
    if priced.totals.payable <= 0 or any(tax.base < 0 for tax in priced.taxes):
        raise PricingError(_("A deposit needs a total to be taken from."), "deposit")
    included = isinstance(share, Amount) or priced.prices_include_tax
    parts = _parts(priced, share)
    lines = tuple(
        Line(
            id=f"deposit-{number}",
            description=description,
            unit_price=unit_price(minor, priced.currency),
            rate=tax.rate,
        )
        for number, (tax, minor) in enumerate(zip(priced.taxes, parts, strict=True), start=1)
        if minor
    )
    scheme = replace(find(priced.scheme), place=priced.place)
    document = Document(currency=priced.currency, scheme=scheme, lines=lines, prices_include_tax=included)
    deposit = compute(document)
    return Split(document=document, deposit=deposit, rest=_rest(priced, deposit))


def _parts(priced: Priced, share: Percent | Amount) -> list[int]:
    """Minor units per rate, in the terms the deposit's lines are written in."""
    taxes = priced.taxes
    if isinstance(share, Amount):
        if not 0 < share.amount < priced.totals.payable:
            raise PricingError(_("A deposit is more than nothing and less than the total."), "deposit")
        return shares(share.amount, [tax.gross for tax in taxes], [tax.rate.order for tax in taxes])
    if not 0 < share.percent < 100:
        raise PricingError(_("A deposit is more than 0 and less than 100 percent."), "deposit")
    part = Fraction(share.percent) / 100
    return [half_up(part * (tax.gross if priced.prices_include_tax else tax.base)) for tax in taxes]


def _rest(priced: Priced, deposit: Priced) -> tuple[Rest, ...]:
    taken = {tax.rate: tax for tax in deposit.taxes}
    rest = tuple(_less(tax, taken.get(tax.rate)) for tax in priced.taxes)
    if not deposit.lines or any(each.base < 0 or each.tax < 0 for each in rest):
        raise PricingError(_("This deposit leaves nothing to divide. Invoice the whole amount instead."), "deposit")
    return rest


def _less(tax: PricedTax, taken: PricedTax | None) -> Rest:
    base, paid = (taken.base, taken.tax) if taken else (0, 0)
    return Rest(rate=tax.rate, base=tax.base - base, tax=tax.tax - paid)
