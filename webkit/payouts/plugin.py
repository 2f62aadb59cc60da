"""Registers payouts."""

from __future__ import annotations

from flask import Blueprint, Flask

from webkit.core.extensions import JobSpec
from webkit.core.hookspecs import hookimpl
from webkit.core.kernel import signals
from webkit.payments.events import PayoutTold
from webkit.payouts import jobs, service
from webkit.payouts.routes import blueprint


@hookimpl
def webkit_register_blueprints() -> list[Blueprint]:
    return [blueprint]


@hookimpl
def webkit_register_jobs() -> list[JobSpec]:
    return [JobSpec(service.FETCH, jobs.fetch, queue="long"), JobSpec(service.PULL, jobs.pull, queue="long")]


@hookimpl
def webkit_startup(app: Flask) -> None:
    signals.subscribe(app, PayoutTold, service.hear)
