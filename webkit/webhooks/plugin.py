"""Registers the addresses that vendors call."""

from __future__ import annotations

from flask import Blueprint, Flask

from webkit.core.hookspecs import hookimpl
from webkit.webhooks.lane import open_lane
from webkit.webhooks.routes import blueprint


@hookimpl
def webkit_register_blueprints() -> list[Blueprint]:
    return [blueprint]


@hookimpl
def webkit_startup(app: Flask) -> None:
    open_lane(app)
