"""Registers agencies' own domains: their page, the look by the clock, and who answers for a name."""

from __future__ import annotations

from flask import Blueprint, Flask

from webkit.core.access import Policy
from webkit.core.extensions import JobSpec, MenuEntry, Schedule
from webkit.core.hookspecs import hookimpl
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.core.kernel.runtime import of
from webkit.domains import jobs, routes
from webkit.domains.known import Known
from webkit.domains.policy import POLICY


@hookimpl
def webkit_register_blueprints() -> list[Blueprint]:
    return [routes.settings, routes.machines]


@hookimpl
def webkit_startup(app: Flask) -> None:
    of(app).domains = Known()


@hookimpl
def webkit_register_menu() -> list[MenuEntry]:
    return [MenuEntry(_l("Own domain"), "own_domain.show", "world", group="studio", order=884)]


@hookimpl
def webkit_register_permissions() -> list[Policy]:
    return [POLICY]


@hookimpl
def webkit_register_jobs() -> list[JobSpec]:
    return [JobSpec(jobs.SWEEP, jobs.sweep, "long"), JobSpec(jobs.CHECK, jobs.check, "long")]


@hookimpl
def webkit_register_schedules() -> list[Schedule]:
    return [Schedule(jobs.SWEEP, jobs.SWEEP, every=jobs.EVERY, wanted=jobs.is_wanted)]
