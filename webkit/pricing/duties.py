"""What a document may carry besides its lines: contributions, withholdings, stamp duty, deposits invoiced before.

Where a field is one of EN 16931 its number stands beside it (BT business term, BG group of terms).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from pydantic import ConfigDict

from webkit.core.kernel.currencies import MAX_MINOR
from webkit.core.kernel.i18n import gettext as _
from webkit.core.values import dataclass
from webkit.pricing.errors import PricingError
from webkit.pricing.terms import STRICT, Exact, TaxRate, check_decimal

if TYPE_CHECKING:
    from webkit.pricing.result import Priced

HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fund:
    """A contribution to the seller's pension fund (Italian cassa), a percentage of the fees: it raises the tax base.

    `code` is the fund's (TC01 to TC22), `rate` the tax on the contribution, `withheld` whether tax is withheld on it
    too. In EN 16931 it is a charge on the document: BG-21 with BT-99 amount, BT-100 base, BT-101 percentage,
    BT-102/103 category and rate, BT-104 reason.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    code: str
    percent: Exact
    rate: TaxRate
    label: str = ""
    withheld: bool = False

    def __post_init__(self) -> None:
        _check_percent(self.percent, "fund")
        _check_code(self.code, "fund")


@dataclass(frozen=True, slots=True, kw_only=True)
class Withholding:
    """Tax or a contribution that the client keeps back and pays for the seller (Italian ritenuta).

    `code` is RT01 to RT06, `reason` the letter of the yearly statement, `share` the part of the fees it is taken of.
    EN 16931 knows none: it lowers what is paid, not BT-115.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    code: str
    percent: Exact
    share: Exact = HUNDRED
    reason: str = ""

    def __post_init__(self) -> None:
        _check_percent(self.percent, "withholding")
        _check_percent(self.share, "withholding")
        _check_code(self.code, "withholding")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """Duty of a fixed `amount` on documents with more than `over` at rates with one of these codes (Italian bollo).

    `recharged` puts it on the client's bill at `rate`: in EN 16931 a charge, BG-21. Otherwise the seller bears it,
    and the document only says so.
    """

    amount: int
    over: int
    codes: frozenset[str]
    rate: TaxRate
    currency: str
    recharged: bool = True

    def __post_init__(self) -> None:
        if not 0 < self.amount <= MAX_MINOR or self.over < 0 or self.rate.percent != 0:
            raise PricingError(_("This is not a stamp duty."), "stamp")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeductedTax:
    """What was invoiced before at one rate: `base` without tax, and exactly the `tax` that stood on that invoice.

    Of these `costs` and `costs_tax` are what was passed on: nothing is withheld of it.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    rate: TaxRate
    base: int
    tax: int
    costs: int = 0
    costs_tax: int = 0

    @property
    def gross(self) -> int:
        """Base and tax."""
        return self.base + self.tax


@dataclass(frozen=True, slots=True, kw_only=True)
class DeductedDuty:
    """The part of a fund or of a withholding that an earlier invoice has had already."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    code: str
    base: int
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Deduction:
    """A deposit invoice that the final one takes off, with its tax. `number` and `issued` name it: BT-25 and BT-26.

    Nothing of it is computed again: deposit and final invoice together are the whole to the cent.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    number: str
    issued: str
    taxes: tuple[DeductedTax, ...]
    funds: tuple[DeductedDuty, ...] = ()
    withheld: tuple[DeductedDuty, ...] = ()

    @classmethod
    def of(cls, deposit: Priced, number: str, issued: date) -> Deduction:
        """What the final invoice takes off for this deposit invoice; its stamp duty was its own and stays there."""
        stamp = deposit.stamp.rate if deposit.stamp and deposit.stamp.recharged else None
        paid = deposit.stamp.amount if deposit.stamp else 0
        costs = [line for line in deposit.lines if line.passed_on]
        parts = (
            DeductedTax(
                rate=tax.rate,
                base=tax.base - (paid if tax.rate == stamp else 0),
                tax=tax.tax,
                costs=sum(line.net for line in costs if line.rate == tax.rate),
                costs_tax=sum(line.tax for line in costs if line.rate == tax.rate),
            )
            for tax in deposit.taxes
        )
        return cls(
            number=number,
            issued=issued.isoformat(),
            taxes=tuple(part for part in parts if part.base or part.tax),
            funds=tuple(DeductedDuty(code=f.code, base=f.base - f.deducted_base, amount=f.due) for f in deposit.funds),
            withheld=tuple(
                DeductedDuty(code=w.code, base=w.base - w.deducted_base, amount=w.due) for w in deposit.withholdings
            ),
        )

    @property
    def base(self) -> int:
        """What it takes off before tax."""
        return sum(each.base for each in self.taxes)

    @property
    def gross(self) -> int:
        """What it takes off, tax included."""
        return sum(each.gross for each in self.taxes)


def check_once(codes: Iterable[str], field: str) -> None:
    """Each fund and each kind of withholding stands on a document once."""
    known = list(codes)
    if len(set(known)) != len(known):
        raise PricingError(_("The same contribution or withholding is there twice."), field)


def _check_percent(value: Decimal, field: str) -> None:
    check_decimal(value, field, limit=HUNDRED)
    if value <= 0:
        raise PricingError(_("A percentage lies between 0 and 100."), field)


def _check_code(code: str, field: str) -> None:
    if not code.strip():
        raise PricingError(_("A contribution or withholding needs its code."), field)
