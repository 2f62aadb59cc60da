"""Registers today's page and the reports."""

from __future__ import annotations

from click import Command
from flask import Blueprint

from webkit.core.access import Policy
from webkit.core.extensions import JobSpec, MenuEntry
from webkit.core.hookspecs import hookimpl
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.reports import following, report_routes
from webkit.reports.cli import reports_group
from webkit.reports.policy import POLICY
from webkit.reports.routes import blueprint


@hookimpl
def webkit_register_blueprints() -> list[Blueprint]:
    return [blueprint, report_routes.blueprint]


@hookimpl
def webkit_register_jobs() -> list[JobSpec]:
    return [JobSpec(following.FOLLOW, following.go_on, queue="long")]


@hookimpl
def webkit_register_commands() -> list[Command]:
    return [reports_group]


@hookimpl
def webkit_register_menu() -> list[MenuEntry]:
    return [
        MenuEntry(_l("Today"), "reports.today", "sun", order=0),
        MenuEntry(_l("Reports"), "report.show_revenue", "chart-bar", order=10),
    ]


@hookimpl
def webkit_register_permissions() -> list[Policy]:
    return [POLICY]
