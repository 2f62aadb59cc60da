"""Everything that is wrong with an installation, each with the line that mends it. Calls no vendor for money."""

from __future__ import annotations

import stat
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import NamedTuple

from flask import Flask

from webkit.core.capabilities.base import Health, HealthReport
from webkit.core.kernel import clock, counters, number_audit, outbox, runtime, switches, tally_audit, tenancy
from webkit.core.paths import STATIC
from webkit.core.problems import Problem
from webkit.invoices import service as invoices
from webkit.ledger import service as ledger
from webkit.operations import models
from webkit.payouts import service as payouts
from webkit.reports import service as reports
from webkit.subscriptions import service as subscriptions

STUCK = timedelta(minutes=10)
WHO = "Find out who changed the database: webkit verify"
RATES = 100
"""So many missing rates of an agency are counted at the most."""
FOR_JOBS = 40
"""Connections left for workers, the scheduler and whoever looks in."""


class Findings(NamedTuple):
    """What is wrong, and what works but wants to be looked at."""

    problems: list[Problem]
    notes: list[Problem]


def examine(app: Flask) -> Findings:
    """Configuration, plugins, database, queue, keys, jobs."""
    with app.app_context():
        felt = list(_felt())
        problems = [
            *_configuration(),
            *_providers(felt, Health.DOWN, "does not work"),
            *_database(),
            *_queue(),
            *_keys(),
            *_assets(),
        ]
        notes = [*runtime.current().plugins.notices(), *_providers(felt, Health.DEGRADED, "works, but not well")]
        return Findings(problems, notes)


def _felt() -> Iterator[tuple[str, str, HealthReport]]:
    """How every chosen provider feels, by the variable that chose it and its capability."""
    registry = runtime.current().registry
    for capability in registry.capabilities:
        for name in registry.chosen_names(capability):
            yield f"{capability.env}={name}", capability.key, registry.health(capability, name=name)


def _providers(felt: Iterable[tuple[str, str, HealthReport]], status: Health, how: str) -> Iterator[Problem]:
    for where, capability, report in felt:
        if report.status is status:
            yield Problem(where, f"{capability} {how}: {report.detail}", "webkit plugins")


def _configuration() -> Iterator[Problem]:
    here = runtime.current()
    yield from here.plugins.problems()
    yield from here.registry.check()
    settings = here.settings
    if settings.production and not settings.base_url.startswith("https://"):
        yield Problem("PUBLIC_URL", "sign-in cookies need https in production", "PUBLIC_URL=https://…")


def _database() -> Iterator[Problem]:
    try:
        at, newest = models.revision(), models.newest()
    except models.Unreachable as error:
        yield Problem("DATABASE_URL", f"the database does not answer: {error}", "Check DATABASE_URL.")
        return
    if at != newest:
        yield Problem("database", f"it is at {at or 'nothing'}, this version needs {newest}", "webkit db upgrade")
        return
    try:
        with models.reaching(), tenancy.platform("doctor"):
            yield from [*_role(), *_connections(), *_jobs(), *_numbers(), *_sums()]
            yield from [*_ledger(), *_rates(), *_subscriptions()]
            yield from switches.problems(runtime.current().guests)
    except models.Unreachable as error:
        yield Problem("DATABASE_URL", f"the database refuses us: {error}", "Check DATABASE_URL.")


def _role() -> Iterator[Problem]:
    if models.passes_row_security():
        yield Problem("DATABASE_URL", "this role passes row-level security", "Connect as the plain role webkit_app.")


def _connections() -> Iterator[Problem]:
    settings, most = runtime.current().settings, models.most_connections()
    wanted = settings.web_workers * settings.web_threads + FOR_JOBS
    if most is not None and most < wanted:
        yield Problem(
            "DATABASE_URL",
            f"the database accepts {most} connections, {wanted} may be wanted at once",
            f"Set max_connections of PostgreSQL to {wanted} or more, or WEB_THREADS to less.",
        )


def _jobs() -> Iterator[Problem]:
    counted = outbox.counts()
    if dead := counted.get(outbox.State.DEAD, 0):
        yield Problem("jobs", f"{dead} gave up", "Look at /admin/jobs and retry or dismiss them.")
    if oldest := outbox.oldest_due():
        waited = clock.now() - oldest
        if waited > STUCK:
            yield Problem("jobs", f"the oldest waits for {waited}", "Start webkit worker and webkit scheduler.")


def _numbers() -> Iterator[Problem]:
    """Numbers that were given and stand nowhere, and documents whose number was never given."""
    for gap in counters.gaps():
        what = (
            f"{gap.missing} numbers of the series {gap.series} were given and stand on no document"
            if gap.missing > 0
            else f"{-gap.missing} documents of the series {gap.series} have a number that was never given"
        )
        yield Problem("numbers", f"agency {gap.agency_id}: {what}", WHO)
    for each in number_audit.misnumbered():
        what = (
            f"{each.count} documents of the series {each.series} are gone or have another number than they were given"
        )
        yield Problem("numbers", f"agency {each.agency_id}: {what}", WHO)


def _sums() -> Iterator[Problem]:
    """Kept sums of the first page, and the entries of reports, that are not what their documents come to."""
    for off in tally_audit.differences():
        kept, added = (f"{count} with {total}" for count, total in (off.kept, off.added))
        at = f"{off.kind} in {off.currency} at {off.place}"
        yield Problem("sums", f"agency {off.agency_id}: {at} is kept as {kept}, its documents come to {added}", WHO)
    for agency in runtime.current().directory.all_ids():
        with tenancy.tenant(agency):
            for difference in reports.differences():
                yield Problem("reports", f"agency {agency}: {difference}", "webkit reports again")


def _ledger() -> Iterator[Problem]:
    """Money whose bookings do not come to nothing, and invoices that say something else of it than the ledger."""
    for source in ledger.balanced():
        what = f"the entries of {source.source} do not come to nothing"
        yield Problem("ledger", f"agency {source.agency_id}: {what}", WHO)
    for agency in runtime.current().directory.all_ids():
        with tenancy.tenant(agency):
            for invoice_id, said, booked in invoices.unlike_ledger():
                what = f"invoice {invoice_id} says that {said} were paid, the ledger says {booked}"
                yield Problem("ledger", f"agency {agency}: {what}", "webkit ledger follow")
            for _id, name in payouts.unlike_ledger():
                what = f"payout {name} is booked otherwise than it stands"
                yield Problem("ledger", f"agency {agency}: {what}", "webkit ledger follow")


def _rates() -> Iterator[Problem]:
    """Money that reports leave out, because nobody has said what its currency was worth."""
    for agency in runtime.current().directory.all_ids():
        with tenancy.tenant(agency):
            if waiting := ledger.unvalued(RATES):
                count = f"{len(waiting)} or more" if len(waiting) == RATES else str(len(waiting))
                what = f"agency {agency}: the rate of {count} payments is missing (the oldest of {waiting[0].day})"
                yield Problem("rates", what, "The agency records it under Payments, Rates.")


def _subscriptions() -> Iterator[Problem]:
    """What the payment provider says of subscriptions to the platform, and nobody here can settle."""
    for agency, what in subscriptions.strange():
        yield Problem("subscriptions", f"agency {agency}: {what}", "Look at it in the pages of the payment provider.")


def _queue() -> Iterator[Problem]:
    here = runtime.current()
    if here.redis is None:
        return
    try:
        here.redis.ping()
    except Exception as error:
        yield Problem("REDIS_URL", f"the queue does not answer: {type(error).__name__}", "Start it: webkit dev")


def _keys() -> Iterator[Problem]:
    folder = runtime.current().settings.data / "keys"
    if stat.S_IMODE(folder.stat().st_mode) & 0o077:
        yield Problem(str(folder), "others on this machine can read the keys", f"chmod 700 {folder}")


def _assets() -> Iterator[Problem]:
    if not (STATIC / "manifest.json").exists():
        yield Problem("assets", "style sheets and scripts have not been built", "make setup")
