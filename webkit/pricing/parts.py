"""What was agreed is billed in parts: milestones that make the whole, and a final invoice that takes deposits off."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from webkit.core.kernel.i18n import gettext as _
from webkit.core.values import dataclass
from webkit.pricing.compute import compute
from webkit.pricing.credit import credit_all, credit_amount, credit_percent
from webkit.pricing.deposits import funds_again, withholdings_again
from webkit.pricing.document import Adjustment, Document, Line
from webkit.pricing.duties import Deduction, Stamp
from webkit.pricing.errors import PricingError
from webkit.pricing.result import Priced, PricedAdjustment, PricedLine
from webkit.pricing.schemes import find
from webkit.pricing.terms import Amount, Percent


@dataclass(frozen=True, slots=True)
class Share:
    """A part of what was agreed: a percentage of it, an amount with tax, or, as the last one, what remains."""

    title: str
    of: Percent | Amount | None = None


def divide(whole: Priced, parts: Sequence[Share], earlier: Sequence[Priced] = ()) -> tuple[Priced, ...]:
    """Divide what `earlier` invoices left of a computed document. Together with them the parts are the whole: to the
    cent, at every rate, tax and contributions too. The last part takes what rounding leaves.

    Percentages are of the whole. Raises PricingError when the parts come to something else.
    """
    if not parts:
        raise PricingError(_("Please write at least one part."), "parts")
    found: list[Priced] = []
    for each in parts[:-1]:
        found.append(_part(whole, each, [*earlier, *found]))
    rest = credit_all(whole, [*earlier, *found], parts[-1].title)
    if (last := parts[-1].of) is not None:
        asked = _part(whole, parts[-1], [*earlier, *found])
        # A cent may be what rounding left; an amount was meant as it was written.
        near = len(parts) * max(1, len(whole.taxes)) if isinstance(last, Percent) else 0
        if abs(asked.totals.gross - rest.totals.gross) > near:
            raise PricingError(_("The parts are not the whole. Leave the last one open: it is what remains."), "parts")
    return (*found, rest)


def _part(whole: Priced, share: Share, earlier: Sequence[Priced]) -> Priced:
    if isinstance(share.of, Percent):
        return credit_percent(whole, share.of.percent, earlier, share.title)
    if share.of is None:
        raise PricingError(_("Only the last part may be left open: it is what remains."), "parts")
    return credit_amount(whole, share.of.amount, earlier, share.title)


def final(whole: Priced, deductions: Sequence[Deduction]) -> Priced:
    """The final invoice of a computed document: all of it, less the deposit invoices with their tax."""
    document = again(whole)
    if compute(document).to_dict() != whole.to_dict():
        raise PricingError(_("This can no longer be computed as it was agreed. Divide the rest into parts instead."))
    return compute(replace(document, deductions=tuple(deductions)))


def again(priced: Priced) -> Document:
    """What a computed document was computed from."""
    return Document(
        currency=priced.currency,
        scheme=replace(find(priced.scheme), place=priced.place),
        lines=tuple(_line(line) for line in priced.lines),
        adjustments=tuple(_adjustment(each) for each in priced.adjustments),
        prices_include_tax=priced.prices_include_tax,
        funds=funds_again(priced),
        withholdings=withholdings_again(priced),
        stamp=_stamp(priced),
        prepaid=priced.totals.prepaid,
        split_payment=bool(priced.totals.split),
    )


def without(priced: Priced, left_out: Collection[str]) -> Document:
    """The same less some of its lines. Where no line is left nothing stands that was taken off or added to them."""
    whole = again(priced)
    lines = tuple(line for line in whole.lines if line.id not in left_out)
    return replace(whole, lines=lines) if lines else replace(whole, lines=(), adjustments=(), funds=())


def _line(line: PricedLine) -> Line:
    return Line(
        id=line.id, description=line.description, unit_price=line.unit_price, rate=line.rate, quantity=line.quantity,
        adjustments=tuple(_adjustment(each) for each in line.adjustments), unit=line.unit, passed_on=line.passed_on,
    )  # fmt: skip


def _adjustment(each: PricedAdjustment) -> Adjustment:
    return Adjustment(each.kind, each.value, each.reason, each.reason_code, each.only)


def _stamp(priced: Priced) -> Stamp | None:
    """The duty that was due: whatever it was due for, it is again."""
    if (stamp := priced.stamp) is None:
        return None
    codes = frozenset(tax.rate.code for tax in priced.taxes)
    return Stamp(
        amount=stamp.amount, over=0, codes=codes, rate=stamp.rate, currency=priced.currency, recharged=stamp.recharged
    )
