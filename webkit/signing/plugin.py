"""Registers signing: the client's page, the verify page, the seal and who answers for it."""

from __future__ import annotations

from flask import Blueprint, Flask

from webkit.core.extensions import EventKind, JobSpec, Schedule
from webkit.core.hookspecs import hookimpl
from webkit.core.kernel import evidence, frozen
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.signing import jobs, routes, verify_routes, witness
from webkit.signing.events import CODE_SENT, SEAL_JOB, SEALED, SEALED_EVENT, SIGNED


@hookimpl
def webkit_register_blueprints() -> list[Blueprint]:
    return [routes.blueprint, verify_routes.entrance, verify_routes.blueprint]


@hookimpl
def webkit_register_jobs() -> list[JobSpec]:
    return [
        JobSpec(SEAL_JOB, jobs.seal_contract, lease=120),
        JobSpec(evidence.SIGN_HEADS, evidence.sign_all_heads, queue="long", lease=600),
    ]


@hookimpl
def webkit_register_schedules() -> list[Schedule]:
    return [Schedule("evidence.sign_heads", evidence.SIGN_HEADS, daily_at="02:40")]


@hookimpl
def webkit_register_event_kinds() -> list[EventKind]:
    return [
        EventKind(CODE_SENT, _l("A code to sign was sent to %(email)s")),
        EventKind(SIGNED, _l("%(name)s signed contract %(number)s"), "ok"),
        EventKind(SEALED_EVENT, _l("Contract %(number)s was sealed"), "ok"),
    ]


@hookimpl
def webkit_startup(app: Flask) -> None:
    frozen.finisher(app, SEALED, jobs.finish)
    evidence.witness(app, SEALED, witness.WITNESS)
