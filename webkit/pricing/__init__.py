"""The tax kernel: `compute(document)` turns prices into totals, once. Pure: no HTTP, no SQL, no clock."""

from webkit.pricing import italian, tax_ids
from webkit.pricing.compute import compute
from webkit.pricing.credit import Left, Part, credit_all, credit_amount, credit_lines, left, left_gross
from webkit.pricing.deposits import Rest, Split, funds_again, split
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
from webkit.pricing.duties import Deduction, Fund, Stamp, Withholding
from webkit.pricing.errors import PricingError
from webkit.pricing.intervals import Interval, compute_by_interval
from webkit.pricing.result import Priced, PricedAdjustment, PricedLine, PricedTax, Totals
from webkit.pricing.rounding import unit_price
from webkit.pricing.schemes import Scheme, SchemeRow, default_scheme, find, flat, for_choice
from webkit.pricing.semantic import Semantic, semantic

__all__ = [
    "Adjustment",
    "AdjustmentKind",
    "Amount",
    "Category",
    "Deduction",
    "Document",
    "Fund",
    "Interval",
    "Left",
    "Line",
    "Part",
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
    "Semantic",
    "Split",
    "Stamp",
    "TaxRate",
    "Totals",
    "Withholding",
    "compute",
    "compute_by_interval",
    "credit_all",
    "credit_amount",
    "credit_lines",
    "default_scheme",
    "find",
    "flat",
    "for_choice",
    "funds_again",
    "italian",
    "left",
    "left_gross",
    "semantic",
    "split",
    "tax_ids",
    "unit_price",
]
