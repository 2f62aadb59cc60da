"""Registers imports: their pages, jobs, and how their events read."""

from __future__ import annotations

from flask import Blueprint

from webkit.core.access import Policy
from webkit.core.extensions import EventKind, JobSpec, MenuEntry
from webkit.core.hookspecs import hookimpl
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.imports import events, working
from webkit.imports.policy import POLICY
from webkit.imports.routes import blueprint

LEASE, LONGEST = 60, 3600
"""Seconds after which a killed attempt is repeated, and how long one may take that says it lives."""


@hookimpl
def webkit_register_blueprints() -> list[Blueprint]:
    return [blueprint]


@hookimpl
def webkit_register_menu() -> list[MenuEntry]:
    return [MenuEntry(_l("Import"), "imports.index", "upload", group="studio", order=890)]


@hookimpl
def webkit_register_jobs() -> list[JobSpec]:
    jobs = ((working.CHECK, working.check), (working.RUN, working.run), (working.UNDO, working.undo))
    return [JobSpec(kind, handler, queue="long", lease=LEASE, longest=LONGEST) for kind, handler in jobs]


@hookimpl
def webkit_register_event_kinds() -> list[EventKind]:
    return list(events.KINDS)


@hookimpl
def webkit_register_permissions() -> list[Policy]:
    return [POLICY]
