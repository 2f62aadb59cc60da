"""Registers endpoints: pages, permissions, the work of the queue, what is recorded."""

from __future__ import annotations

from flask import Blueprint, Flask

from webkit.core.access import Policy
from webkit.core.extensions import EventKind, JobSpec, MenuEntry, Schedule
from webkit.core.hookspecs import hookimpl
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.endpoints import events, sending, service
from webkit.endpoints.policy import POLICY
from webkit.endpoints.routes import blueprint


@hookimpl
def webkit_register_blueprints() -> list[Blueprint]:
    return [blueprint]


@hookimpl
def webkit_register_permissions() -> list[Policy]:
    return [POLICY]


@hookimpl
def webkit_register_menu() -> list[MenuEntry]:
    return [MenuEntry(_l("Webhooks"), "endpoints.index", "plug", group="studio", order=890)]


@hookimpl
def webkit_register_jobs() -> list[JobSpec]:
    return [
        JobSpec(sending.SWEEP, sending.sweep),
        JobSpec(sending.DELIVER, sending.deliver, queue="ai", lease=90),
        JobSpec(sending.FORGET, sending.forget, queue="long"),
    ]


@hookimpl
def webkit_register_schedules() -> list[Schedule]:
    return [
        Schedule(sending.SWEEP, sending.SWEEP, every=1, wanted=sending.is_wanted),
        Schedule(sending.FORGET, sending.FORGET, daily_at="03:50"),
    ]


@hookimpl
def webkit_register_event_kinds() -> list[EventKind]:
    return events.KINDS


@hookimpl
def webkit_startup(app: Flask) -> None:
    app.jinja_env.globals["stopped_webhooks"] = service.stopped
