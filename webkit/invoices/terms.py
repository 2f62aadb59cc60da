"""When an invoice is to be paid: at once, after days, at the end of the month, on a day, or in instalments.

Pure: no database, no clock. A draft keeps `Terms`; issuing resolves them to instalments with days and amounts, which
are frozen with the document. What is open of them follows from what came in and what was credited.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from typing import Any

from webkit.core.kernel.errors import DomainError
from webkit.core.kernel.i18n import format_date, format_decimal, ngettext
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.money import format_money
from webkit.core.values import dataclass
from webkit.pricing.rounding import half_up

MOST_DAYS = 365
MOST_PARTS = 24
HUNDRED = Decimal(100)


class Rule(StrEnum):
    """How a day to pay by follows from the day of issue."""

    RECEIPT = "receipt"
    NET = "net"
    MONTH_END = "month_end"
    DAY = "day"


DEFAULTS = (Rule.NET, Rule.RECEIPT, Rule.MONTH_END)
"""What can be agreed once and for all: a day of the calendar cannot."""


@dataclass(frozen=True, slots=True)
class Due:
    """A day to pay by: `days` after the day of issue or after the end of its month, or the very `day`."""

    rule: Rule
    days: int = 0
    day: date | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.days <= MOST_DAYS:
            raise DomainError(_("Between 0 and %(most)d days, please.", most=MOST_DAYS), "days")
        if (self.rule is Rule.DAY) != (self.day is not None):
            raise DomainError(_("Please say on which day."), "day")

    def on(self, issued: date) -> date:
        """The day for an invoice issued on that one. Raises DomainError for a day that is over."""
        if self.rule is Rule.RECEIPT:
            return issued
        if self.rule is Rule.NET:
            return issued + timedelta(days=self.days)
        if self.rule is Rule.MONTH_END:
            last = calendar.monthrange(issued.year, issued.month)[1]
            return issued.replace(day=last) + timedelta(days=self.days)
        assert self.day is not None  # checked on creation
        if self.day < issued:
            raise DomainError(_("%(day)s is over. Please choose another day to pay by.", day=format_date(self.day)))
        return self.day

    def said(self) -> str:
        """The rule in words, as documents print it."""
        if self.rule is Rule.DAY and self.day is not None:
            return _("on %(day)s", day=format_date(self.day))
        if self.rule is Rule.RECEIPT or (self.rule is Rule.NET and not self.days):
            return _("on receipt")
        if self.rule is Rule.NET:
            return ngettext("%(n)s day", "%(n)s days", self.days)
        if self.days:
            return ngettext("end of month, %(n)s day", "end of month, %(n)s days", self.days)
        return _("end of month")

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {"rule": self.rule.value, "days": self.days, "day": self.day.isoformat() if self.day else ""}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Due:
        """What `to_dict()` gave."""
        day = date.fromisoformat(stored["day"]) if stored["day"] else None
        return cls(Rule(stored["rule"]), stored["days"], day)


@dataclass(frozen=True, slots=True)
class Part:
    """An instalment to be: `percent` of the total, an `amount` in minor units, or, with neither, what remains."""

    due: Due
    percent: Decimal | None = None
    amount: int | None = None
    title: str = ""

    def of(self, total: int) -> int | None:
        """Its amount, None for what remains."""
        if self.percent is not None:
            return half_up(Fraction(self.percent) * total / 100)
        return self.amount

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON, percentages as text."""
        percent = None if self.percent is None else f"{self.percent:f}"
        return {"due": self.due.to_dict(), "percent": percent, "amount": self.amount, "title": self.title}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Part:
        """What `to_dict()` gave."""
        percent = None if stored["percent"] is None else Decimal(stored["percent"])
        return cls(Due.from_dict(stored["due"]), percent, stored["amount"], stored["title"])


@dataclass(frozen=True, slots=True)
class Instalment:
    """So much by that day."""

    amount: int
    due: date
    title: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON, for columns and snapshots."""
        return {"amount": self.amount, "due": self.due.isoformat(), "title": self.title}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Instalment:
        """What `to_dict()` gave."""
        return cls(stored["amount"], date.fromisoformat(stored["due"]), stored["title"])


@dataclass(frozen=True, slots=True)
class Terms:
    """When all of an invoice is due, or, with `parts`, each of its instalments. `words` are printed instead of ours."""

    due: Due
    parts: tuple[Part, ...] = ()
    words: str = ""

    def __post_init__(self) -> None:
        if len(self.parts) == 1:
            raise DomainError(_("Instalments are at least two."), "parts")
        if len(self.parts) > MOST_PARTS:
            raise DomainError(_("At most %(most)d instalments, please.", most=MOST_PARTS), "parts")
        if any(part.percent is None and part.amount is None for part in self.parts[:-1]):
            raise DomainError(_("Only the last instalment may be left open: it is what remains."), "parts")

    @classmethod
    def net(cls, days: int) -> Terms:
        """So many days after the day of issue."""
        return cls(Due(Rule.NET, days))

    def amounts(self, total: int, currency: str) -> list[int]:
        """What each part comes to: together the total to the cent. Raises DomainError when they are something else.

        Percentages make 100; what rounding leaves is in the last part, and so is what remains when it is left open.
        """
        if not self.parts:
            return [total]
        found = [part.of(total) for part in self.parts]
        percents = [part.percent for part in self.parts if part.percent is not None]
        if len(percents) == len(self.parts):
            if (sum_ := sum(percents, Decimal())) != HUNDRED:
                raise DomainError(
                    _("The instalments come to %(sum)s %%, not to 100.", sum=format_decimal(sum_)), "parts"
                )
            found[-1] = None
        before = sum(amount or 0 for amount in found[:-1])
        last = total - before if found[-1] is None else found[-1]
        if before + last != total:
            told = {"sum": format_money(before + last, currency), "total": format_money(total, currency)}
            raise DomainError(_("The instalments come to %(sum)s, the invoice to %(total)s.", **told), "parts")
        amounts = [*(amount or 0 for amount in found[:-1]), last]
        if min(amounts) <= 0:
            raise DomainError(_("Every instalment needs an amount, and nothing may remain less than nothing."), "parts")
        return amounts

    def resolve(self, total: int, currency: str, issued: date) -> tuple[Instalment, ...]:
        """The instalments of an invoice issued on that day, in order; one of all without parts."""
        amounts = self.amounts(total, currency)
        parts = self.parts or (Part(self.due),)
        found = [
            Instalment(amount, part.due.on(issued), part.title) for amount, part in zip(amounts, parts, strict=True)
        ]
        if any(later.due < earlier.due for earlier, later in pairwise(found)):
            raise DomainError(_("An instalment is due before the one above it."), "parts")
        return tuple(found)

    def said(self) -> str:
        """The terms in a few words, as documents print them."""
        if self.words:
            return self.words
        if self.parts:
            return ngettext("in %(n)s instalment", "in %(n)s instalments", len(self.parts))
        return self.due.said()

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON, for the draft's column."""
        return {"due": self.due.to_dict(), "parts": [part.to_dict() for part in self.parts], "words": self.words}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Terms:
        """What `to_dict()` gave."""
        parts = tuple(Part.from_dict(part) for part in stored["parts"])
        return cls(Due.from_dict(stored["due"]), parts, stored["words"])


def open_of(schedule: Sequence[Instalment], received: int, credited: int) -> list[int]:
    """What is left to pay of each instalment.

    Money pays the first ones first; what was credited is taken off the last ones first, so that what is due next stays
    what was agreed.
    """
    kept = [part.amount for part in schedule]
    for index in range(len(kept) - 1, -1, -1):
        off = min(kept[index], credited)
        kept[index], credited = kept[index] - off, credited - off
    for index, amount in enumerate(kept):
        paid = min(amount, received)
        kept[index], received = amount - paid, received - paid
    return kept


def still_open(schedule: Sequence[Instalment], received: int, credited: int) -> tuple[Instalment, ...]:
    """The instalments of which something is left to pay, in order, with what that is."""
    left = zip(open_of(schedule, received, credited), schedule, strict=True)
    return tuple(Instalment(amount, part.due, part.title) for amount, part in left if amount)


def due_on(parts: Iterable[Instalment], today: date) -> int:
    """What should have been paid before that day."""
    return sum(part.amount for part in parts if part.due < today)
