"""What a tax scheme is: the rates a country has, since when, and where it is written.

Rows are never changed or removed, only ended: stored documents name a scheme by its key for ever.
`valid_from` is the first day a table vouches for a row. Labels and names are shown through gettext.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from webkit.core.kernel.i18n import gettext as _
from webkit.core.values import dataclass
from webkit.pricing.errors import PricingError
from webkit.pricing.terms import Category, Place, TaxRate


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


def row(
    key: str, label: str, percent: str, since: str, source: str,
    category: Category = Category.STANDARD, reason: str = "", code: str = "", *, until: str = "",
) -> SchemeRow:  # fmt: skip
    """A row of a table, its dates and figures as text."""
    rate = TaxRate(category, Decimal(percent), reason, code)
    ended = date.fromisoformat(until) if until else None
    return SchemeRow(key, label, rate, date.fromisoformat(since), source, ended)
