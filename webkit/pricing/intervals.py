"""What is paid once and what is paid every month are two sums, and never one."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from webkit.core.kernel.i18n import gettext as _
from webkit.pricing.compute import compute
from webkit.pricing.document import Document
from webkit.pricing.errors import PricingError
from webkit.pricing.result import Priced


class Interval(StrEnum):
    """How often a line is charged."""

    ONCE = "once"
    MONTHLY = "monthly"


def compute_by_interval(documents: Mapping[Interval, Document]) -> dict[Interval, Priced]:
    """Compute each interval's document by itself; there is no total over them.

    They are one offer, so they share currency, scheme and the way prices are written, and no line id occurs twice.
    The result has the intervals in their order, without those that have no lines.
    """
    offers = {interval: documents[interval] for interval in Interval if interval in documents}
    terms = {(each.currency, each.scheme.key, each.scheme.place, each.prices_include_tax) for each in offers.values()}
    if len(terms) > 1:
        raise PricingError(_("All parts of an offer are in one currency and under one tax scheme."), "currency")
    seen: set[str] = set()
    for document in offers.values():
        for line in document.lines:
            if line.id in seen:
                raise PricingError(_("A line is charged once or every month, not both."), "id", line.id)
            seen.add(line.id)
    return {interval: compute(document) for interval, document in offers.items() if document.lines}
