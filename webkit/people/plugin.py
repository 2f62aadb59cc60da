"""Registers people: members, invitations, roles, ownership."""

from __future__ import annotations

from flask import Blueprint, Flask

from webkit.core.access import Policy
from webkit.core.extensions import MenuEntry
from webkit.core.hookspecs import hookimpl
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.core.kernel.runtime import of
from webkit.people import routes, service
from webkit.people.policy import POLICY


@hookimpl
def webkit_register_blueprints() -> list[Blueprint]:
    return [routes.team, routes.role_pages, routes.ownership, routes.invitations, routes.places]


@hookimpl
def webkit_startup(app: Flask) -> None:
    of(app).invites = service.invites


@hookimpl
def webkit_register_menu() -> list[MenuEntry]:
    return [MenuEntry(_l("Members"), "team.members", "users", group="studio", order=880)]


@hookimpl
def webkit_register_permissions() -> list[Policy]:
    return [POLICY]
