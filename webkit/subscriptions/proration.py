"""What a change in the middle of a period costs: the rest of the old price is set off against the new one.

Counted in seconds and in whole minor units, rounded once for each price, as the payment service does it.
"""

from __future__ import annotations

import calendar
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from webkit.core.capabilities.subscriptions import Interval
from webkit.core.values import dataclass


@dataclass(frozen=True, slots=True)
class Proration:
    """`credit_minor` of the old price was not used, `charge_minor` of the new one is. Below nothing is due: it is kept
    for the next payments."""

    credit_minor: int
    charge_minor: int

    @property
    def due_minor(self) -> int:
        return self.charge_minor - self.credit_minor


@dataclass(frozen=True, slots=True)
class Period:
    """A time that was paid for: from its first moment until just before its end."""

    start: datetime
    end: datetime

    def left(self, amount_minor: int, at: datetime) -> int:
        """The part of a price that falls on what is left of the period: all of it before, nothing after."""
        whole = int((self.end - self.start).total_seconds())
        rest = min(max(int((self.end - at).total_seconds()), 0), whole)
        return int((Decimal(amount_minor) * rest / whole).quantize(Decimal(1), ROUND_HALF_UP))


def prorate(period: Period, old_minor: int, new_minor: int, at: datetime, *, anew: bool = False) -> Proration:
    """What a change at `at` sets off. `anew`: the new price has another length and begins a period of its own."""
    charge = new_minor if anew else period.left(new_minor, at)
    return Proration(period.left(old_minor, at), charge)


def period_after(anchor: datetime, interval: Interval, number: int) -> datetime:
    """When the period with this number begins: 31 January, 28 February, 31 March; 29 February, 28 February."""
    months = anchor.month - 1 + number * (12 if interval is Interval.YEAR else 1)
    year, month = anchor.year + months // 12, months % 12 + 1
    return anchor.replace(year=year, month=month, day=min(anchor.day, calendar.monthrange(year, month)[1]))
