"""Registers administration: the platform's side, and the log of an agency."""

from __future__ import annotations

from click import Command
from flask import Blueprint

from webkit.administration import beta_routes, routes
from webkit.administration.cli import staff_group
from webkit.administration.policy import POLICY
from webkit.core.access import Policy
from webkit.core.extensions import MenuEntry
from webkit.core.hookspecs import hookimpl
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.core.kernel.templating import PLATFORM


@hookimpl
def webkit_register_blueprints() -> list[Blueprint]:
    return [routes.blueprint, routes.agency_log, beta_routes.invite]


@hookimpl
def webkit_register_menu() -> list[MenuEntry]:
    platform = frozenset({PLATFORM})
    return [
        MenuEntry(_l("Log"), "agency_log.show", "history", group="studio", order=895),
        MenuEntry(_l("Agencies"), "platform.agencies", "building", order=1, roles=platform),
        MenuEntry(_l("People"), "platform.people", "users", order=2, roles=platform),
        MenuEntry(_l("Invitations"), "platform.betas", "mail", order=3, roles=platform),
        MenuEntry(_l("Log"), "platform.log", "history", order=4, roles=platform),
    ]


@hookimpl
def webkit_register_permissions() -> list[Policy]:
    return [POLICY]


@hookimpl
def webkit_register_commands() -> list[Command]:
    return [staff_group]
