"""Reminding of issued invoices: each step once, the latest one after a gap, and never of what is settled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from webkit.agencies import service as agencies
from webkit.charges import service as collecting
from webkit.charges.events import CollectionEnded
from webkit.clients import service as clients
from webkit.core.kernel import audit, clock, events, outbox
from webkit.core.kernel.db import writes
from webkit.core.kernel.errors import DomainError
from webkit.core.kernel.i18n import format_date, format_decimal, ngettext, use_locale
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.money import format_money
from webkit.core.values import dataclass
from webkit.invoices import service as invoices
from webkit.invoices.events import InvoiceIssued, InvoiceReopened
from webkit.invoices.service import Figures, InvoiceInput, InvoiceState, InvoiceView, LineInput
from webkit.pricing import find, unit_price
from webkit.recurring import models, steps
from webkit.recurring.models import FeeMode, LateFee, ReminderSettings, ReminderStep, ReminderWatch, SentReminder
from webkit.recurring.steps import Charges, Fee, Reminder, Step, Window

SYSTEM, A_DAY = "system", timedelta(days=1)
MOST_PERCENT = Decimal(50)


@dataclass(frozen=True, slots=True)
class Policy:
    """How an agency reminds: nothing without steps. `words` and who is left alone, by step and by client."""

    window: Window
    steps: tuple[Step, ...]
    words: dict[int, str]
    off: frozenset[UUID]
    zones: dict[UUID, ZoneInfo]
    home: ZoneInfo

    def zone(self, client_id: UUID) -> ZoneInfo:
        """The client's clocks, or the agency's where nobody knows them."""
        return self.zones.get(client_id, self.home)


def policy() -> Policy:
    """That of the agency whose door is open."""
    settings, rows = models.settings(), models.steps()
    special, home = models.clients(), ZoneInfo(agencies.here().timezone)
    active = settings is not None and settings.active
    return Policy(
        window=settings.window if settings else Window(),
        steps=tuple(Step(row.days, row.since, row.fee) for row in rows) if active else (),
        words={row.days: row.words for row in rows},
        off=frozenset(row.client_id for row in special if row.off),
        zones={row.client_id: ZoneInfo(row.timezone) for row in special if row.timezone},
        home=home,
    )


def plan_of(invoice: InvoiceView, policy: Policy) -> list[Reminder]:
    """Every reminder an invoice could ever bring: of each part of it."""
    dues = [part.due for part in invoice.parts] or ([invoice.due_date] if invoice.due_date else [])
    return steps.schedule(
        dues, policy.steps, policy.window, policy.zone(invoice.client_id), invoice.issue_date or date.min
    )


def open_plan(invoice: InvoiceView, planned: Sequence[Reminder]) -> list[Reminder]:
    """Those of parts of which something is left to pay."""
    left = {part.due for part in invoice.instalments}
    return [each for each in planned if each.due in left]


def waits(invoice: InvoiceView) -> bool:
    """Whether anybody may be reminded of an invoice: it is owed, and no money is on its way."""
    return invoice.state is InvoiceState.ISSUED and invoice.pending_at is None and invoice.due > 0


@writes
def on_issued(event: InvoiceIssued) -> None:
    """Watch an invoice that was issued, where the agency reminds."""
    models.watch_where_reminded(event.invoice_id, clock.now())


@writes
def on_reopened(event: InvoiceReopened) -> None:
    """Watch an invoice again that is waited for again. What fell due meanwhile is not made up for."""
    settings = models.settings()
    if settings is None or not settings.active or models.watched(event.invoice_id) is not None:
        return
    invoice, now = invoices.get(event.invoice_id), clock.now()
    following = [each.at for each in plan_of(invoice, policy()) if each.at > now]
    if following and not invoice.imported:
        models.add(ReminderWatch(invoice_id=invoice.id, look_at=min(following)))


@writes
def on_collection_ended(event: CollectionEnded) -> None:
    """An invoice is charged by itself no more: what it kept back is looked at now."""
    if (watch := models.watched(event.invoice_id)) is not None:
        watch.look_at = clock.now()


def look(invoice_id: UUID, policy: Policy) -> bool:
    """Send the reminder of an invoice that is due now, if one is, and note when to look again; True if one was.

    A fee comes first and for itself: one that cannot be made keeps no reminder back.
    """
    try:
        reminder = _due(invoices.get(invoice_id), policy)
        if reminder is not None and reminder.fee:
            _try_to_charge(invoice_id, reminder.on(policy.home))
        return _look(invoice_id, policy)
    except DomainError as error:
        _pass_over(invoice_id, error.message)
        return False


def _due(invoice: InvoiceView, policy: Policy) -> Reminder | None:
    """The reminder that is due now, whether or not the hour allows it."""
    if not waits(invoice) or invoice.client_id in policy.off or collecting.is_collected(invoice.id):
        return None
    done = {(row.due, row.days) for row in models.sent(invoice.id)}
    planned = open_plan(invoice, plan_of(invoice, policy))
    now, zone = clock.now(), policy.zone(invoice.client_id)
    found = steps.due_now(planned, done, now, zone)
    return found if found and policy.window.is_open(now, zone) else None


@writes
def _look(invoice_id: UUID, policy: Policy) -> bool:
    watch, now = models.watched(invoice_id), clock.now()
    if watch is None or watch.look_at is None or watch.look_at > now:
        return False
    invoice = invoices.get(invoice_id)
    zone, planned = policy.zone(invoice.client_id), plan_of(invoice, policy)
    reminder = _due(invoice, policy)
    if reminder is not None:
        _take(invoice, reminder, policy.words.get(reminder.days, ""))
    following = [each.at for each in planned if each.at > now]
    if not policy.window.is_open(now, zone) and any(each.at <= now for each in planned):
        following.append(policy.window.opens(now, zone))
    if invoice.pending_at is not None or collecting.is_collected(invoice.id):
        following.append(now + A_DAY)  # money on its way may fail to arrive, and so may what is charged by itself
    watch.look_at = min(following, default=None)
    if invoice.state not in (InvoiceState.ISSUED, InvoiceState.WRITTEN_OFF):
        models.delete(watch)  # settled for good
    return reminder is not None


@writes
def _pass_over(invoice_id: UUID, why: str) -> None:
    """Look again tomorrow at an invoice whose client could not be reminded."""
    if (watch := models.watched(invoice_id)) is not None:
        watch.look_at = clock.now() + A_DAY
        audit.log("reminder.failed", subject=events.ref("invoice", invoice_id), detail={"why": why})


def _take(invoice: InvoiceView, reminder: Reminder, words: str) -> None:
    """One step: the mail, unless somebody wrote today. Never twice."""
    mailed = not invoices.was_reminded(invoice.id)
    if mailed:
        invoices.remind(invoice.id, SYSTEM, words)
    models.add(SentReminder(invoice_id=invoice.id, due=reminder.due, days=reminder.days, mailed=mailed))


# --- late fees ---------------------------------------------------------------------------------------------------


def charges(settings: ReminderSettings, currency: str) -> Charges:
    """What being late costs in a currency; nothing where late fees are off."""
    if settings.fee_mode is FeeMode.NONE:
        return Charges()
    return Charges(settings.fee_minor if settings.fee_currency == currency else 0, settings.fee_percent)


def _try_to_charge(invoice_id: UUID, step: date) -> None:
    """Charge for being late, or note why that could not be done."""
    try:
        charge(invoice_id, step)
    except DomainError as error:
        audit.log("late_fee.failed", subject=events.ref("invoice", invoice_id), detail={"why": error.message})


@writes
def charge(invoice_id: UUID, step: date) -> None:
    """Draft or issue the invoice of a late fee, once for the step of that day; one that is such a fee itself bears
    none."""
    settings, _watch = models.settings(), models.watched(invoice_id)
    invoice = invoices.get(invoice_id)
    if settings is None or not invoice.late or models.is_fee(invoice.id):
        return
    if invoice.currency != agencies.here().currency:
        return  # a new invoice would be in another currency than what is late
    charged = [row.until for row in models.fees(invoice.id)]
    parts = [(part.amount, part.due) for part in invoice.instalments]
    due = steps.fee(parts, charges(settings, invoice.currency), charged, step, agencies.today())
    if due.total <= 0:
        return
    fee_id = invoices.create_draft(_fee_invoice(invoice, settings, due))
    models.add(
        LateFee(
            invoice_id=invoice.id, until=due.until, fixed_minor=due.fixed, interest_minor=due.interest,
            fee_invoice_id=fee_id,
        )
    )  # fmt: skip
    issued = settings.fee_mode is FeeMode.ISSUE
    if issued:
        invoices.issue(fee_id, SYSTEM)
    facts = {
        "actor": SYSTEM,
        "number": invoice.number,
        "fee": str(fee_id),
        "amount": format_money(due.total, invoice.currency, agencies.here().locale),
    }
    about = (events.ref("client", invoice.client_id), events.ref("invoice", fee_id))
    kind = "invoice.fee_issued" if issued else "invoice.fee_proposed"
    events.record(kind, events.ref("invoice", invoice.id), facts, about=about)


def _fee_invoice(invoice: InvoiceView, settings: ReminderSettings, due: Fee) -> InvoiceInput:
    client, profile = clients.get(invoice.client_id), agencies.profile()
    with use_locale(client.locale or profile.locale):
        title = _("Late payment of invoice %(number)s", number=invoice.number)
        fixed = _("Compensation for the late payment of invoice %(number)s", number=invoice.number)
        day = format_date(due.until)
        told = {"percent": format_decimal(settings.fee_percent), "number": invoice.number, "day": day}
        text = ngettext(
            "Interest of %(percent)s %% a year on invoice %(number)s, %(n)s day until %(day)s",
            "Interest of %(percent)s %% a year on invoice %(number)s, %(n)s days until %(day)s",
            due.days,
            **told,
        )
    given = [(fixed, due.fixed), (text, due.interest)]
    lines = [
        LineInput(words[:500], Decimal(1), unit_price(minor, invoice.currency), settings.fee_rate)
        for words, minor in given
        if minor
    ]
    return InvoiceInput(invoice.client_id, title[:200], tuple(lines), profile.payment_days, figures=Figures())


# --- settings ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StepInput:
    """A step as it is written."""

    days: int
    words: str = ""
    fee: bool = False


def wrong(values: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with how an agency wants to remind, by column."""
    found = {}
    if values["until_hour"] <= values["since_hour"]:
        found["until_hour"] = _("Later than the hour before it, please.")
    if not 0 <= values["fee_percent"] <= MOST_PERCENT:
        found["fee_percent"] = _("Between 0 and %(most)s, please.", most=format_decimal(MOST_PERCENT))
    if values["fee_minor"] < 0:
        found["fee_minor"] = _("A fee is not less than nothing.")
    if values["fee_mode"] is FeeMode.NONE:
        return found
    if not values["fee_minor"] and not values["fee_percent"]:
        found["fee_minor"] = _("Please say how much: an amount, interest, or both.")
    rates = find(agencies.profile().tax_scheme).rates(agencies.today())
    if values["fee_rate"] not in {row.key for row in rates}:
        found["fee_rate"] = _("Please choose the tax of late fees.")
    return found


@writes
def save(values: dict[str, object], wanted: Sequence[StepInput], *, wake: str) -> None:
    """Keep how the agency reminds, and ask for the job that watches what was issued before.

    A step that is new counts from today on; one that was there goes on counting. Switched on again, none of them
    reaches back: nobody is reminded of what fell due while it was off.
    """
    if len({step.days for step in wanted}) < len(wanted):
        raise DomainError(_("Two steps on the same day: please put them together."), "steps")
    settings, today = models.settings(), agencies.today()
    fresh = settings is None or not settings.active
    if settings is None:
        settings = ReminderSettings()
        models.add(settings)
    for name, value in values.items():
        setattr(settings, name, value)
    known = {row.days: row for row in models.steps()}
    for days in known.keys() - {step.days for step in wanted}:
        models.delete(known[days])
    for step in wanted:
        if (row := known.get(step.days)) is None:
            models.add(ReminderStep(days=step.days, words=step.words, fee=step.fee, since=today))
            continue
        row.words, row.fee = step.words, step.fee
        row.since = today if fresh else row.since
    models.look_again(clock.now())
    if settings.active:
        outbox.add(wake)
    audit.log(
        "reminders.saved", detail={"active": bool(settings.active), "steps": sorted(each.days for each in wanted)}
    )


@writes
def save_client(client_id: UUID, *, off: bool, timezone: str) -> None:
    """Keep what is special about reminding a client."""
    clients.get(client_id)
    row = models.of_client(client_id)
    if row is None:
        models.add(models.ClientReminders(client_id=client_id, off=off, timezone=timezone))
    else:
        row.off, row.timezone = off, timezone
    audit.log("reminders.client", subject=events.ref("client", client_id), detail={"off": off})


@writes
def watch_missing(rows: Sequence[UUID], now: datetime) -> int:
    """Watch issued invoices nobody watches; returns how many there were.

    Those of another system have no page here that a mail could lead to; what watched them would keep them from being
    taken out again.
    """
    known = models.known(rows)
    fresh = [each for each in rows if each not in known and not invoices.get(each).imported]
    for invoice_id in fresh:
        models.add(ReminderWatch(invoice_id=invoice_id, look_at=now))
    return len(fresh)
