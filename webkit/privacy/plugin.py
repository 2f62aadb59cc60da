"""Registers privacy: pages of erasures, their jobs, and the register's command."""

from __future__ import annotations

from click import Command
from flask import Blueprint, Flask

from webkit.core.access import Policy
from webkit.core.extensions import EventKind, JobSpec, LazyText, MenuEntry, Schedule
from webkit.core.hookspecs import hookimpl
from webkit.core.kernel import evidence
from webkit.core.kernel.evidence import Witness
from webkit.core.kernel.frozen import Frozen
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.privacy import events, jobs, models, pages, routes, service
from webkit.privacy.cli import privacy_group
from webkit.privacy.policy import POLICY


@hookimpl
def webkit_register_blueprints() -> list[Blueprint]:
    return [routes.blueprint]


@hookimpl
def webkit_register_menu() -> list[MenuEntry]:
    return [MenuEntry(_l("Privacy"), "privacy.index", "shield", group="studio", order=894)]


@hookimpl
def webkit_register_event_kinds() -> list[EventKind]:
    return list(events.KINDS)


@hookimpl
def webkit_register_jobs() -> list[JobSpec]:
    return jobs.JOBS


@hookimpl
def webkit_register_schedules() -> list[Schedule]:
    return jobs.SCHEDULES


@hookimpl
def webkit_register_commands() -> list[Command]:
    return [privacy_group]


@hookimpl
def webkit_register_permissions() -> list[Policy]:
    return [POLICY]


@hookimpl
def webkit_startup(app: Flask) -> None:
    app.jinja_env.globals["erased_parts"] = lambda told: pages.gone(service.parts_of(told))
    app.jinja_env.globals["kept_parts"] = lambda told: pages.staying(service.parts_of(told))
    evidence.witness(app, service.KIND, Witness(_l("Receipt of an erasure"), _state, _differences))


def _state(_kept: Frozen) -> tuple[LazyText, str]:
    return _l("Carried out"), "ok"


def _differences(kept: Frozen, _pdf: bytes | None) -> list[str]:
    row = models.get(kept.document_id)
    if row is None:
        return ["its erasure is gone."]
    same = (row.frozen_id, row.signature) == (kept.id, kept.snapshot["signature"])
    return [] if same else ["the receipt is another one now."]
