"""Registers the pages of bank statements."""

from __future__ import annotations

from flask import Blueprint

from webkit.banking import routes
from webkit.banking.policy import POLICY
from webkit.core.access import Policy
from webkit.core.hookspecs import hookimpl


@hookimpl
def webkit_register_blueprints() -> list[Blueprint]:
    return [routes.blueprint]


@hookimpl
def webkit_register_permissions() -> list[Policy]:
    return [POLICY]
