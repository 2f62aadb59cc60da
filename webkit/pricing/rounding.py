"""The two ways a fraction becomes minor units: half-up, and shared out so that the parts make the whole."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from webkit.core.kernel.currencies import exponent


def half_up(value: Fraction) -> int:
    """The nearest integer; a half goes away from zero, on both sides of it."""
    rounded = (2 * abs(value.numerator) + value.denominator) // (2 * value.denominator)
    return rounded if value >= 0 else -rounded


def apportion(total: int, exact: Sequence[Fraction], ties: Sequence[tuple[object, ...]]) -> list[int]:
    """Share `total`, the rounded sum of `exact`, out among them by largest remainder.

    Each part differs from its exact value by less than one unit and the parts sum to `total`. Equal remainders
    are settled by `ties`, which must describe the part and not its position: order never changes a figure.
    """
    parts = [value.numerator // value.denominator for value in exact]
    remainders = [value - part for value, part in zip(exact, parts, strict=True)]
    ranked = sorted(range(len(parts)), key=lambda i: (-remainders[i], ties[i]))
    for i in ranked[: total - sum(parts)]:
        parts[i] += 1
    return parts


def spread(total: int, exact: Sequence[Fraction], ties: Sequence[tuple[object, ...]]) -> list[int]:
    """`total` shared out in proportion to `exact`, whatever these sum to. Without any of them there is nothing."""
    whole = sum(exact, Fraction())
    return apportion(total, [value * total / whole for value in exact], ties) if whole else [0] * len(exact)


def shares(total: int, weights: Sequence[int], ties: Sequence[tuple[object, ...]]) -> list[int]:
    """`total` shared out in proportion to `weights`."""
    whole = sum(weights)
    if whole == 0:
        return [0] * len(weights)
    return apportion(total, [Fraction(total * weight, whole) for weight in weights], ties)


def cells(rows: Sequence[int], columns: Sequence[int], weights: Sequence[int]) -> list[list[int]]:
    """A table of whole numbers with these sums of rows and columns, nearly in proportion to `weights`.

    For sums that belong together: `columns` shares out the sum of `rows` by `weights`, as `shares()` does it.
    """
    whole = sum(weights)
    table = [[row * weight // whole if whole else 0 for weight in weights] for row in rows]
    left = [row - sum(parts) for row, parts in zip(rows, table, strict=True)]
    under = [column - sum(parts[place] for parts in table) for place, column in enumerate(columns)]
    for parts, open_ in zip(table, left, strict=True):
        for place in range(len(parts)):
            more = min(open_, under[place])
            parts[place] += more
            under[place] -= more
            open_ -= more
    return table


def minor_units(amount: Decimal, currency: str) -> Fraction:
    """An exact amount in minor units, not rounded yet."""
    factor: int = 10 ** exponent(currency)
    return Fraction(amount) * factor


def unit_price(minor: int, currency: str) -> Decimal:
    """A price kept in minor units (a package, an add-on) as the unit price of a line."""
    digits = exponent(currency)
    return Decimal((int(minor < 0), tuple(map(int, str(abs(minor)))), -digits))


def plain(value: Decimal) -> str:
    """One text for one number: no exponent, no trailing zeros. `1.50` and `1.5` are both `1.5`."""
    text = f"{value:f}"
    shown = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if shown in ("-0", "") else shown
