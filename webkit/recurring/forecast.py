"""What lies ahead: the rules that run, asked with a clock that moves. Nothing is written, nothing is sent.

`simulate` is pure; `twelve_months` gathers what it needs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import field, replace
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from webkit.agencies import service as agencies
from webkit.charges import service as charges
from webkit.charges.service import Schedule
from webkit.clients import service as clients
from webkit.clients.service import ClientView
from webkit.core.kernel import clock
from webkit.core.kernel.errors import DomainError
from webkit.core.kernel.i18n import gettext as _
from webkit.core.values import dataclass
from webkit.invoices import service as invoices
from webkit.invoices.service import Figures, InvoiceView
from webkit.pricing import find
from webkit.recurring import dunning, models, planning, steps
from webkit.recurring.calendar import Course, in_months
from webkit.recurring.dunning import Policy
from webkit.recurring.models import FeeMode, PlanState
from webkit.recurring.steps import Charges, Fee, Reminder
from webkit.recurring.views import PlanView, PriceView, in_force

MONTHS = 12
MOST_PLANS, MOST_OPEN = 500, 100
"""So many plans and open invoices a page looks at."""


class Kind(StrEnum):
    """What happens: an invoice goes out or is drafted, it is charged by itself, a client is reminded, a late fee is
    charged."""

    ISSUE = "issue"
    DRAFT = "draft"
    REMIND = "remind"
    FEE = "fee"
    CHARGE = "charge"


BILLS = frozenset({Kind.ISSUE, Kind.DRAFT})
MAILED = frozenset({Kind.ISSUE, Kind.REMIND, Kind.CHARGE})
"""What brings the client a mail: of a charge it is the receipt, or what went wrong."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """Something that will happen `at` a moment, `on` a day of the agency's. `amount` is in minor units.

    Charges, reminders and fees come unless the invoice is paid; `problem` says why an invoice could not be made.
    """

    at: datetime
    on: date
    kind: Kind
    client_id: UUID
    title: str
    currency: str
    amount: int
    plan_id: UUID | None = None
    invoice_id: UUID | None = None
    days: int = 0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Rules:
    """Everything that decides what happens to invoices once they are there."""

    policy: Policy
    dues: Callable[[PlanView, int, date], Sequence[tuple[int, date]]]
    """What an invoice of a plan asks for by when: amounts and days."""
    price: Callable[[PlanView, PriceView, date], int]
    """What it asks for. Raises DomainError where it cannot be computed."""
    charges: Charges = field(default_factory=Charges)
    charges_currency: str = ""
    collecting: Schedule = field(default_factory=Schedule)
    """When what is charged by itself is charged."""


@dataclass(frozen=True, slots=True)
class Running:
    """A plan that bills: its calendar from the next period on, without days that are left out."""

    plan: PlanView
    course: Course
    skipped: frozenset[date] = frozenset()


def simulate(running: Sequence[Running], rules: Rules, now: datetime, end: datetime) -> Iterator[Ahead]:
    """What these plans will do until a moment, and what follows if nobody pays; plan by plan."""
    for each in running:
        for period in each.course.until_moment(rules.policy.home, 0, end):
            if period.on not in each.skipped:
                yield from _billed(each.plan, period.on, max(period.at, now), rules, end)


def _billed(plan: PlanView, on: date, at: datetime, rules: Rules, end: datetime) -> Iterator[Ahead]:
    """An invoice of a plan and the reminders of it; a draft waits for a person, and nobody is reminded of it."""
    issued = at.astimezone(rules.policy.home).date()
    kind = Kind.ISSUE if plan.issues else Kind.DRAFT
    price, problem = in_force(plan.prices, on), ""
    try:
        amount = rules.price(plan, price, issued)
    except DomainError as error:
        amount, problem = price.total, error.message
    yield Ahead(at, issued, kind, plan.client_id, plan.name, plan.currency, amount, plan_id=plan.id, problem=problem)
    if not plan.issues or problem:
        return
    parts, zone = rules.dues(plan, amount, issued), rules.policy.zone(plan.client_id)
    tries: Sequence[datetime] = ()
    if plan.charges and amount > 0:
        tries = charges.tries(issued, [day for _minor, day in parts], rules.collecting, rules.policy.home)
    asked = Asked(plan.client_id, plan.name, plan.currency, parts, (), plan_id=plan.id)
    yield from charged(asked, tries, rules, end)
    if plan.client_id in rules.policy.off:
        return
    planned = steps.schedule([day for _amount, day in parts], rules.policy.steps, rules.policy.window, zone, issued)
    yield from reminded(replace(asked, planned=planned), rules, after(tries, at), end)


def charged(asked: Asked, tries: Sequence[datetime], rules: Rules, end: datetime) -> Iterator[Ahead]:
    """What is still to be tried of an invoice that is charged by itself, if nobody pays."""
    for at in tries:
        if at <= end:
            on = at.astimezone(rules.policy.home).date()
            yield _of(asked, at, on, Kind.CHARGE, charges.amount(asked.parts, on), 0)


def after(tries: Sequence[datetime], now: datetime) -> datetime:
    """From when on reminders go out: what is charged by itself keeps them back."""
    return max(now, charges.over(tries)) if tries else now


@dataclass(frozen=True, slots=True)
class Asked:
    """An invoice that waits: what it asks for by when, the reminders it could bring, and what was done already."""

    client_id: UUID
    title: str
    currency: str
    parts: Sequence[tuple[int, date]]
    planned: Sequence[Reminder]
    done: Collection[tuple[date, int]] = ()
    charged: tuple[date, ...] = ()
    plan_id: UUID | None = None
    invoice_id: UUID | None = None


def reminded(asked: Asked, rules: Rules, now: datetime, end: datetime) -> Iterator[Ahead]:
    """The reminders and fees of an invoice until a moment, if nobody pays."""
    home, charged = rules.policy.home, list(asked.charged)
    zone, total = rules.policy.zone(asked.client_id), sum(amount for amount, _day in asked.parts)
    for at, reminder in steps.ahead(asked.planned, asked.done, rules.policy.window, now, zone):
        if at > end:
            return
        on = at.astimezone(home).date()
        if reminder.fee and (fee := _fee(asked, reminder, rules, charged, on)).total > 0:
            charged.append(on)
            yield _of(asked, at, on, Kind.FEE, fee.total, reminder.days)
        late = sum(amount for amount, day in asked.parts if day < on)
        yield _of(asked, at, on, Kind.REMIND, late or total, reminder.days)


def _fee(asked: Asked, reminder: Reminder, rules: Rules, charged: Collection[date], on: date) -> Fee:
    return steps.fee(asked.parts, _charges(asked, rules), charged, reminder.on(rules.policy.home), on)


def _charges(asked: Asked, rules: Rules) -> Charges:
    if asked.currency == rules.charges_currency:
        return rules.charges
    return Charges(0, rules.charges.percent)


def _of(asked: Asked, at: datetime, on: date, kind: Kind, amount: int, days: int) -> Ahead:
    return Ahead(
        at, on, kind, asked.client_id, asked.title, asked.currency, amount, asked.plan_id, asked.invoice_id, days
    )


# --- for a page --------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Month:
    """A month ahead: sums of what will be billed, by currency, and how often what happens."""

    first: date
    counts: dict[Kind, int] = field(default_factory=lambda: defaultdict(int))
    sums: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def mails(self) -> int:
        """How many mails go to clients."""
        return sum(self.counts[kind] for kind in MAILED)

    @property
    def billed(self) -> int:
        """How many invoices are made by plans."""
        return self.counts[Kind.ISSUE] + self.counts[Kind.DRAFT]


@dataclass(frozen=True, slots=True)
class Forecast:
    """The months ahead and everything in them, in order; `cut` when there was more than a page looks at."""

    months: list[Month]
    ahead: list[Ahead]
    cut: bool
    paused: int


def twelve_months(plan_id: UUID | None = None) -> Forecast:
    """What happens in the twelve months ahead: in the agency, or because of one plan."""
    return look_ahead(MONTHS, plan_id)


def look_ahead(months: int, plan_id: UUID | None = None) -> Forecast:
    """The same for so many months."""
    now, policy = clock.now(), dunning.policy()
    today = now.astimezone(policy.home).date()
    end = datetime.combine(in_months(today, months), datetime.min.time(), policy.home)
    plans = [planning.get(plan_id)] if plan_id else planning.page(limit=MOST_PLANS, state=PlanState.ACTIVE)
    rules = rules_of(policy, {plan.client_id for plan in plans})
    running = [_running(plan, today) for plan in plans if plan.state is PlanState.ACTIVE]
    found = list(simulate(running, rules, now, end))
    open_ = [] if plan_id else models.looked_at_next(MOST_OPEN)
    for asked, tries in _asked_of(open_, policy, now):
        found += charged(asked, tries, rules, end)
        found += reminded(asked, rules, after(tries, now), end)
    found.sort(key=lambda each: (each.at, each.kind, str(each.plan_id), each.days))
    cut = len(plans) == MOST_PLANS or len(open_) == MOST_OPEN
    paused = 0 if plan_id else models.counts().get(PlanState.PAUSED, 0)
    return Forecast(months_of(found, today, months), found, cut, paused)


@dataclass(frozen=True, slots=True)
class ToCome:
    """What plans will ask for by a day, in invoices not issued yet; the `first` of its parts counts the invoice."""

    currency: str
    day: date
    amount: int
    first: bool


def to_come(months: int = MONTHS) -> list[ToCome]:
    """What the plans that run will issue in so many months, by the days it is to be paid."""
    now, policy = clock.now(), dunning.policy()
    today = now.astimezone(policy.home).date()
    end = datetime.combine(in_months(today, months), datetime.min.time(), policy.home)
    plans = {plan.id: plan for plan in planning.page(limit=MOST_PLANS, state=PlanState.ACTIVE)}
    if not plans:
        return []
    rules = replace(rules_of(policy, {plan.client_id for plan in plans.values()}), policy=replace(policy, steps=()))
    found: list[ToCome] = []
    for each in simulate([_running(plan, today) for plan in plans.values()], rules, now, end):
        if each.kind is Kind.ISSUE and not each.problem and each.plan_id is not None:
            parts = rules.dues(plans[each.plan_id], each.amount, each.on)
            found += [ToCome(each.currency, day, minor, place == 0) for place, (minor, day) in enumerate(parts)]
    return found


def months_of(found: Sequence[Ahead], today: date, months: int = MONTHS) -> list[Month]:
    """The sums of each month from this one on."""
    first = today.replace(day=1)
    known = {day: Month(day) for day in (in_months(first, n) for n in range(months + 1))}
    for each in found:
        month = known[each.on.replace(day=1)]
        month.counts[each.kind] += 1
        if each.kind in BILLS and not each.problem:
            month.sums[each.currency] += each.amount
    return list(known.values())


def _running(plan: PlanView, today: date) -> Running:
    assert plan.next_on is not None  # it bills
    skipped = models.skipped_from(plan.id, plan.next_on) if plan.next_on <= today else []
    return Running(plan, planning.course_of(plan), frozenset(skipped))


def _asked_of(invoice_ids: Sequence[UUID], policy: Policy, now: datetime) -> Iterator[tuple[Asked, Sequence[datetime]]]:
    """The invoices among these that wait, what was done about them, and when they are still charged by themselves."""
    collected = charges.of_several(invoice_ids)
    done: dict[UUID, set[tuple[date, int]]] = defaultdict(set)
    fees: dict[UUID, list[date]] = defaultdict(list)
    for sent in models.sent_of(invoice_ids):
        done[sent.invoice_id].add((sent.due, sent.days))
    for fee in models.fees_of(invoice_ids):
        fees[fee.invoice_id].append(fee.until)
    known = invoices.several(invoice_ids)
    for invoice_id in invoice_ids:
        if (invoice := known.get(invoice_id)) is None:
            continue
        if dunning.waits(invoice) and invoice.client_id not in policy.off:
            row, tries = collected.get(invoice_id), list[datetime]()
            if row is not None and row.look_at is not None:
                tries = charges.ahead(row.planned, row.look_at, now)
            yield _asked(invoice, policy, done[invoice_id], tuple(fees[invoice_id])), tries


def _asked(
    invoice: InvoiceView, policy: Policy, done: Collection[tuple[date, int]], charged: tuple[date, ...]
) -> Asked:
    planned = dunning.open_plan(invoice, dunning.plan_of(invoice, policy))
    return Asked(
        invoice.client_id,
        f"{invoice.number} · {invoice.title}",
        invoice.currency,
        [(part.amount, part.due) for part in invoice.instalments],
        planned,
        done,
        charged,
        invoice_id=invoice.id,
    )


def rules_of(policy: Policy, client_ids: Collection[UUID]) -> Rules:
    """The rules of the agency whose door is open."""
    settings, profile = models.settings(), agencies.profile()
    fees = settings is not None and settings.fee_mode is not FeeMode.NONE
    costs = dunning.charges(settings, settings.fee_currency) if settings and fees else Charges()
    known = clients.several(client_ids)
    currency = settings.fee_currency if settings else ""
    return Rules(policy, _dues(profile, known), _price(profile, known), costs, currency, charges.schedule())


def _dues(
    profile: agencies.AgencyProfile, known: Mapping[UUID, ClientView]
) -> Callable[[PlanView, int, date], Sequence[tuple[int, date]]]:
    def dues(plan: PlanView, total: int, day: date) -> Sequence[tuple[int, date]]:
        terms = invoices.usual_terms(profile, known[plan.client_id], plan.payment_days)
        return [(part.amount, part.due) for part in terms.resolve(total, plan.currency, day)]

    return dues


def _price(
    profile: agencies.AgencyProfile, known: Mapping[UUID, ClientView]
) -> Callable[[PlanView, PriceView, date], int]:
    """What prices come to on a day; computed once for days with the same rates."""
    scheme, kept = find(profile.tax_scheme), dict[tuple[UUID, tuple[str, ...]], int]()

    def price(plan: PlanView, of: PriceView, day: date) -> int:
        if plan.issues and not known[plan.client_id].email:
            raise DomainError(_("The client has no e-mail address."))
        if plan.currency != profile.currency:
            raise DomainError(_("Its prices are in %(then)s.", then=plan.currency))
        key = (of.id, tuple(row.key for row in scheme.rates(day)))
        if key not in kept:
            lines = [invoices.read_line(line) for line in of.lines]
            priced = invoices.price(lines, profile, Figures.from_dict(of.figures), plan.currency, on=day)
            kept[key] = priced.totals.payable
        return kept[key]

    return price
