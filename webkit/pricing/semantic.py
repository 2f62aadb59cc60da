"""A computed document as the model of EN 16931, for whoever writes it as XML. Chooses and names figures.

Every rule on sums holds to the cent (BR-CO-10 to BR-CO-16). The model knows prices without tax only: of a document
whose prices include tax, lines are what remains of them in the totals.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from webkit.core.kernel.i18n import gettext as _
from webkit.core.values import dataclass
from webkit.pricing.result import Priced, PricedAdjustment, PricedLine, PricedTax
from webkit.pricing.rounding import cells, unit_price
from webkit.pricing.terms import EXPLAINED, PLACES, AdjustmentKind, Category, Percent, TaxRate

SPLIT_PAYMENT = "B"


@dataclass(frozen=True, slots=True, kw_only=True)
class SemanticAdjustment:
    """BG-20 and BG-21 of the document, BG-27 and BG-28 of a line: `amount` BT-92/99/136/141, `base` BT-93/100/137/142,
    `percent` BT-94/101/138/143, `rate` BT-95/96/102/103, `reason` BT-97/104/139/144, `code` BT-98/105/140/145."""

    kind: AdjustmentKind
    amount: int
    rate: TaxRate
    reason: str
    code: str = ""
    base: int | None = None
    percent: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SemanticLine:
    """BG-25: `id` BT-126, `name` BT-153, `quantity` BT-129, `unit` BT-130, `price` BT-146 (never negative), `amount`
    BT-131, `rate` BG-30."""

    id: str
    name: str
    quantity: Decimal
    unit: str
    price: Decimal
    amount: int
    rate: TaxRate
    adjustments: tuple[SemanticAdjustment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SemanticTax:
    """BG-23: `base` BT-116, `tax` BT-117, `category` BT-118, `percent` BT-119, `reason` BT-120, `code` BT-121."""

    category: str
    percent: Decimal
    base: int
    tax: int
    reason: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Semantic:
    """The invoice: `lines_total` BT-106, `allowances_total` BT-107, `charges_total` BT-108, `net` BT-109, `tax` BT-110,
    `gross` BT-112, `prepaid` BT-113, `rounding` BT-114, `due` BT-115, all in `currency` BT-5 and minor units."""

    currency: str
    lines: tuple[SemanticLine, ...]
    adjustments: tuple[SemanticAdjustment, ...]
    taxes: tuple[SemanticTax, ...]
    lines_total: int
    allowances_total: int
    charges_total: int
    net: int
    tax: int
    gross: int
    prepaid: int
    rounding: int
    due: int


def semantic(priced: Priced) -> Semantic:
    """Lay a computed document out. Deposits that it takes off are lines of their own, taken off."""
    lines = (*(_line(each, priced) for each in priced.lines), *_deposits(priced))
    adjustments = (*_shared(priced), *_funds(priced), *_stamp(priced))
    totals = priced.totals
    return Semantic(
        currency=priced.currency,
        lines=lines,
        adjustments=adjustments,
        taxes=_taxes(priced),
        lines_total=sum(each.amount for each in lines),
        allowances_total=_total(adjustments, AdjustmentKind.DISCOUNT),
        charges_total=_total(adjustments, AdjustmentKind.CHARGE),
        net=totals.net, tax=totals.tax, gross=totals.gross,
        prepaid=totals.prepaid, rounding=totals.rounding, due=totals.due,
    )  # fmt: skip


def _total(adjustments: tuple[SemanticAdjustment, ...], kind: AdjustmentKind) -> int:
    return sum(each.amount for each in adjustments if each.kind is kind)


def _taxes(priced: Priced) -> tuple[SemanticTax, ...]:
    """One for each category and percentage (BR-E-01 and its sisters), whatever reasons there are for it. What carries a
    rate, be it zero, has none (BR-S-10, BR-Z-10)."""
    grouped: dict[tuple[str, Decimal], list[PricedTax]] = {}
    for each in priced.taxes:
        grouped.setdefault((_category(each.rate, priced), each.rate.percent), []).append(each)
    return tuple(
        SemanticTax(
            category=category, percent=percent, base=sum(each.base for each in found),
            tax=sum(each.tax for each in found), reason="; ".join(_reasons(found)), code=_code(found),
        )
        for (category, percent), found in grouped.items()
    )  # fmt: skip


def _reasons(found: list[PricedTax]) -> list[str]:
    return list(dict.fromkeys(each.rate.reason for each in found if each.rate.category in EXPLAINED))


def _code(found: list[PricedTax]) -> str:
    """The VATEX code that all of them have."""
    codes = {each.rate.code for each in found}
    only = codes.pop() if len(codes) == 1 else ""
    return only if only.startswith("VATEX") else ""


def _category(rate: TaxRate, priced: Priced) -> str:
    split = priced.totals.split and rate.category is Category.STANDARD
    return SPLIT_PAYMENT if split else rate.category.value


def _line(line: PricedLine, priced: Priced) -> SemanticLine:
    quantity, price, amount = line.quantity, line.unit_price, line.amount
    if priced.prices_include_tax:
        amount = line.net
        price = _quotient(unit_price(amount, priced.currency), quantity)
    if price < 0:
        quantity, price = -quantity, -price
    own = () if priced.prices_include_tax else line.adjustments
    return SemanticLine(
        id=line.id, name=line.description, quantity=quantity, unit=line.unit, price=price, amount=amount,
        rate=line.rate, adjustments=tuple(_adjustment(each, each.amount, line.rate, line.listed) for each in own),
    )  # fmt: skip


def _quotient(amount: Decimal, quantity: Decimal) -> Decimal:
    """A price to the last decimal that is kept, away from any context of decimals."""
    if not quantity:
        return Decimal(0)
    scaled = Fraction(amount) / Fraction(quantity) * 10**PLACES
    return Decimal((int(scaled < 0), tuple(map(int, str(round(abs(scaled))))), -PLACES))


def _adjustment(each: PricedAdjustment, amount: int, rate: TaxRate, base: int | None) -> SemanticAdjustment:
    percent = each.value.percent if isinstance(each.value, Percent) and base is not None else None
    return SemanticAdjustment(
        kind=each.kind, amount=amount, rate=rate, reason=each.reason or _word(each.kind), code=each.reason_code,
        base=base if percent is not None else None, percent=percent,
    )  # fmt: skip


def _word(kind: AdjustmentKind) -> str:
    return _("Discount") if kind is AdjustmentKind.DISCOUNT else _("Charge")


def _shared(priced: Priced) -> list[SemanticAdjustment]:
    """The document's discounts and charges, each at each rate that bears a part of it."""
    if priced.prices_include_tax:
        return []
    found = []
    for kind in AdjustmentKind:
        each_kind = [each for each in priced.adjustments if each.kind is kind]
        common = [each for each in each_kind if each.only is None]
        bound = [each for each in each_kind if each.only is not None]
        for each, parts in zip(common, _parts(priced, kind, common, bound), strict=True):
            found += [_adjustment(each, part, rate, None) for rate, part in parts if part]
        found += [_adjustment(each, each.amount, each.only, None) for each in bound if each.only and each.amount]
    return found


def _parts(
    priced: Priced, kind: AdjustmentKind, common: list[PricedAdjustment], bound: list[PricedAdjustment]
) -> list[list[tuple[TaxRate, int]]]:
    rates = [tax.rate for tax in priced.taxes]
    borne = [tax.discount if kind is AdjustmentKind.DISCOUNT else tax.charge for tax in priced.taxes]
    own = [sum(each.amount for each in bound if each.only == rate) for rate in rates]
    columns = [whole - part for whole, part in zip(borne, own, strict=True)]
    bearing = [line for line in priced.lines if not line.passed_on]
    weights = [sum(line.amount for line in bearing if line.rate == rate) for rate in rates]
    rows = cells([each.amount for each in common], columns, weights)
    return [list(zip(rates, row, strict=True)) for row in rows]


def _funds(priced: Priced) -> list[SemanticAdjustment]:
    return [
        SemanticAdjustment(
            kind=AdjustmentKind.CHARGE, amount=fund.amount, rate=fund.rate, reason=fund.label or fund.code,
            base=fund.base, percent=fund.percent,
        )
        for fund in priced.funds
    ]  # fmt: skip


def _stamp(priced: Priced) -> list[SemanticAdjustment]:
    stamp = priced.stamp
    if stamp is None or not stamp.recharged:
        return []
    charge = AdjustmentKind.CHARGE
    return [SemanticAdjustment(kind=charge, amount=stamp.amount, rate=stamp.rate, reason=_("Stamp duty"))]


def _deposits(priced: Priced) -> list[SemanticLine]:
    parts = [(each, part) for each in priced.deductions for part in each.taxes]
    return [
        SemanticLine(
            id=f"deposit-{number}",
            name=_("Deposit %(number)s of %(day)s", number=each.number, day=each.issued),
            quantity=Decimal(-1),
            unit="",
            price=unit_price(part.base, priced.currency),
            amount=-part.base,
            rate=part.rate,
        )
        for number, (each, part) in enumerate(parts, start=1)
    ]
