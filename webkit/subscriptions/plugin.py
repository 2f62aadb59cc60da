"""Registers subscriptions: who answers what an agency may use, pages, jobs, the command."""

from __future__ import annotations

from click import Command
from flask import Blueprint, Flask

from webkit.accounts.events import AgencyFounded
from webkit.core.access import Policy
from webkit.core.extensions import EventKind, JobSpec, Schedule
from webkit.core.hookspecs import hookimpl
from webkit.core.kernel import entitlements, runtime, signals
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.payments.events import SubscriptionTold
from webkit.subscriptions import buying, jobs, trials
from webkit.subscriptions.cli import tier_group
from webkit.subscriptions.policy import POLICY
from webkit.subscriptions.routes import blueprint
from webkit.subscriptions.selling import Seller


@hookimpl
def webkit_register_blueprints() -> list[Blueprint]:
    return [blueprint]


@hookimpl
def webkit_register_permissions() -> list[Policy]:
    return [POLICY]


@hookimpl
def webkit_register_jobs() -> list[JobSpec]:
    return [
        JobSpec(jobs.PULL, jobs.pull, queue="long"),
        JobSpec(jobs.REMIND, jobs.remind, queue="long"),
        JobSpec(buying.SYNC, jobs.sync),
    ]


@hookimpl
def webkit_register_schedules() -> list[Schedule]:
    return [
        Schedule("subscriptions.pull", jobs.PULL, every=jobs.PULL_EVERY),
        Schedule("subscriptions.remind", jobs.REMIND, every=jobs.REMIND_EVERY),
    ]


@hookimpl
def webkit_register_commands() -> list[Command]:
    return [tier_group]


@hookimpl
def webkit_register_event_kinds() -> list[EventKind]:
    return [
        EventKind("subscription.changed", _l("The subscription is now: %(tier)s, %(state)s")),
        EventKind("subscription.lent", _l("The tier %(tier)s is lent until %(until)s"), "ok"),
        EventKind("subscription.taken_back", _l("The tier that was lent is taken back")),
    ]


@hookimpl
def webkit_startup(app: Flask) -> None:
    entitlements.sell(app, Seller())
    signals.subscribe(app, SubscriptionTold, buying.told)
    signals.subscribe(app, AgencyFounded, trials.founded)
    app.jinja_env.globals["sells_tiers"] = lambda: runtime.of(app).settings.billing
