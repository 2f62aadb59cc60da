"""What was agreed, as it is billed: what the client keeps back, pays to the state, and the duty on the paper.

None of it changes the total that somebody accepted.
"""

from __future__ import annotations

from dataclasses import replace

from webkit.core.kernel.i18n import gettext as _
from webkit.pricing import italian
from webkit.pricing.compute import compute
from webkit.pricing.deposits import funds_again
from webkit.pricing.document import Adjustment, Document, Line
from webkit.pricing.errors import PricingError
from webkit.pricing.habits import Habits
from webkit.pricing.result import Priced, PricedAdjustment, PricedLine, PricedStamp
from webkit.pricing.schemes import find


def billed(agreed: Priced, habits: Habits) -> Priced:
    """With withholdings and split payment. What has them already, or takes off deposits, stays as it is."""
    mine = habits.known(agreed.scheme, agreed.currency)
    if mine.withholding and mine.split_payment:  # cannot stand together; what was agreed is billed all the same
        mine = replace(mine, split_payment=False)
    parts = mine.parts(agreed.scheme, agreed.currency)
    untouched = agreed.withholdings or agreed.totals.split or agreed.deductions or agreed.totals.payable <= 0
    if untouched or not (parts["withholdings"] or parts["split_payment"]):
        return agreed
    document = Document(
        currency=agreed.currency,
        scheme=replace(find(agreed.scheme), place=agreed.place),
        lines=tuple(map(_line, agreed.lines)),
        adjustments=tuple(map(_adjustment, agreed.adjustments)),
        prices_include_tax=agreed.prices_include_tax,
        funds=funds_again(agreed),
        withholdings=parts["withholdings"],
        prepaid=agreed.totals.prepaid,
        split_payment=parts["split_payment"],
    )
    result = compute(document)
    if result.totals.gross != agreed.totals.gross:
        raise PricingError(_("What was agreed comes to another total now."))
    return result


def stamped(priced: Priced, habits: Habits) -> Priced:
    """With the stamp duty that is due on it, borne by the agency: the client has accepted a total without it."""
    if priced.stamp is not None or not habits.known(priced.scheme, priced.currency).stamp:
        return priced
    stamp = italian.stamp(priced.scheme, recharged=False)
    if sum(tax.base for tax in priced.taxes if tax.rate.code in stamp.codes) <= stamp.over:
        return priced
    return replace(priced, stamp=PricedStamp(amount=stamp.amount, recharged=False, rate=stamp.rate))


def _line(line: PricedLine) -> Line:
    return Line(
        id=line.id, description=line.description, unit_price=line.unit_price, rate=line.rate, quantity=line.quantity,
        adjustments=tuple(map(_adjustment, line.adjustments)), unit=line.unit, passed_on=line.passed_on,
    )  # fmt: skip


def _adjustment(each: PricedAdjustment) -> Adjustment:
    return Adjustment(each.kind, each.value, each.reason, each.reason_code, each.only)
