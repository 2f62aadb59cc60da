"""Registers the billing of what was agreed."""

from __future__ import annotations

from flask import Blueprint

from webkit.core.access import Policy
from webkit.core.hookspecs import hookimpl
from webkit.plans import routes
from webkit.plans.policy import POLICY


@hookimpl
def webkit_register_blueprints() -> list[Blueprint]:
    return [routes.blueprint]


@hookimpl
def webkit_register_permissions() -> list[Policy]:
    return [POLICY]
