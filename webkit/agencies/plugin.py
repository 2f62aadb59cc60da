"""Registers agencies: their settings."""

from __future__ import annotations

from click import Command
from flask import Blueprint

from webkit.agencies import series_routes
from webkit.agencies.cli import agency_group
from webkit.agencies.policy import POLICY
from webkit.agencies.routes import blueprint
from webkit.core.access import Policy
from webkit.core.extensions import MenuEntry
from webkit.core.hookspecs import hookimpl
from webkit.core.kernel.i18n import lazy_gettext as _l


@hookimpl
def webkit_register_blueprints() -> list[Blueprint]:
    return [blueprint, series_routes.blueprint]


@hookimpl
def webkit_register_menu() -> list[MenuEntry]:
    return [MenuEntry(_l("Settings"), "agencies.settings", "settings", group="studio", order=900)]


@hookimpl
def webkit_register_commands() -> list[Command]:
    return [agency_group]


@hookimpl
def webkit_register_permissions() -> list[Policy]:
    return [POLICY]
