"""Registers the operators' pages."""

from __future__ import annotations

from datetime import timedelta

from click import Command
from flask import Blueprint

from webkit.core.extensions import Job, JobSpec, MenuEntry, Schedule
from webkit.core.hookspecs import hookimpl
from webkit.core.kernel import clock, outbox
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.core.kernel.templating import OPERATOR
from webkit.operations import dashboard, plugin_routes, provider_routes
from webkit.operations.keys_cli import keys_group
from webkit.operations.permissions_cli import permissions_command
from webkit.operations.routes import blueprint
from webkit.operations.settings_cli import settings_command
from webkit.operations.switch_cli import plugin_group

PRUNE = "operations.prune"
KEEP = timedelta(days=14)


@hookimpl
def webkit_register_blueprints() -> list[Blueprint]:
    return [blueprint, dashboard.blueprint, provider_routes.blueprint, plugin_routes.blueprint]


@hookimpl
def webkit_register_menu() -> list[MenuEntry]:
    operators = frozenset({OPERATOR})
    return [
        MenuEntry(_l("Providers"), "providers.index", "plug-connected", order=5, roles=operators),
        MenuEntry(_l("Jobs"), "operations.jobs", "stack", order=10, roles=operators),
        MenuEntry(_l("Received events"), "operations.received", "webhook", order=20, roles=operators),
        MenuEntry(_l("Plugins"), "plugin_switches.index", "plug", order=40, roles=operators),
    ]


@hookimpl
def webkit_register_jobs() -> list[JobSpec]:
    return [JobSpec(PRUNE, _prune, queue="long"), JobSpec(provider_routes.CHECK, provider_routes.check, queue="long")]


@hookimpl
def webkit_register_schedules() -> list[Schedule]:
    check = provider_routes.CHECK
    return [Schedule(PRUNE, PRUNE, daily_at="03:10"), Schedule(check, check, every=provider_routes.CHECK_EVERY)]


@hookimpl
def webkit_register_commands() -> list[Command]:
    return [settings_command, plugin_group, keys_group, permissions_command]


def _prune(job: Job) -> None:
    """Forget jobs that were done two weeks ago."""
    outbox.prune(clock.now() - KEEP)
