"""Plans: made, changed, paused, ended. What was billed stays as it is; a change counts from the next period on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from webkit.agencies import service as agencies
from webkit.clients import service as clients
from webkit.core.kernel import clock, events, once
from webkit.core.kernel.db import writes
from webkit.core.kernel.errors import Conflict, DomainError, NotFound
from webkit.core.kernel.i18n import format_date
from webkit.core.kernel.i18n import gettext as _
from webkit.core.values import dataclass
from webkit.invoices import service as invoices
from webkit.invoices.service import Figures, LineInput
from webkit.recurring import models
from webkit.recurring.calendar import Course, Period, Rhythm
from webkit.recurring.models import Outcome, PlanState, RecurringPeriod, RecurringPlan, RecurringPrice
from webkit.recurring.views import PeriodView, PlanView, found, in_force, name_of, view, views

KIND, SYSTEM = "recurring", "system"
PAST = timedelta(days=92)
"""A plan begins no earlier: a year typed wrongly would send dozens of invoices at once."""
MOST_SKIPPED, MOST_PRICES, MOST_OF_CLIENT = 6000, 60, 100


@dataclass(frozen=True, slots=True)
class PlanInput:
    """Everything staff decide about a plan; `rhythm.start` is the day of its next invoice, `times` counts all."""

    client_id: UUID
    title: str
    lines: tuple[LineInput, ...]
    figures: Figures
    total: int
    rhythm: Rhythm
    arrears: bool = False
    until: date | None = None
    times: int | None = None
    issues: bool = False
    charges: bool = False
    payment_days: int = 14
    note: str = field(default="")


def zone() -> ZoneInfo:
    """Where the agency's clocks hang."""
    return ZoneInfo(agencies.here().timezone)


@writes
def create(given: PlanInput, actor: str, once_key: str = "") -> UUID:
    """A new plan, or the one this form already made. Raises DomainError for one that would never bill."""
    if known := once.result(once_key):
        return UUID(known)
    client = clients.get(given.client_id)
    if not client.active:
        raise DomainError(_("%(client)s is archived. Bring the client back first.", client=client.name), "client_id")
    _demand_near(given, None)
    plan = RecurringPlan(
        client_id=client.id, currency=agencies.here().currency, before=0, next_on=None, **_head(given), **_course(given)
    )
    plan.next_on = _next(plan)
    _demand_some(plan)
    plan_id = models.add(plan)
    models.add(_price(plan_id, plan.next_on or given.rhythm.start, given))
    once.keep(once_key, str(plan_id))
    _record("recurring.started", plan, actor)
    return plan_id


@writes
def save(plan_id: UUID, revision: int, given: PlanInput, actor: str) -> None:
    """Change a plan from its next period on; it keeps its client, and bills in the agency's currency of today.

    Raises Conflict when somebody else changed it since `revision`, or it has ended; DomainError for a day that was
    billed already.
    """
    plan = _held(plan_id, revision)
    last = models.last_on(plan_id)
    _demand_near(given, plan.next_on)
    done, currency = plan.before + plan.place, agencies.here().currency
    for name, value in {**_head(given), **_course(given)}.items():
        setattr(plan, name, value)
    elsewhere = plan.currency != currency
    plan.before, plan.place, plan.currency = done, 0, currency
    plan.problem, plan.held_until = "", None
    plan.next_on = _next(plan)
    _demand_some(plan)
    if last is not None and plan.next_on is not None and plan.next_on <= last:
        told = {"day": format_date(last)}
        raise DomainError(_("%(day)s was dealt with already. The next invoice comes after it.", **told), "start")
    if elsewhere:
        _drop_later(plan)
    _put_price(plan, given)
    _record("recurring.changed", plan, actor)


@writes
def change_price(plan_id: UUID, revision: int, since: date, given: PlanInput, actor: str) -> None:
    """Ask for something else from a day on. Raises DomainError for a day before the next invoice."""
    plan = _held(plan_id, revision)
    if plan.next_on is None or since < plan.next_on:
        day = format_date(plan.next_on) if plan.next_on else ""
        raise DomainError(_("The next invoice is that of %(day)s: new prices begin then or later.", day=day), "since")
    if plan.currency != agencies.here().currency:
        raise Conflict(_("Its prices are in %(then)s. Change the plan first.", then=plan.currency))
    every = models.prices([plan_id])[plan_id]
    known = next((price for price in every if price.since == since), None)
    if known is None and len(every) >= MOST_PRICES:
        raise Conflict(_("There are %(n)s prices already. Delete one that has not begun.", n=MOST_PRICES))
    if known is None:
        models.add(_price(plan_id, since, given))
    else:
        _write(known, given)
    _record("recurring.price", plan, actor, since=format_date(since), total_minor=given.total)


@writes
def drop_price(plan_id: UUID, price_id: UUID, actor: str) -> None:
    """Take back new prices that have not begun."""
    plan = found(models.locked(plan_id))
    every = models.prices([plan_id])[plan_id]
    price = next((each for each in every if each.id == price_id), None)
    if price is None:
        raise NotFound(_("There are no such prices."))
    if price is every[0] or plan.next_on is None or price.since <= plan.next_on:
        raise Conflict(_("These prices have begun. Change the plan instead."))
    models.delete(price)
    plan.revision += 1
    _record("recurring.price_dropped", plan, actor, since=format_date(price.since))


@writes
def pause(plan_id: UUID, actor: str, why: str = "") -> None:
    """Bill nothing until somebody goes on; paused twice it is paused once."""
    plan = found(models.locked(plan_id))
    if plan.state is PlanState.ENDED:
        raise Conflict(_("This plan has ended."))
    if plan.state is PlanState.ACTIVE:
        plan.state, plan.paused_at, plan.problem, plan.held_until = PlanState.PAUSED, clock.now(), why, None
        plan.revision += 1
        _record("recurring.paused", plan, actor)


@writes
def resume(plan_id: UUID, actor: str, *, missed: bool = False) -> None:
    """Go on. What fell due meanwhile is left out for good, or billed now where `missed` says so."""
    plan = found(models.locked(plan_id))
    if plan.state is not PlanState.PAUSED:
        return
    client = clients.get(plan.client_id)
    if not client.active:
        raise Conflict(_("%(client)s is archived. Bring the client back first.", client=client.name))
    skipped = 0
    if not missed:
        skipped = _skip(plan)
    plan.state = PlanState.ACTIVE if plan.next_on else PlanState.ENDED
    plan.paused_at, plan.problem = None, ""
    plan.revision += 1
    _record("recurring.resumed", plan, actor, skipped=skipped)


def _skip(plan: RecurringPlan) -> int:
    """Leave out what fell due while it was paused; what was due before is still billed."""
    count = 0
    for period in plan.course.until_moment(zone(), plan.place, clock.now()):
        if plan.paused_at is not None and period.at >= plan.paused_at and count < MOST_SKIPPED:
            if models.period(plan.id, period.on) is None:
                models.add(RecurringPeriod(plan_id=plan.id, on=period.on, outcome=Outcome.SKIPPED))
            count += 1
    while models.period(plan.id, plan.next_on or date.max) is not None and go_on(plan) is not None:
        pass
    return count


def go_on(plan: RecurringPlan) -> Period | None:
    """Take the next period of a plan that is locked; None when there is none, and the plan has ended."""
    plan.place += 1
    following = plan.course.period(plan.place, zone())
    if following is None:
        plan.state, plan.next_on = PlanState.ENDED, None
        _record("recurring.ended", plan, SYSTEM)
    else:
        plan.next_on = following.on
    return following


@writes
def end(plan_id: UUID, actor: str) -> None:
    """Bill nothing any more; ended twice it is ended once."""
    plan = found(models.locked(plan_id))
    if plan.state is not PlanState.ENDED:
        plan.state, plan.next_on, plan.problem, plan.held_until = PlanState.ENDED, None, "", None
        plan.revision += 1
        _record("recurring.ended", plan, actor)


def get(plan_id: UUID) -> PlanView:
    """One plan of the agency. Raises NotFound."""
    plan = found(models.plan(plan_id))
    return view(plan, models.prices([plan_id])[plan_id])


def page(*, limit: int, state: PlanState | None = None, before: UUID | None = None) -> list[PlanView]:
    """Newest first."""
    return views(models.plans(state=state, before=before, limit=limit))


def of_client(client_id: UUID) -> list[PlanView]:
    """Those of a client, newest first."""
    return views(models.plans(client_id=client_id, limit=MOST_OF_CLIENT))


def history(plan_id: UUID, limit: int = 60) -> list[PeriodView]:
    """The periods that were dealt with, newest first."""
    rows = models.periods(plan_id, limit)
    return [PeriodView(row.on, row.outcome, row.invoice_id, row.total_minor, row.currency) for row in rows]


def course_of(plan: PlanView) -> Course:
    """Its calendar from its next period on."""
    assert plan.next_on is not None  # it has not ended
    day = plan.day or plan.next_on.day
    rhythm = Rhythm(plan.next_on, plan.unit, plan.every, day, plan.hour)
    return Course(rhythm, plan.arrears, plan.until, None if plan.times is None else plan.times - plan.done)


def _held(plan_id: UUID, revision: int) -> RecurringPlan:
    """The plan, locked, for whoever saw it as it is. Its revision goes on."""
    plan = found(models.locked(plan_id))
    if plan.state is PlanState.ENDED:
        raise Conflict(_("This plan has ended and cannot be changed. Nothing was saved."))
    if plan.revision != revision:
        raise Conflict(
            _("This plan has billed or was changed since you opened it. Your text is still here, not saved.")
        )
    plan.revision += 1
    return plan


def _head(given: PlanInput) -> dict[str, Any]:
    return {
        "title": given.title, "note": given.note, "payment_days": given.payment_days, "issues": given.issues,
        "charges": given.issues and given.charges,
    }  # fmt: skip


def _course(given: PlanInput) -> dict[str, Any]:
    rhythm = given.rhythm
    return {
        "unit": rhythm.unit,
        "every": rhythm.every,
        "day": rhythm.day or rhythm.start.day,
        "hour": rhythm.hour,
        "start": rhythm.start,
        "arrears": given.arrears,
        "until": given.until,
        "times": given.times,
    }


def _next(plan: RecurringPlan) -> date | None:
    period = plan.course.period(plan.place or 0, zone())
    return period.on if period else None


def _demand_near(given: PlanInput, usual: date | None) -> None:
    start = given.rhythm.start
    if start < agencies.today() - PAST and start != usual:
        day = format_date(agencies.today() - PAST)
        raise DomainError(_("This is long ago. A plan begins on %(day)s at the earliest.", day=day), "start")


def _demand_some(plan: RecurringPlan) -> None:
    if plan.next_on is None:
        over = plan.times is not None and plan.times <= plan.before
        name = "until" if plan.until and not over else "times"
        raise DomainError(_("This ends before its next invoice: nothing would be billed."), name)


def _put_price(plan: RecurringPlan, given: PlanInput) -> None:
    """What is typed replaces what is in force for the next period; what went before stays for the record."""
    every = models.prices([plan.id])[plan.id]
    assert plan.next_on is not None  # asked for before
    current = in_force(view(plan, every).prices, plan.next_on)
    row = next(each for each in every if each.id == current.id)
    if models.last_on(plan.id) is None or row.since == plan.next_on or _says(row, given):
        _write(row, given)
    else:
        models.add(_price(plan.id, plan.next_on, given))


def _drop_later(plan: RecurringPlan) -> None:
    """Prices that have not begun are in a currency the agency has left."""
    for price in models.prices([plan.id])[plan.id][1:]:
        if plan.next_on is not None and price.since > plan.next_on:
            models.delete(price)


def _says(price: RecurringPrice, given: PlanInput) -> bool:
    return (price.lines, price.figures) == (_lines(given.lines), given.figures.to_dict())


def _write(price: RecurringPrice, given: PlanInput) -> None:
    price.lines, price.figures = _lines(given.lines), given.figures.to_dict()
    price.total_minor, price.currency = given.total, agencies.here().currency


def _price(plan_id: UUID, since: date, given: PlanInput) -> RecurringPrice:
    return RecurringPrice(
        plan_id=plan_id,
        since=since,
        lines=_lines(given.lines),
        figures=given.figures.to_dict(),
        total_minor=given.total,
        currency=agencies.here().currency,
    )


def _lines(lines: Sequence[LineInput]) -> list[dict[str, Any]]:
    return [invoices.stored_line(line) for line in lines]


def _record(kind: str, plan: RecurringPlan, actor: str, **facts: Any) -> None:
    about, title = (events.ref("client", plan.client_id),), {"title": name_of(plan.title)}
    events.record(kind, events.ref(KIND, plan.id), {"actor": actor, **facts}, personal=title, about=about)
