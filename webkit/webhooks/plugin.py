"""Registers the addresses that vendors call."""

from __future__ import annotations

from flask import Blueprint

from webkit.core.hookspecs import hookimpl
from webkit.webhooks.routes import blueprint


@hookimpl
def webkit_register_blueprints() -> list[Blueprint]:
    return [blueprint]
