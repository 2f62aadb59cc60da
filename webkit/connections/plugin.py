"""Registers an agency's own accounts with vendors."""

from __future__ import annotations

from flask import Blueprint

from webkit.connections.policy import POLICY
from webkit.connections.routes import blueprint
from webkit.core.access import Policy
from webkit.core.hookspecs import hookimpl


@hookimpl
def webkit_register_blueprints() -> list[Blueprint]:
    return [blueprint]


@hookimpl
def webkit_register_permissions() -> list[Policy]:
    return [POLICY]
