"""Registers keys and tokens of programs."""

from __future__ import annotations

from click import Command
from flask import Blueprint, Flask

from webkit.core.access import Policy
from webkit.core.extensions import JobSpec, Schedule
from webkit.core.hookspecs import hookimpl
from webkit.core.kernel.runtime import of
from webkit.tokens import api_routes, bearer, cli, routes, service
from webkit.tokens.policy import POLICY


@hookimpl
def webkit_register_blueprints() -> list[Blueprint]:
    return [routes.own, routes.agency, api_routes.blueprint]


@hookimpl
def webkit_startup(app: Flask) -> None:
    of(app).bearer = bearer.authenticate
    bearer.init_app(app)


@hookimpl
def webkit_register_jobs() -> list[JobSpec]:
    return [
        JobSpec(service.FORGET_ENDED, service.forget_ended, "long"),
        JobSpec(service.WARN, service.warn, "long"),
    ]


@hookimpl
def webkit_register_schedules() -> list[Schedule]:
    return [
        Schedule("tokens.forget_ended", service.FORGET_ENDED, daily_at="03:15"),
        Schedule("tokens.warn", service.WARN, daily_at="06:30"),
    ]


@hookimpl
def webkit_register_commands() -> list[Command]:
    return [cli.tokens_group]


@hookimpl
def webkit_register_permissions() -> list[Policy]:
    return [POLICY]
