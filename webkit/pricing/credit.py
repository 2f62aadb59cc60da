"""Credit notes: parts of an invoice, or all of it, with the invoice's own tax and never more than it has.

A credit note's figures are positive; what they take back is said by the document they stand on. Tax, contributions
and withholdings are not computed again: of an invoice with `t` of tax on `b`, the credit notes up to a base of `x`
have together `t × x / b`, rounded half-up. So parts make the whole to the cent, whatever they are and in any order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from webkit.core.kernel.i18n import gettext as _
from webkit.core.values import dataclass
from webkit.pricing.compute import compute_with
from webkit.pricing.deposits import funds_again, withholdings_again
from webkit.pricing.document import Adjustment, Document, Line
from webkit.pricing.duties import Fund, Withholding
from webkit.pricing.errors import PricingError
from webkit.pricing.figures import Ties
from webkit.pricing.result import Priced, PricedLine, PricedTax
from webkit.pricing.rounding import half_up, minor_units, shares, spread, unit_price
from webkit.pricing.schemes import find
from webkit.pricing.terms import AdjustmentKind, Amount, Place, TaxRate

Key = tuple[TaxRate, bool]
"""A rate, and whether it is that of costs that were passed on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What is left of an invoice at one rate after its credit notes."""

    rate: TaxRate
    base: int
    tax: int

    @property
    def gross(self) -> int:
        """Base and tax."""
        return self.base + self.tax


@dataclass(frozen=True, slots=True)
class Part:
    """So much of a line of the invoice; without a quantity all that has not been credited of it."""

    line: str
    quantity: Decimal | None = None


def left(invoice: Priced, earlier: Sequence[Priced]) -> tuple[Left, ...]:
    """The corrected sums of an invoice, by rate. Below nothing only where the invoice itself took off at a rate."""
    return tuple(
        Left(
            rate=tax.rate,
            base=tax.base - sum(_at(each, tax.rate).base for each in earlier),
            tax=tax.tax - sum(_at(each, tax.rate).tax for each in earlier),
        )
        for tax in invoice.taxes
    )


def left_gross(invoice: Priced, earlier: Sequence[Priced]) -> int:
    """What is left of the invoice's total, tax included."""
    return sum(each.gross for each in left(invoice, earlier))


def credit_all(invoice: Priced, earlier: Sequence[Priced] = (), description: str = "") -> Priced:
    """Everything that is left: the invoice itself while nothing was credited, else a line for each rate."""
    if not earlier:
        return _something(invoice)
    included = invoice.prices_include_tax
    lines = _by_rate(_rest(invoice, earlier, included), description, invoice.currency)
    return _credit(invoice, earlier, lines, included=included)


def credit_amount(invoice: Priced, amount: int, earlier: Sequence[Priced] = (), description: str = "") -> Priced:
    """`amount` minor units, tax included, shared out over the rates by what is left at each."""
    rest = left(invoice, earlier)
    whole = sum(each.gross for each in rest)
    if not 0 < amount <= whole:
        raise PricingError(_("A credit note is more than nothing and at most what is left of its invoice."), "amount")
    if amount == whole:
        return credit_all(invoice, earlier, description)
    if invoice.funds:
        raise PricingError(_("With a pension fund's contribution, credit whole lines or the whole invoice."), "amount")
    parts = shares(amount, [each.gross for each in rest], [each.rate.order for each in rest])
    charged = _rest(invoice, earlier, included=True)
    divided: dict[Key, int] = {}
    for part, each in zip(parts, rest, strict=True):
        keys = [key for key in ((each.rate, False), (each.rate, True)) if key in charged]
        own = shares(part, [charged[key] for key in keys], [(key[1],) for key in keys])
        divided.update(zip(keys, own, strict=True))
    return _credit(invoice, earlier, _by_rate(divided, description, invoice.currency), included=True)


def credit_percent(invoice: Priced, percent: Decimal, earlier: Sequence[Priced] = (), description: str = "") -> Priced:
    """So much of a hundred of what was charged at each rate; contributions and tax follow from it."""
    if not 0 < percent <= 100:
        raise PricingError(_("A percentage lies between 0 and 100."), "percent")
    included = invoice.prices_include_tax
    charged = {key: half_up(Fraction(percent) * minor / 100) for key, minor in _charged(invoice, included).items()}
    return _credit(invoice, earlier, _by_rate(charged, description, invoice.currency), included=included)


def credit_lines(invoice: Priced, parts: Sequence[Part], earlier: Sequence[Priced] = ()) -> Priced:
    """Some lines of the invoice, or some of their quantity, at what was really charged for them."""
    known = {line.id: line for line in invoice.lines}
    if not parts:
        raise PricingError(_("Choose what is to be credited."), "lines")
    if {part.line for part in parts} - known.keys():
        raise PricingError(_("The invoice has no such line."), "lines")
    lines = tuple(_part(known[part.line], part, earlier, invoice.currency) for part in parts)
    return _credit(invoice, earlier, lines, included=invoice.prices_include_tax)


def _something(priced: Priced) -> Priced:
    if priced.totals.gross <= 0:
        raise PricingError(_("There is nothing to credit."), "lines")
    return priced


def _at(priced: Priced, rate: TaxRate) -> Left:
    found = next((tax for tax in priced.taxes if tax.rate == rate), None)
    return Left(rate=rate, base=found.base if found else 0, tax=found.tax if found else 0)


def _charged(priced: Priced, included: bool) -> dict[Key, int]:
    """What was charged for lines at each rate, for passed on costs apart; without contributions and deposits."""
    found: dict[Key, int] = {}
    for line in priced.lines:
        key = (line.rate, line.passed_on)
        found[key] = found.get(key, 0) + (line.gross if included else line.net)
    for tax in priced.taxes:
        funds = sum(fund.deducted for fund in priced.funds if fund.rate == tax.rate)
        parts = [part for each in priced.deductions for part in each.taxes if part.rate == tax.rate]
        costs = sum(part.costs + (part.costs_tax if included else 0) for part in parts)
        less = tax.deducted - funds - costs + (tax.deducted_tax if included else 0)
        if less or costs or tax.stamped:
            found[tax.rate, False] = found.get((tax.rate, False), 0) - less
            found[tax.rate, True] = found.get((tax.rate, True), 0) + tax.stamped - costs
    return found


def _rest(invoice: Priced, earlier: Sequence[Priced], included: bool) -> dict[Key, int]:
    """What has not been credited of what was charged for lines."""
    rest = _charged(invoice, included)
    for each in earlier:
        for key, amount in _charged(each, included).items():
            rest[key] = rest.get(key, 0) - amount
    return rest


def _by_rate(amounts: Mapping[Key, int], description: str, currency: str) -> tuple[Line, ...]:
    """A line for each rate, and one more where costs were passed on at it."""
    keys = sorted((key for key, amount in amounts.items() if amount), key=lambda key: (key[0].order, key[1]))
    return tuple(
        Line(
            id=f"credit-{number}",
            description=description or _("Credit"),
            unit_price=unit_price(amounts[key], currency),
            rate=key[0],
            passed_on=key[1],
        )
        for number, key in enumerate(keys, start=1)
    )


def _part(line: PricedLine, part: Part, earlier: Sequence[Priced], currency: str) -> Line:
    """A line of the credit note: the price as invoiced, what else belonged to it as its own discount or charge."""
    charged, before = line.amount + line.share, _credited(line.id, earlier)
    if line.listed <= 0 or charged < 0 or line.quantity <= 0:
        if before or (part.quantity is not None and part.quantity != line.quantity):
            raise PricingError(_("This line can only be credited once and as a whole."), "quantity", line.id)
        price = unit_price(charged, currency)
        return _as_credited(line, Decimal(1), price, ())
    quantity = line.quantity - before if part.quantity is None else part.quantity
    if not 0 < quantity <= line.quantity - before:
        raise PricingError(_("This is more than is left of the line."), "quantity", line.id)
    share = Fraction(charged) / Fraction(line.quantity)
    amount = half_up(share * Fraction(before + quantity)) - half_up(share * Fraction(before))
    listed = half_up(minor_units(line.unit_price, currency) * Fraction(quantity))
    kind = AdjustmentKind.DISCOUNT if listed > amount else AdjustmentKind.CHARGE
    own = (Adjustment(kind, Amount(abs(listed - amount)), _("As invoiced")),) if listed != amount else ()
    return _as_credited(line, quantity, line.unit_price, own)


def _as_credited(line: PricedLine, quantity: Decimal, price: Decimal, own: tuple[Adjustment, ...]) -> Line:
    return Line(
        id=line.id, description=line.description, unit_price=price, rate=line.rate, quantity=quantity,
        adjustments=own, unit=line.unit, passed_on=line.passed_on,
    )  # fmt: skip


def _credited(line_id: str, earlier: Sequence[Priced]) -> Decimal:
    return sum((line.quantity for each in earlier for line in each.lines if line.id == line_id), Decimal(0))


def _credit(invoice: Priced, earlier: Sequence[Priced], lines: tuple[Line, ...], *, included: bool) -> Priced:
    """The credit note with these lines. Refused when it takes more than is left at any rate, or of the costs that were
    passed on at it: nothing is withheld of them, so what is left of the fees has to stay apart."""
    document = Document(
        currency=invoice.currency,
        scheme=replace(find(invoice.scheme), place=invoice.place),
        lines=lines,
        prices_include_tax=included,
        funds=funds_again(invoice),
        withholdings=withholdings_again(invoice),
        split_payment=bool(invoice.totals.split),
    )
    priced = _something(compute_with(document, _PartOf(invoice, tuple(earlier))))
    notes = [*earlier, priced]
    after = left(invoice, notes)
    sums = sum(each.base for each in after), sum(each.gross for each in after)
    if min(sums) < 0 or any(map(_is_beyond, after, invoice.taxes)):
        raise PricingError(_("This is more than is left of the invoice."), "lines")
    whole, rest = _charged(invoice, included), _rest(invoice, notes, included)
    if any(amount < min(0, whole.get(key, 0)) for key, amount in rest.items()):
        raise PricingError(
            _("Of what this was charged for, less is left: a credit of an amount took its part of it."), "lines"
        )
    return priced if left_gross(invoice, notes) else _with_rounding(invoice, notes)


def _is_beyond(rest: Left, whole: PricedTax) -> bool:
    """Whether at a rate more was credited than the invoice has there, or the other way round than it has it."""
    return any(not min(0, of) <= part <= max(0, of) for part, of in ((rest.base, whole.base), (rest.tax, whole.tax)))


def _with_rounding(invoice: Priced, notes: Sequence[Priced]) -> Priced:
    """The last of the notes, which leaves nothing of the invoice: it takes back what was rounded to a coin, too."""
    *earlier, last = notes
    rounding = invoice.totals.rounding - sum(note.totals.rounding for note in earlier)
    if not rounding or last.totals.payable + rounding <= 0:
        return last
    totals = replace(last.totals, rounding=rounding, payable=last.totals.payable + rounding)
    return replace(last, totals=totals)


@dataclass(frozen=True, slots=True)
class _PartOf:
    """Figures of a credit note: the invoice's own, in proportion, less what earlier credit notes took."""

    invoice: Priced
    earlier: tuple[Priced, ...]

    def fund(self, fund: Fund, base: int) -> int:
        of = next(each for each in self.invoice.funds if each.code == fund.code)
        taken = [each for note in self.earlier for each in note.funds if each.code == fund.code]
        before = sum(each.base for each in taken)
        return _next(of.due, of.base - of.deducted_base, before + base, sum(each.due for each in taken))

    def taxes(
        self, rate: TaxRate, place: Place, base: int, exact: Sequence[Fraction], ties: Ties, *, included: bool
    ) -> list[int]:
        of, taken = _at(self.invoice, rate), [_at(note, rate) for note in self.earlier]
        whole = of.gross if included else of.base
        before = sum(each.gross if included else each.base for each in taken)
        tax = _next(of.tax, whole, before + base, sum(each.tax for each in taken))
        return spread(tax, exact, ties)

    def withheld(self, withholding: Withholding, base: int) -> int:
        of = next(each for each in self.invoice.withholdings if each.code == withholding.code)
        taken = [each for note in self.earlier for each in note.withholdings if each.code == withholding.code]
        before = sum(each.base for each in taken)
        return _next(of.due, of.base - of.deducted_base, before + base, sum(each.due for each in taken))


def _next(amount: int, whole: int, reached: int, taken: int) -> int:
    """What this note has of `amount` when all notes together reach `reached` of `whole`: never more than there is, and
    of what takes off never less."""
    if whole < 0:
        return -_next(-amount, -whole, -reached, -taken)
    if not whole:
        return 0
    return max(0, min(amount, half_up(Fraction(amount * reached, whole))) - taken)
