"""Registers the billing of what was agreed."""

from __future__ import annotations

from flask import Blueprint

from webkit.core.hookspecs import hookimpl
from webkit.plans import routes


@hookimpl
def webkit_register_blueprints() -> list[Blueprint]:
    return [routes.blueprint]
