"""Registers the API: its addresses, what they ask for, and forgetting kept answers."""

from __future__ import annotations

from click import Command
from flask import Blueprint

from webkit.api import repeats
from webkit.api.cli import api_group
from webkit.api.policy import POLICY
from webkit.api.routes import blueprint, papers
from webkit.core.access import Policy
from webkit.core.extensions import JobSpec, Schedule
from webkit.core.hookspecs import hookimpl


@hookimpl
def webkit_register_blueprints() -> list[Blueprint]:
    return [blueprint, papers]


@hookimpl
def webkit_register_permissions() -> list[Policy]:
    return [POLICY]


@hookimpl
def webkit_register_jobs() -> list[JobSpec]:
    return [JobSpec(kind=repeats.PRUNE, handler=repeats.prune)]


@hookimpl
def webkit_register_schedules() -> list[Schedule]:
    return [Schedule(repeats.PRUNE, repeats.PRUNE, every=3600)]


@hookimpl
def webkit_register_commands() -> list[Command]:
    return [api_group]
