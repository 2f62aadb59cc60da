"""Registers payments: webhook events, the periodic pull, how payments read in a history."""

from __future__ import annotations

from webkit.core.capabilities.payments import PAYMENTS
from webkit.core.extensions import EventKind, InboxHandler, JobSpec, Schedule
from webkit.core.hookspecs import hookimpl
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.payments import jobs, service

PULL_EVERY = 120


@hookimpl
def webkit_register_jobs() -> list[JobSpec]:
    return [JobSpec(jobs.PULL, jobs.pull, queue="long"), JobSpec(jobs.PULL_AGENCY, jobs.pull_agency, queue="long")]


@hookimpl
def webkit_register_schedules() -> list[Schedule]:
    return [Schedule("payments.pull", jobs.PULL, every=PULL_EVERY)]


@hookimpl
def webkit_register_inbox_handlers() -> list[InboxHandler]:
    return [InboxHandler(PAYMENTS.key, service.apply)]


@hookimpl
def webkit_register_event_kinds() -> list[EventKind]:
    return [
        EventKind("payment.received", _l("Payment received"), "ok"),
        EventKind("payment.pending", _l("Payment on its way"), "wait"),
        EventKind("payment.failed", _l("A payment failed"), "bad"),
        EventKind("payment.disputed", _l("The payer disputes the payment"), "bad"),
        EventKind("payment.rejected", _l("Money arrived that was not asked for: %(note)s"), "bad"),
    ]
