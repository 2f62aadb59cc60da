"""The tax kernel: `compute(document)` turns prices into totals, once. Pure: no HTTP, no SQL, no clock."""

from webkit.pricing.compute import compute
from webkit.pricing.deposits import Rest, Split, split
from webkit.pricing.document import (
    Adjustment,
    AdjustmentKind,
    Amount,
    Category,
    Document,
    Line,
    Percent,
    Place,
    TaxRate,
)
from webkit.pricing.errors import PricingError
from webkit.pricing.intervals import Interval, compute_by_interval
from webkit.pricing.result import Priced, PricedAdjustment, PricedLine, PricedTax, Totals
from webkit.pricing.rounding import unit_price
from webkit.pricing.schemes import Scheme, SchemeRow, default_scheme, find, flat, for_choice

__all__ = [
    "Adjustment",
    "AdjustmentKind",
    "Amount",
    "Category",
    "Document",
    "Interval",
    "Line",
    "Percent",
    "Place",
    "Priced",
    "PricedAdjustment",
    "PricedLine",
    "PricedTax",
    "PricingError",
    "Rest",
    "Scheme",
    "SchemeRow",
    "Split",
    "TaxRate",
    "Totals",
    "compute",
    "compute_by_interval",
    "default_scheme",
    "find",
    "flat",
    "for_choice",
    "split",
    "unit_price",
]
