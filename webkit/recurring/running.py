"""Plans that run: each period becomes one invoice, in order, however late the clock is looked at."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from webkit.agencies import service as agencies
from webkit.charges import service as charges
from webkit.clients import service as clients
from webkit.clients.service import ClientView
from webkit.core.kernel import clock, events
from webkit.core.kernel.db import writes
from webkit.core.kernel.errors import DomainError
from webkit.core.kernel.i18n import format_date, use_locale
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.money import format_money
from webkit.invoices import service as invoices
from webkit.invoices.service import Figures, InvoiceInput, LineInput
from webkit.recurring import mails, models, planning
from webkit.recurring.calendar import Period
from webkit.recurring.models import Outcome, PlanState, RecurringPeriod, RecurringPlan
from webkit.recurring.views import in_force, name_of, price_view

PAUSE, SOON = timedelta(hours=6), timedelta(minutes=15)
"""After which a plan that could not bill tries again; where nobody knows why, soon."""
WORDS = ("{from}", "{to}", "{month}", "{year}")
"""What titles and lines may say of the period they bill."""


def advance(plan_id: UUID) -> bool:
    """Bill the next period of a plan if it is due; True when the one after it is due too. A plan that cannot bill says
    why and is left alone for a while: nothing of the period remains."""
    try:
        return _advance(plan_id)
    except DomainError as error:
        _hold(plan_id, error.message)
        return False
    except Exception:
        _hold(plan_id, _("Something unexpected happened. Whoever runs this platform sees what."), SOON)
        raise


@writes
def _advance(plan_id: UUID) -> bool:
    plan = models.locked(plan_id)
    if plan is None or plan.state is not PlanState.ACTIVE:
        return False
    if plan.held_until is not None and plan.held_until > clock.now():
        return False
    period = plan.course.period(plan.place, planning.zone())
    if period is None or period.at > clock.now():
        return False
    if models.period(plan.id, period.on) is None:
        client = clients.get(plan.client_id)
        if not client.active:
            planning.pause(plan_id, planning.SYSTEM, _("%(client)s is archived.", client=client.name))
            return False
        _bill(plan, period, client)
    return _step(plan)


def _bill(plan: RecurringPlan, period: Period, client: ClientView) -> None:
    """Make the invoice of a period, in the order: invoice, its number, what is known of it here."""
    invoice_id = invoices.create_draft(_input(plan, period, client))
    if plan.issues:
        invoices.issue(invoice_id, planning.SYSTEM)
    invoice = invoices.get(invoice_id)
    if plan.issues and plan.charges and invoice.due > 0:
        charges.collect(invoice_id)
    outcome = Outcome.ISSUED if plan.issues else Outcome.DRAFTED
    row = RecurringPeriod(
        plan_id=plan.id,
        on=period.on,
        outcome=outcome,
        invoice_id=invoice_id,
        total_minor=invoice.total,
        currency=invoice.currency,
    )
    models.add(row)
    facts = {
        "actor": planning.SYSTEM,
        "title": name_of(plan.title),
        "on": period.on.isoformat(),
        "number": invoice.number or _("a draft"),
        "amount": format_money(invoice.total, invoice.currency, agencies.here().locale),
    }
    about = (events.ref("client", plan.client_id), events.ref("invoice", invoice_id))
    events.record("recurring.billed", events.ref(planning.KIND, plan.id), facts, about=about)


def _input(plan: RecurringPlan, period: Period, client: ClientView) -> InvoiceInput:
    here = agencies.here()
    if plan.currency != here.currency:
        both = {"then": plan.currency, "now": here.currency}
        raise DomainError(_("Its prices are in %(then)s, your agency works in %(now)s now. Look at them.", **both))
    prices = [price_view(row) for row in models.prices([plan.id])[plan.id]]
    price = in_force(prices, period.on)
    with use_locale(client.locale or here.locale):
        said = {"{from}": format_date(period.since), "{to}": format_date(period.until)}
        said |= {"{month}": format_date(period.since, "LLLL"), "{year}": str(period.since.year)}
    lines = [invoices.read_line(line) for line in price.lines]
    return InvoiceInput(
        client_id=plan.client_id,
        title=told(plan.title, said, 200),
        lines=tuple(_line(line, said) for line in lines),
        payment_days=plan.payment_days,
        note=told(plan.note, said, 2000),
        figures=Figures.from_dict(price.figures),
    )


def _line(line: LineInput, said: dict[str, str]) -> LineInput:
    text = told(line.description, said, 500)
    return LineInput(text, line.quantity, line.price, line.rate, line.unit, line.discount)


def told(text: str, said: dict[str, str], most: int) -> str:
    """A text that says its period."""
    for word in WORDS:
        text = text.replace(word, said[word])
    return text[:most]


def _step(plan: RecurringPlan) -> bool:
    """Go on to the next period, or end; True when that is due. Whoever has the plan open hears that it has billed."""
    plan.problem, plan.held_until = "", None
    plan.revision += 1
    following = planning.go_on(plan)
    return following is not None and following.at <= clock.now()


@writes
def _hold(plan_id: UUID, why: str, pause: timedelta = PAUSE) -> None:
    """Note why a plan could not bill; the agency hears of it once, until it has billed again."""
    plan = models.locked(plan_id)
    if plan is None or plan.state is not PlanState.ACTIVE:
        return
    if plan.problem != why:
        subject, about = events.ref(planning.KIND, plan.id), (events.ref("client", plan.client_id),)
        events.record(
            "recurring.held", subject, {"actor": planning.SYSTEM, "title": name_of(plan.title), "why": why}, about=about
        )
    if not plan.problem:
        mails.held(plan_id, plan.client_id, name_of(plan.title), why)
    plan.problem, plan.held_until = why, clock.now() + pause


def horizon() -> date:
    """The day up to which plans may be due somewhere on earth."""
    return clock.now().date() + timedelta(days=1)
