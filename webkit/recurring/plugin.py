"""Registers plans that bill again and again, reminders, and what lies ahead."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Flask, url_for

from webkit.charges.events import CollectionEnded
from webkit.core.access import Policy
from webkit.core.extensions import DocumentCard, DocumentSource, EventKind, JobSpec, MenuEntry, Schedule
from webkit.core.hookspecs import hookimpl
from webkit.core.kernel import signals
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.invoices.events import InvoiceIssued, InvoiceReopened
from webkit.recurring import dunning, events, jobs, planning, reminder_routes, routes
from webkit.recurring.models import PlanState
from webkit.recurring.policy import POLICY

SWEEP_EVERY = 120
WORDS = {PlanState.ACTIVE: _l("Running"), PlanState.PAUSED: _l("Paused"), PlanState.ENDED: _l("Ended")}
TONES = {PlanState.ACTIVE: "ok", PlanState.PAUSED: "wait", PlanState.ENDED: "info"}


@hookimpl
def webkit_register_blueprints() -> list[Blueprint]:
    return [routes.blueprint, reminder_routes.blueprint]


@hookimpl
def webkit_register_menu() -> list[MenuEntry]:
    return [MenuEntry(_l("Recurring"), "recurring.index", "refresh", group="deals", order=55)]


@hookimpl
def webkit_register_jobs() -> list[JobSpec]:
    return [
        JobSpec(jobs.SWEEP, jobs.sweep),
        JobSpec(jobs.RUN, jobs.run, queue="long"),
        JobSpec(jobs.REMIND, jobs.remind, queue="long"),
        JobSpec(jobs.WATCH, jobs.watch, queue="long"),
    ]


@hookimpl
def webkit_register_schedules() -> list[Schedule]:
    return [Schedule("recurring.sweep", jobs.SWEEP, every=SWEEP_EVERY)]


@hookimpl
def webkit_register_event_kinds() -> list[EventKind]:
    return events.KINDS


@hookimpl
def webkit_register_document_sources() -> list[DocumentSource]:
    return [DocumentSource("recurring", 55, _l("Recurring"), _cards, "recurring.new", in_deal=False)]


@hookimpl
def webkit_startup(app: Flask) -> None:
    signals.subscribe(app, InvoiceIssued, dunning.on_issued)
    signals.subscribe(app, InvoiceReopened, dunning.on_reopened)
    signals.subscribe(app, CollectionEnded, dunning.on_collection_ended)
    app.jinja_env.globals["plan_words"] = WORDS


def _cards(client_id: UUID) -> list[DocumentCard]:
    return [
        DocumentCard(
            title=f"{plan.name} · {plan.said}",
            number="",
            state=WORDS[plan.state],
            tone=TONES[plan.state],  # type: ignore[arg-type]
            amount_minor=plan.total,
            currency=plan.currency,
            url=url_for("recurring.show", plan_id=plan.id),
            at=plan.created_at,
        )
        for plan in planning.of_client(client_id)
    ]


@hookimpl
def webkit_register_permissions() -> list[Policy]:
    return [POLICY]
