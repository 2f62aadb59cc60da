"""What the catalogue adds to the application."""

from __future__ import annotations

from flask import Blueprint

from webkit.catalogue.policy import POLICY
from webkit.catalogue.routes import blueprint
from webkit.core.access import Policy
from webkit.core.extensions import MenuEntry
from webkit.core.hookspecs import hookimpl
from webkit.core.kernel.i18n import lazy_gettext as _l


@hookimpl
def webkit_register_blueprints() -> list[Blueprint]:
    return [blueprint]


@hookimpl
def webkit_register_menu() -> list[MenuEntry]:
    return [MenuEntry(_l("Packages"), "catalogue.packages", "package", group="studio", order=60)]


@hookimpl
def webkit_register_permissions() -> list[Policy]:
    return [POLICY]
