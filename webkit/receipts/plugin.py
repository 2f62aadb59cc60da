"""Registers the pages of payments that people record."""

from __future__ import annotations

from flask import Blueprint

from webkit.core.access import Policy
from webkit.core.extensions import MenuEntry
from webkit.core.hookspecs import hookimpl
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.receipts import routes
from webkit.receipts.policy import POLICY


@hookimpl
def webkit_register_blueprints() -> list[Blueprint]:
    return [routes.blueprint]


@hookimpl
def webkit_register_menu() -> list[MenuEntry]:
    return [MenuEntry(_l("Payments"), "receipts.index", "credit-card", group="deals", order=55)]


@hookimpl
def webkit_register_permissions() -> list[Policy]:
    return [POLICY]
