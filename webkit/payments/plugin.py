"""Registers payments: webhook events, the periodic pull, how payments read in a history."""

from __future__ import annotations

from flask import Blueprint, Flask

from webkit.core.access import Policy
from webkit.core.capabilities.payments import PAYMENTS
from webkit.core.extensions import EventKind, InboxHandler, JobSpec, Schedule
from webkit.core.hookspecs import hookimpl
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.payments import account_routes, asking, connecting, jobs, ledger, methods, service
from webkit.payments.policy import POLICY

PULL_EVERY = 120


@hookimpl
def webkit_register_jobs() -> list[JobSpec]:
    return [
        JobSpec(jobs.PULL, jobs.pull, queue="long"),
        JobSpec(jobs.PULL_AGENCY, jobs.pull_agency, queue="long"),
        JobSpec(service.REFUND, jobs.refund),
        JobSpec(asking.CLOSE, jobs.close),
        JobSpec(connecting.CHECK, jobs.check),
        JobSpec(connecting.LEAVE, jobs.leave),
        JobSpec(ledger.LOOK_SETUP, jobs.look_setup),
        JobSpec(methods.LOOK_METHOD, jobs.look_method),
        JobSpec(methods.FORGET, jobs.forget),
    ]


@hookimpl
def webkit_register_blueprints() -> list[Blueprint]:
    return [account_routes.blueprint, account_routes.returning]


@hookimpl
def webkit_startup(app: Flask) -> None:
    app.jinja_env.globals["keeps_methods"] = methods.open_here
    app.jinja_env.globals["keep_words"] = methods.words_here


@hookimpl
def webkit_register_schedules() -> list[Schedule]:
    return [Schedule("payments.pull", jobs.PULL, every=PULL_EVERY)]


@hookimpl
def webkit_register_inbox_handlers() -> list[InboxHandler]:
    return [InboxHandler(PAYMENTS.key, service.apply, service.agency_of)]


@hookimpl
def webkit_register_event_kinds() -> list[EventKind]:
    return [
        EventKind("payment.received", _l("Payment received"), "ok"),
        EventKind("payment.pending", _l("Payment on its way"), "wait"),
        EventKind("payment.failed", _l("A payment failed"), "bad"),
        EventKind("payment.bounced", _l("The payment on its way did not arrive"), "bad"),
        EventKind("payment.closed", _l("The open payment page for %(amount)s was closed"), "info"),
        EventKind("payment.refund_asked", _l("%(amount)s are to be given back"), "wait"),
        EventKind("payment.refund_pending", _l("%(amount)s are on their way back to the payer"), "wait"),
        EventKind("payment.refunded", _l("%(amount)s given back to the payer"), "info"),
        EventKind("payment.refund_failed", _l("Giving back %(amount)s failed"), "bad"),
        EventKind("payment.disputed", _l("The payer disputes the payment"), "bad"),
        EventKind("payment.dispute_won", _l("The dispute was won: the money stays"), "ok"),
        EventKind("payment.dispute_lost", _l("The dispute was lost: the bank took %(amount)s back"), "bad"),
        EventKind("method.agreed", _l("The client agreed to leave a payment method"), "info"),
        EventKind("method.left", _l("Payment method left: %(name)s"), "ok"),
        EventKind("method.changed", _l("The payment method has new details: %(name)s"), "info"),
        EventKind("method.gone", _l("The payment service has %(name)s no more"), "bad"),
        EventKind("method.removed", _l("Payment method removed: %(name)s"), "info"),
        EventKind("payment.rejected", _l("Money arrived that was not asked for: %(note)s"), "bad"),
    ]


@hookimpl
def webkit_register_permissions() -> list[Policy]:
    return [POLICY]
