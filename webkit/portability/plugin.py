"""Registers portability: archives of agencies and people, and their deletion."""

from __future__ import annotations

from click import Command
from flask import Blueprint

from webkit.core.access import Policy
from webkit.core.extensions import EventKind, JobSpec, MenuEntry, Schedule
from webkit.core.hookspecs import hookimpl
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.core.kernel.templating import PLATFORM
from webkit.portability import arrival_routes, arriving, deleting, personal, routes, service
from webkit.portability.cli import export_command, import_command
from webkit.portability.policy import POLICY


@hookimpl
def webkit_register_blueprints() -> list[Blueprint]:
    return [routes.blueprint, routes.mine, arrival_routes.blueprint]


@hookimpl
def webkit_register_menu() -> list[MenuEntry]:
    return [
        MenuEntry(_l("Data"), "agency_data.show", "package", group="studio", order=898),
        MenuEntry(_l("Archives"), "arrivals.index", "package", order=4, roles=frozenset({PLATFORM})),
    ]


@hookimpl
def webkit_register_permissions() -> list[Policy]:
    return [POLICY]


@hookimpl
def webkit_register_event_kinds() -> list[EventKind]:
    return [
        EventKind(deleting.ASKED, _l("%(actor)s asked to delete the agency on %(on)s"), "wait"),
        EventKind(deleting.CANCELLED, _l("%(actor)s took the deletion of the agency back"), "ok"),
        EventKind(deleting.DELETED, _l("The agency was deleted"), "bad"),
    ]


@hookimpl
def webkit_register_jobs() -> list[JobSpec]:
    return [
        JobSpec(service.EXPORT, service.make, "long", lease=service.LEASE, longest=service.MOST_SECONDS),
        JobSpec(service.TIDY, service.tidy, "long"),
        JobSpec(service.TIDY_AGENCY, service.tidy_agency, "long"),
        JobSpec(deleting.DUE, deleting.look_for_due, "long"),
        JobSpec(deleting.DELETE, deleting.delete, "long", lease=service.LEASE),
        JobSpec(deleting.OVER, deleting.look_for_over, "long"),
        JobSpec(deleting.SWEEP, deleting.sweep, "long", lease=service.LEASE),
        JobSpec(arriving.ARRIVE, arriving.bring_in, "long", lease=arriving.LEASE, longest=arriving.MOST_SECONDS),
        JobSpec(arriving.TIDY, arriving.tidy, "long"),
        JobSpec(personal.EXPORT, personal.make, "long", lease=600),
        JobSpec(personal.TIDY, personal.tidy, "long"),
        JobSpec(personal.DUE, personal.look_for_due, "long"),
        JobSpec(personal.DELETE, personal.delete, "long", lease=600),
    ]


@hookimpl
def webkit_register_schedules() -> list[Schedule]:
    return [
        Schedule("portability.tidy", service.TIDY, daily_at="03:20"),
        Schedule("portability.tidy_arrivals", arriving.TIDY, daily_at="03:22"),
        Schedule("portability.tidy_people", personal.TIDY, daily_at="03:25"),
        Schedule("portability.delete_due", deleting.DUE, daily_at="03:30"),
        Schedule("portability.sweep_due", deleting.OVER, daily_at="03:40"),
        Schedule("portability.accounts_due", personal.DUE, daily_at="03:35"),
    ]


@hookimpl
def webkit_register_commands() -> list[Command]:
    return [export_command, import_command]
