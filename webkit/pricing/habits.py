"""What the documents of an agency carry besides lines: chosen once in its settings, and again on each document.

What a scheme or a currency does not know is neither offered nor applied, whatever was stored under an earlier one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any, ClassVar, TypedDict

from pydantic import ConfigDict, TypeAdapter, ValidationError

from webkit.core.kernel.i18n import gettext as _
from webkit.core.values import dataclass
from webkit.pricing import italian
from webkit.pricing.countries import IT_FLAT, IT_VAT
from webkit.pricing.duties import Fund, Stamp, Withholding
from webkit.pricing.errors import PricingError
from webkit.pricing.terms import STRICT, Exact, Written

COINS = {"AUD": 5, "CHF": 5, "NZD": 10, "DKK": 50, "NOK": 100, "SEK": 100, "CZK": 100, "HUF": 500}
"""The smallest coin that is paid out in cash, in minor units, where it is larger than one. As of November 2026."""
FIVE_CENTS = frozenset(f"eu-{country}" for country in ("be", "ee", "fi", "ie", "lt", "nl", "sk"))
"""Where euros in cash are rounded to five cents; Italy does so too. As of November 2026."""

EURO = "EUR"


class StampBy(StrEnum):
    """Who bears the stamp duty."""

    NOBODY = ""
    CLIENT = "client"
    AGENCY = "agency"


class Parts(TypedDict):
    """Arguments of `Document` that come from an agency's habits."""

    prices_include_tax: bool
    funds: tuple[Fund, ...]
    withholdings: tuple[Withholding, ...]
    stamp: Stamp | None
    split_payment: bool
    cash_rounding: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """What an agency under a scheme may choose from: code and name of funds and withholdings, a coin in minor units."""

    funds: Mapping[str, str]
    withholdings: Mapping[str, str]
    stamp: bool
    split_payment: bool
    coin: int
    tax: bool

    @property
    def duties(self) -> bool:
        """Whether there is anything at all besides the way prices are written."""
        return bool(self.funds or self.withholdings or self.stamp or self.split_payment or self.coin)


def offered(scheme: str, currency: str) -> Offered:
    """Contributions, stamp duty and split payment are Italian; who pays the flat tax has no tax withheld."""
    italy = scheme in (IT_VAT.key, IT_FLAT.key)
    return Offered(
        funds=italian.FUNDS if italy else {},
        withholdings=italian.WITHHOLDINGS if scheme == IT_VAT.key else {},
        stamp=italy and currency == EURO,
        split_payment=scheme == IT_VAT.key,
        coin=_coin(scheme, currency, italy=italy),
        tax=scheme not in ("none", IT_FLAT.key),
    )


def _coin(scheme: str, currency: str, *, italy: bool) -> int:
    if currency == EURO:
        return 5 if italy or scheme in FIVE_CENTS else 0
    return COINS.get(currency, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """What was chosen. Empty codes mean that there is none; percentages are kept beside them for the next time."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    prices_include_tax: bool = False
    fund: str = ""
    fund_percent: Exact = Decimal(4)
    withholding: str = ""
    withholding_percent: Exact = Decimal(20)
    withholding_share: Exact = Decimal(100)
    withholding_reason: str = "A"
    stamp: StampBy = StampBy.NOBODY
    split_payment: bool = False
    cash_rounding: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON, without what is as it is by itself."""
        plain: dict[str, Any] = _adapter().dump_python(self, mode="json")
        usual = _adapter().dump_python(Habits(), mode="json")
        return {name: value for name, value in plain.items() if value != usual[name]}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Habits:
        """What `to_dict()` gave."""
        try:
            return _adapter().validate_python(dict(stored))
        except ValidationError as error:
            raise PricingError(_("These are not stored habits.")) from error

    def known(self, scheme: str, currency: str) -> Habits:
        """Without what this scheme or this currency does not know."""
        here = offered(scheme, currency)
        return replace(
            self,
            prices_include_tax=self.prices_include_tax and here.tax,
            fund=self.fund if self.fund in here.funds else "",
            withholding=self.withholding if self.withholding in here.withholdings else "",
            stamp=self.stamp if here.stamp else StampBy.NOBODY,
            split_payment=self.split_payment and here.split_payment,
            cash_rounding=self.cash_rounding and bool(here.coin),
        )

    def written(self, scheme: str, currency: str) -> Written:
        """How the prices of a new document are written."""
        return Written.GROSS if self.known(scheme, currency).prices_include_tax else Written.NET

    def parts(self, scheme: str, currency: str) -> Parts:
        """For a document under this scheme, in this currency. Raises PricingError for what cannot stand together."""
        mine = self.known(scheme, currency)
        if mine.split_payment and mine.withholding:  # D.L. 12 luglio 2018 n. 87, art. 12
            raise PricingError(_("Fees of which tax is withheld have no split payment."), "split_payment")
        withheld = (mine._withholding(),) if mine.withholding else ()
        return {
            "prices_include_tax": mine.prices_include_tax,
            "funds": mine.contribution(scheme, currency),
            "withholdings": withheld,
            "stamp": italian.stamp(scheme, recharged=mine.stamp is StampBy.CLIENT) if mine.stamp else None,
            "split_payment": mine.split_payment,
            "cash_rounding": offered(scheme, currency).coin if mine.cash_rounding else 0,
        }

    def contribution(self, scheme: str, currency: str) -> tuple[Fund, ...]:
        """What an offer carries of it: the contribution is a part of the price, the rest is a matter of paying."""
        mine = self.known(scheme, currency)
        return (italian.fund(mine.fund, mine.fund_percent, scheme),) if mine.fund else ()

    def _withholding(self) -> Withholding:
        found = italian.withholding(self.withholding, self.withholding_percent, reason=self.withholding_reason)
        return replace(found, share=self.withholding_share)


@cache
def _adapter() -> TypeAdapter[Habits]:
    return TypeAdapter(Habits)
