"""Registers an agency's own accounts with vendors."""

from __future__ import annotations

from flask import Blueprint

from webkit.connections.routes import blueprint
from webkit.core.hookspecs import hookimpl


@hookimpl
def webkit_register_blueprints() -> list[Blueprint]:
    return [blueprint]
