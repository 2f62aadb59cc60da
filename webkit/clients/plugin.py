"""Registers clients: their pages, their line in the menu, how their events read."""

from __future__ import annotations

from flask import Blueprint, Flask

from webkit.clients import events, listing, service, vies
from webkit.clients.policy import POLICY
from webkit.clients.routes import blueprint
from webkit.core.access import Policy
from webkit.core.extensions import EventKind, JobSpec, MenuEntry, Slot, SlotName
from webkit.core.hookspecs import hookimpl
from webkit.core.kernel import lists
from webkit.core.kernel.i18n import lazy_gettext as _l


@hookimpl
def webkit_register_blueprints() -> list[Blueprint]:
    return [blueprint]


@hookimpl
def webkit_register_menu() -> list[MenuEntry]:
    return [MenuEntry(_l("Clients"), "clients.index", "users", group="work", order=20)]


@hookimpl
def webkit_register_event_kinds() -> list[EventKind]:
    return list(events.KINDS)


@hookimpl
def webkit_register_jobs() -> list[JobSpec]:
    return vies.JOBS


@hookimpl
def webkit_register_slots() -> list[Slot]:
    return [Slot(SlotName.CLIENT, service.facts)]


@hookimpl
def webkit_startup(app: Flask) -> None:
    lists.register(app, listing.CLIENTS)


@hookimpl
def webkit_register_permissions() -> list[Policy]:
    return [POLICY]
