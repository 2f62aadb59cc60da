"""Registers what plugins add to our pages: the place of their cards, and the jobs behind cards and fields."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Flask

from webkit.core.access import Policy
from webkit.core.extensions import JobSpec, Schedule, Slot, SlotName
from webkit.core.hookspecs import hookimpl
from webkit.core.kernel import tenancy
from webkit.core.kernel.runtime import current
from webkit.extras import service
from webkit.extras.policy import POLICY
from webkit.extras.routes import blueprint, plugin_cards


@hookimpl
def webkit_register_blueprints() -> list[Blueprint]:
    return [blueprint]


@hookimpl
def webkit_register_jobs() -> list[JobSpec]:
    return [
        JobSpec(service.ANSWER, service.answer, queue="long", lease=30),
        JobSpec(service.TIDY, service.tidy, queue="long", lease=600),
    ]


@hookimpl
def webkit_register_schedules() -> list[Schedule]:
    return [Schedule(service.TIDY, service.TIDY, daily_at="03:40")]


@hookimpl
def webkit_register_slots() -> list[Slot]:
    return [Slot(SlotName.DASHBOARD, _of_agency), Slot(SlotName.SETTINGS, _of_agency)]


@hookimpl
def webkit_startup(app: Flask) -> None:
    app.jinja_env.globals["plugin_cards"] = plugin_cards


def _of_agency(subject: UUID) -> dict[str, str] | None:
    agency = current().directory.by_id(tenancy.agency_id())
    if agency is None or agency.id != subject:
        return None
    return {
        "agency.name": agency.name,
        "agency.slug": agency.slug,
        "agency.currency": agency.currency,
        "agency.country": agency.country,
    }


@hookimpl
def webkit_register_permissions() -> list[Policy]:
    return [POLICY]
