"""Registers what all lists share: their pages, their job, and forgetting old files."""

from __future__ import annotations

from flask import Blueprint

from webkit.core.access import Policy
from webkit.core.extensions import JobSpec, Schedule
from webkit.core.hookspecs import hookimpl
from webkit.core.kernel.lists import tasks
from webkit.lists import routes, task_routes, view_routes
from webkit.lists.policy import POLICY


@hookimpl
def webkit_register_blueprints() -> list[Blueprint]:
    return [routes.blueprint, view_routes.blueprint, task_routes.blueprint]


@hookimpl
def webkit_register_jobs() -> list[JobSpec]:
    return list(tasks.JOBS)


@hookimpl
def webkit_register_schedules() -> list[Schedule]:
    return list(tasks.SCHEDULES)


@hookimpl
def webkit_register_permissions() -> list[Policy]:
    return [POLICY]
