"""A deposit taken out of a total: an invoice of its own now, and exactly the rest later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from webkit.core.kernel.i18n import gettext as _
from webkit.core.values import dataclass
from webkit.pricing.compute import compute
from webkit.pricing.document import Document, Line
from webkit.pricing.duties import Fund, Withholding
from webkit.pricing.errors import PricingError
from webkit.pricing.result import Priced, PricedTax
from webkit.pricing.rounding import half_up, shares, unit_price
from webkit.pricing.schemes import find
from webkit.pricing.terms import Amount, Percent, TaxRate

Parts = Mapping[tuple[TaxRate, bool], int]
"""Minor units by rate, for costs that are passed on apart from what they are not."""


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
    rest is the total less the deposit, never computed a second time: the final invoice takes the deposit off with
    `Deduction.of()`.
    """
    if priced.totals.payable <= 0 or any(tax.base < 0 for tax in priced.taxes):
        raise PricingError(_("A deposit needs a total to be taken from."), "deposit")
    included = isinstance(share, Amount) or priced.prices_include_tax
    parts = _amount(priced, share) if isinstance(share, Amount) else _percent(priced, share)
    lines = tuple(
        Line(
            id=f"deposit-{number}",
            description=description,
            unit_price=unit_price(minor, priced.currency),
            rate=rate,
            passed_on=passed_on,
        )
        for number, ((rate, passed_on), minor) in enumerate(parts.items(), start=1)
        if minor
    )
    document = Document(
        currency=priced.currency,
        scheme=replace(find(priced.scheme), place=priced.place),
        lines=lines,
        prices_include_tax=included,
        funds=funds_again(priced),
        withholdings=withholdings_again(priced),
        split_payment=bool(priced.totals.split),
    )
    deposit = compute(document)
    return Split(document=document, deposit=deposit, rest=_rest(priced, deposit))


def funds_again(priced: Priced) -> tuple[Fund, ...]:
    """The funds of a computed document, for another one that belongs to it."""
    return tuple(
        Fund(code=each.code, percent=each.percent, rate=each.rate, label=each.label, withheld=each.withheld)
        for each in priced.funds
    )


def withholdings_again(priced: Priced) -> tuple[Withholding, ...]:
    """The withholdings of a computed document, for another one that belongs to it."""
    return tuple(
        Withholding(code=each.code, percent=each.percent, share=each.share, reason=each.reason)
        for each in priced.withholdings
    )


def _amount(priced: Priced, share: Amount) -> Parts:
    taxes = priced.taxes
    if not 0 < share.amount < priced.totals.payable:
        raise PricingError(_("A deposit is more than nothing and less than the total."), "deposit")
    if priced.funds:
        raise PricingError(_("With a pension fund's contribution, say the deposit in percent."), "deposit")
    parts = shares(share.amount, [tax.gross for tax in taxes], [tax.rate.order for tax in taxes])
    charged, found = _charged(priced, included=True), dict[tuple[TaxRate, bool], int]()
    for tax, part in zip(taxes, parts, strict=True):
        keys = [key for key in ((tax.rate, False), (tax.rate, True)) if charged.get(key, 0) > 0] or [(tax.rate, False)]
        own = shares(part, [charged.get(key, 1) for key in keys], [(key[1],) for key in keys])
        found.update(zip(keys, own, strict=True))
    return found


def _percent(priced: Priced, share: Percent) -> Parts:
    """The percentage of what the lines charge at each rate; contributions follow from it."""
    if not 0 < share.percent < 100:
        raise PricingError(_("A deposit is more than 0 and less than 100 percent."), "deposit")
    charged = _charged(priced, included=priced.prices_include_tax)
    return {key: half_up(Fraction(share.percent) * amount / 100) for key, amount in charged.items()}


def _charged(priced: Priced, *, included: bool) -> Parts:
    """What the lines charge at each rate, for costs that are passed on apart."""
    charged: dict[tuple[TaxRate, bool], int] = {}
    for rate in (tax.rate for tax in priced.taxes):
        for line in (line for line in priced.lines if line.rate == rate):
            key = (rate, line.passed_on)
            charged[key] = charged.get(key, 0) + (line.gross if included else line.net)
    return charged


def _rest(priced: Priced, deposit: Priced) -> tuple[Rest, ...]:
    taken = {tax.rate: tax for tax in deposit.taxes}
    rest = tuple(_less(tax, taken.get(tax.rate)) for tax in priced.taxes)
    if not deposit.lines or any(each.base < 0 or each.tax < 0 for each in rest):
        raise PricingError(_("This deposit leaves nothing to divide. Invoice the whole amount instead."), "deposit")
    return rest


def _less(tax: PricedTax, taken: PricedTax | None) -> Rest:
    base, paid = (taken.base, taken.tax) if taken else (0, 0)
    return Rest(rate=tax.rate, base=tax.base - base, tax=tax.tax - paid)
