"""The figures of an invoice as its file tells them, laid out so that lines and totals belong together.

Total and tax stay what they are. What the lines leave unexplained becomes a line of its own, and is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from webkit.core.kernel.currencies import MAX_MINOR, exponent
from webkit.core.kernel.errors import DomainError
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.money import format_money
from webkit.core.values import dataclass
from webkit.invoices.service import ImportedLine
from webkit.pricing.rounding import half_up

HUNDRED = Fraction(100)
PLACES = Decimal("0.00000001")


@dataclass(frozen=True, slots=True)
class Told:
    """A line as the file tells it; None is what it does not tell. Amounts are in minor units."""

    text: str
    quantity: Decimal | None = None
    price: Decimal | None = None
    amount: int | None = None
    percent: Decimal | None = None
    tax: int | None = None


@dataclass(frozen=True, slots=True)
class Sums:
    """What the file says of the whole."""

    net: int | None
    tax: int | None
    total: int | None


@dataclass(frozen=True, slots=True)
class Settled:
    """Lines that make the total, and what was noticed on the way."""

    lines: tuple[ImportedLine, ...]
    total: int
    notes: tuple[str, ...]


def settle(told: Sequence[Told], sums: Sums, currency: str, title: str) -> Settled:
    """Lay the figures out. Raises DomainError when they cannot be those of an invoice."""
    amounts = [_bounded(_amount(line, currency)) for line in told]
    with_amounts = [
        replace(line, amount=amount) for line, amount in zip(told, amounts, strict=True) if amount is not None
    ]
    whole = _whole(sums, with_amounts, told)
    for minor in (whole.net, whole.tax, whole.total, sum(line.amount or 0 for line in with_amounts)):
        _bounded(minor)
    if whole.total < 0 or not 0 <= whole.tax <= whole.total:
        text = _("Tax of %(tax)s does not fit a total of %(total)s.", tax=_money(whole.tax, currency),
                 total=_money(whole.total, currency))  # fmt: skip
        raise DomainError(text)
    if not with_amounts:
        name = next((line.text for line in told if line.text), title)
        percent = next((line.percent for line in told if line.percent), None)
        lines = [_Line(Told(name, percent=percent), whole.net if sums.net is None else sums.net)]
    else:
        lines = _nets(with_amounts, whole)
    notes = _taxes(lines, whole.tax, currency)
    notes += _difference(lines, whole, currency)
    return Settled(tuple(_imported(line, currency) for line in lines), whole.total, tuple(notes))


@dataclass(slots=True)
class _Line:
    """A line while its figures are found."""

    told: Told
    net: int
    tax: int = 0
    percent: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class _Whole:
    net: int
    tax: int
    total: int


def _bounded(minor: int | None) -> int | None:
    if minor is not None and abs(minor) > MAX_MINOR:
        raise DomainError(_("These amounts are too large."))
    return minor


def _amount(line: Told, currency: str) -> int | None:
    if line.amount is not None or line.price is None:
        return line.amount
    quantity = Decimal(1) if line.quantity is None else line.quantity
    return half_up(Fraction(line.price) * Fraction(quantity) * 10 ** exponent(currency))


def _whole(sums: Sums, lines: Sequence[Told], told: Sequence[Told]) -> _Whole:
    net, tax, total = sums.net, sums.tax, sums.total
    together = sum(line.amount or 0 for line in lines)
    if tax is None and net is not None and total is not None:
        tax = total - net
    if tax is None:
        tax = _tax_of_lines(lines, together, total) if lines else _tax_in(total, told)
    if total is None:
        total = (together if net is None else net) + tax
    return _Whole(total - tax, tax, total)


def _tax_of_lines(lines: Sequence[Told], together: int, total: int | None) -> int:
    """What the lines say is tax: on top of their amounts, or in them where those are the total already."""
    if any(line.tax is None and line.percent is None for line in lines):
        raise DomainError(_("Neither the tax nor the total without tax is told."))
    on_top = sum(_own_tax(line, line.amount or 0) for line in lines)
    if total is None or together + on_top == total or together != total:
        return on_top
    return sum(_part(line, line.amount or 0) for line in lines)


def _tax_in(total: int | None, told: Sequence[Told]) -> int:
    rates = {line.percent for line in told if line.percent is not None}
    if total is None or len(rates) != 1:
        raise DomainError(_("Neither the tax nor the total without tax is told."))
    return _included(total, rates.pop())


def _own_tax(line: Told, net: int) -> int:
    return line.tax if line.tax is not None else half_up(net * Fraction(line.percent or 0) / HUNDRED)


def _part(line: Told, gross: int) -> int:
    return line.tax if line.tax is not None else _included(gross, line.percent or Decimal(0))


def _included(gross: int, percent: Decimal) -> int:
    return half_up(gross * Fraction(percent) / (HUNDRED + Fraction(percent)))


def _nets(lines: Sequence[Told], whole: _Whole) -> list[_Line]:
    """The amounts of the lines without tax, whichever way they were printed."""
    together = sum(line.amount or 0 for line in lines)
    if together != whole.total or together == whole.net:
        return [_Line(line, line.amount or 0) for line in lines]
    default = implied(whole.net, whole.tax)
    known = [
        line if line.tax is not None or line.percent is not None else replace(line, percent=default) for line in lines
    ]
    found = [_Line(line, (line.amount or 0) - _part(line, line.amount or 0)) for line in known]
    rest = whole.net - sum(line.net for line in found)
    if abs(rest) <= len(found):  # what rounding leaves
        max(found, key=lambda line: abs(line.net)).net += rest
    return found


def _difference(lines: list[_Line], whole: _Whole, currency: str) -> list[str]:
    together = sum(line.net for line in lines)
    if together == whole.net:
        return []
    told = Told(_("Difference to the total of the original"), percent=Decimal(0), tax=0)
    lines.append(_Line(told, whole.net - together))
    said = {"lines": _money(together, currency), "net": _money(whole.net, currency)}
    return [
        _(
            "The lines come to %(lines)s, the invoice to %(net)s without tax: the difference is a line of its own.",
            **said,
        )
    ]


def _taxes(lines: list[_Line], tax: int, currency: str) -> list[str]:
    """Give every line its tax, so that together it is the tax of the invoice."""
    silent = all(line.told.tax is None and line.told.percent is None for line in lines if line.net)
    default = implied(sum(line.net for line in lines), tax) if silent else Decimal(0)
    for line in lines:
        line.percent = default if line.told.percent is None else line.told.percent
        line.tax = (
            _own_tax(line.told, line.net)
            if line.told.tax is not None
            else half_up(line.net * Fraction(line.percent) / HUNDRED)
        )
    together = sum(line.tax for line in lines)
    if rest := tax - together:
        taxed = [line for line in lines if line.percent] or lines
        max(taxed, key=lambda line: abs(line.net)).tax += rest
    for line in lines:
        if line.tax and not line.percent:
            line.percent = implied(line.net, line.tax)
    if abs(rest) <= max(1, len(lines)):
        return []
    said = {"lines": _money(together, currency), "tax": _money(tax, currency)}
    return [_("The tax of the lines comes to %(lines)s, the invoice says %(tax)s.", **said)]


def implied(net: int, tax: int) -> Decimal:
    """The rate that makes this tax of that amount, as round as it can be. Raises DomainError when none does."""
    if not tax:
        return Decimal(0)
    if net <= 0 or not 0 < Fraction(tax, net) <= 1:
        raise DomainError(_("The tax does not fit the amount it is charged on."))
    exact = Fraction(tax * 100, net)
    for places in range(3):
        rate = Decimal(half_up(exact * 10**places)).scaleb(-places)
        if rate and half_up(net * Fraction(rate) / HUNDRED) == tax:
            return rate
    return max(Decimal("0.01"), Decimal(half_up(exact * 100)).scaleb(-2))


def _imported(line: _Line, currency: str) -> ImportedLine:
    quantity = line.told.quantity if line.told.quantity else Decimal(1)
    price = line.told.price
    printed = _amount(replace(line.told, amount=None), currency)
    if price is None or printed != line.net:
        price = Decimal(line.net).scaleb(-exponent(currency)) / quantity
        _bounded(half_up(Fraction(price.scaleb(exponent(currency)))))
        price = price.quantize(PLACES)
    return ImportedLine(line.told.text, quantity, price, line.percent, line.net, line.tax)


def _money(minor: int, currency: str) -> str:
    return format_money(minor, currency)
