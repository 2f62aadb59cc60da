"""Who looks at the clock: one sweep for all agencies, which asks for a job of each that has something to do."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog

from webkit.agencies import service as agencies
from webkit.core.extensions import Job
from webkit.core.kernel import clock, outbox, tenancy
from webkit.core.kernel.db import writing
from webkit.core.kernel.outbox import PutBack
from webkit.invoices import service as invoices
from webkit.invoices.service import InvoiceState
from webkit.recurring import calendar, dunning, models, planning, running

log = structlog.get_logger(__name__)
SWEEP, RUN, REMIND, WATCH = "recurring.sweep", "recurring.run", "recurring.remind", "recurring.watch"
SHARE = 40
"""So many invoices a job makes before it lets others go first."""
PAGE = 200
AGAIN = timedelta(seconds=1)


def sweep(job: Job) -> None:
    """Ask for the jobs of agencies in which a plan or a reminder is due by their own clocks. However long nobody works,
    each waits with one job of a kind."""
    now, closed = clock.now(), agencies.closed_ids()
    for kind, found in ((RUN, _with_plans()), (REMIND, set(models.agencies_to_look(now)))):
        for agency_id in sorted(found - closed - outbox.asked_for(kind)):
            with tenancy.tenant(agency_id), writing():
                outbox.add(kind)


def _with_plans() -> set[UUID]:
    """Agencies with a plan that is due: days and hours are those of their place."""
    now, found = clock.now(), set()
    zones: dict[UUID, ZoneInfo] = {}
    for turn in models.turns(running.horizon(), now):
        if turn.id not in zones:
            agency = agencies.by_id(turn.id)
            zones[turn.id] = ZoneInfo(agency.timezone if agency else "UTC")
        if calendar.moment(turn.next_on, turn.hour, zones[turn.id]) <= now:
            found.add(turn.id)
    return found


def run(job: Job) -> None:
    """Bill what is due in an agency: each plan in order, so many at a time. What nobody expected of one is told at the
    end, when all others had their turn."""
    made, after, zone = 0, None, planning.zone()
    unexpected: list[Exception] = []
    while page := models.waiting(running.horizon(), clock.now(), PAGE, after):
        for turn in page:
            due = calendar.moment(turn.next_on, turn.hour, zone) <= clock.now()
            while due:
                due, made = _advance(turn.id, unexpected), made + 1
                if made >= SHARE and not unexpected:
                    raise PutBack(AGAIN)
        after = page[-1].id
    if unexpected:
        raise unexpected[0]


def _advance(plan_id: UUID, unexpected: list[Exception]) -> bool:
    try:
        return running.advance(plan_id)
    except Exception as error:
        log.exception("a plan could not bill", plan=str(plan_id))
        unexpected.append(error)
        return False


def remind(job: Job) -> None:
    """Look at the invoices of an agency whose moment has come."""
    policy = dunning.policy()
    seen = 0
    while page := models.to_look_at(clock.now(), SHARE):
        for invoice_id in page:
            dunning.look(invoice_id, policy)
        seen += len(page)
        if seen >= PAGE:
            raise PutBack(AGAIN)


def watch(job: Job) -> None:
    """Watch the open invoices there were before anybody reminded."""
    before, now = None, clock.now()
    while page := invoices.page(limit=PAGE, before=before, state=InvoiceState.ISSUED):
        dunning.watch_missing([row.id for row in page], now)
        before = page[-1].id
