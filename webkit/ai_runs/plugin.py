"""Registers AI runs: the job that writes, their pages, and `ai_run()` for the pages of others."""

from __future__ import annotations

from flask import Blueprint, Flask

from webkit.ai_runs import pages, quota, service, writer
from webkit.ai_runs.policy import POLICY
from webkit.ai_runs.routes import blueprint
from webkit.core.access import Policy
from webkit.core.extensions import JobSpec, MenuEntry
from webkit.core.hookspecs import hookimpl
from webkit.core.kernel.entitlements import Limit, meter
from webkit.core.kernel.i18n import lazy_gettext as _l


@hookimpl
def webkit_register_blueprints() -> list[Blueprint]:
    return [blueprint]


@hookimpl
def webkit_register_menu() -> list[MenuEntry]:
    return [MenuEntry(_l("AI writing"), "ai_runs.index", "sparkles", group="studio", order=85)]


@hookimpl
def webkit_register_jobs() -> list[JobSpec]:
    write = JobSpec(
        service.WRITE, writer.write, queue="ai", lease=writer.LEASE, longest=writer.LONGEST, begin=writer.begin
    )
    return [write]


@hookimpl
def webkit_startup(app: Flask) -> None:
    app.jinja_env.globals["ai_run"] = pages.fragment
    meter(app, Limit.AI_GENERATIONS, quota.charged)


@hookimpl
def webkit_register_permissions() -> list[Policy]:
    return [POLICY]
