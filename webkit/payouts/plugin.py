"""Registers payouts."""

from __future__ import annotations

from click import Command
from flask import Blueprint, Flask

from webkit.core.access import Policy
from webkit.core.extensions import JobSpec
from webkit.core.hookspecs import hookimpl
from webkit.core.kernel import signals
from webkit.ledger.events import RateGiven
from webkit.payments.events import PaymentSucceeded, PayoutTold
from webkit.payouts import jobs, keeping, service
from webkit.payouts.cli import ledger_group
from webkit.payouts.policy import POLICY
from webkit.payouts.routes import blueprint


@hookimpl
def webkit_register_blueprints() -> list[Blueprint]:
    return [blueprint]


@hookimpl
def webkit_register_commands() -> list[Command]:
    return [ledger_group]


@hookimpl
def webkit_register_jobs() -> list[JobSpec]:
    return [JobSpec(service.FETCH, jobs.fetch, queue="long"), JobSpec(service.PULL, jobs.pull, queue="long")]


@hookimpl
def webkit_startup(app: Flask) -> None:
    signals.subscribe(app, PayoutTold, service.hear)
    signals.subscribe(app, PaymentSucceeded, keeping.on_paid)
    signals.subscribe(app, RateGiven, keeping.on_rate)


@hookimpl
def webkit_register_permissions() -> list[Policy]:
    return [POLICY]
