"""Plans as people read them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from webkit.core.kernel.errors import NotFound
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.i18n import ngettext
from webkit.core.values import dataclass
from webkit.recurring import models
from webkit.recurring.calendar import Unit
from webkit.recurring.models import Outcome, PlanState, RecurringPlan, RecurringPrice

PLACEHOLDER = re.compile(r"\{(from|to|month|year)\}")


@dataclass(frozen=True, slots=True)
class PriceView:
    """What a plan asks for from a day on; `total` in minor units of `currency` as it was when written."""

    id: UUID
    since: date
    lines: list[dict[str, Any]]
    figures: dict[str, Any]
    total: int
    currency: str


@dataclass(frozen=True, slots=True)
class PlanView:
    """A plan; `done` periods are behind it, `total` is what its next invoice asks for."""

    id: UUID
    client_id: UUID
    title: str
    note: str
    payment_days: int
    currency: str
    issues: bool
    charges: bool
    state: PlanState
    revision: int
    unit: Unit
    every: int
    day: int
    hour: int
    arrears: bool
    until: date | None
    times: int | None
    done: int
    next_on: date | None
    paused_at: datetime | None
    problem: str
    created_at: datetime
    prices: tuple[PriceView, ...]

    @property
    def price(self) -> PriceView:
        """What its next invoice asks for."""
        return in_force(self.prices, self.next_on or date.max)

    @property
    def total(self) -> int:
        """The same in minor units, as it was when written."""
        return self.price.total

    @property
    def name(self) -> str:
        """Its title without what each invoice fills in."""
        return name_of(self.title)

    @property
    def said(self) -> str:
        """Its rhythm in a few words."""
        return said(self.unit, self.every)


@dataclass(frozen=True, slots=True)
class PeriodView:
    """A period that was dealt with."""

    on: date
    outcome: Outcome
    invoice_id: UUID | None
    total: int
    currency: str


def name_of(title: str) -> str:
    """What a plan is called: its title without the words that each invoice fills in."""
    return " ".join(PLACEHOLDER.sub(" ", title).split()).strip(" ,;:-–") or title


def said(unit: Unit, every: int) -> str:
    """A rhythm in a few words."""
    words = {
        Unit.WEEK: ngettext("every week", "every %(n)s weeks", every),
        Unit.MONTH: ngettext("every month", "every %(n)s months", every),
        Unit.QUARTER: ngettext("every quarter", "every %(n)s quarters", every),
        Unit.YEAR: ngettext("every year", "every %(n)s years", every),
    }
    return words[unit]


def in_force(prices: Sequence[PriceView], on: date) -> PriceView:
    """What is asked for on a day: the latest that had begun, the first before any has."""
    begun = [price for price in prices if price.since <= on]
    return begun[-1] if begun else prices[0]


def found(plan: RecurringPlan | None) -> RecurringPlan:
    """The plan. Raises NotFound."""
    if plan is None:
        raise NotFound(_("There is no such plan."))
    return plan


def view(plan: RecurringPlan, prices: Sequence[RecurringPrice]) -> PlanView:
    """A stored plan as staff see it."""
    return PlanView(
        id=plan.id,
        client_id=plan.client_id,
        title=plan.title,
        note=plan.note,
        payment_days=plan.payment_days,
        currency=plan.currency,
        issues=plan.issues,
        charges=plan.charges,
        state=plan.state,
        revision=plan.revision,
        unit=plan.unit,
        every=plan.every,
        day=plan.day,
        hour=plan.hour,
        arrears=plan.arrears,
        until=plan.until,
        times=plan.times,
        done=plan.before + plan.place,
        next_on=plan.next_on,
        paused_at=plan.paused_at,
        problem=plan.problem,
        created_at=plan.created_at,
        prices=tuple(price_view(price) for price in prices),
    )


def price_view(price: RecurringPrice) -> PriceView:
    """A stored price as staff see it."""
    return PriceView(price.id, price.since, price.lines, price.figures, price.total_minor, price.currency)


def views(plans: Sequence[RecurringPlan]) -> list[PlanView]:
    """Stored plans as staff see them."""
    prices = models.prices(plan.id for plan in plans)
    return [view(plan, prices[plan.id]) for plan in plans]
