"""Registers retainers that clients pay through the agency's payment service."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Flask, url_for

from webkit.core.access import Policy
from webkit.core.capabilities.subscriptions import Interval
from webkit.core.extensions import DocumentCard, DocumentSource, EventKind, JobSpec, MenuEntry, Schedule
from webkit.core.hookspecs import hookimpl
from webkit.core.kernel import signals
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.payments.events import RetainerTold
from webkit.retainers import events, jobs, public, routes, selling
from webkit.retainers.models import Word
from webkit.retainers.policy import POLICY

SWEEP_EVERY = 300
WORDS = {
    Word.OFFERED: _l("Offered"),
    Word.ACTIVE: _l("Running"),
    Word.PAST_DUE: _l("Payment missing"),
    Word.PAUSED: _l("Paused"),
    Word.ENDING: _l("Ending"),
    Word.ENDED: _l("Ended"),
}
TONES = {Word.OFFERED: "wait", Word.ACTIVE: "ok", Word.PAST_DUE: "bad", Word.PAUSED: "wait", Word.ENDING: "wait"}
TURNS = {Interval.MONTH: _l("every month"), Interval.YEAR: _l("every year")}


@hookimpl
def webkit_register_blueprints() -> list[Blueprint]:
    return [routes.blueprint, public.blueprint]


@hookimpl
def webkit_register_menu() -> list[MenuEntry]:
    return [MenuEntry(_l("Retainers"), "retainers.index", "refresh", group="deals", order=56)]


@hookimpl
def webkit_register_jobs() -> list[JobSpec]:
    return [
        JobSpec(selling.SYNC, jobs.sync),
        JobSpec(jobs.SWEEP, jobs.sweep),
        JobSpec(jobs.LOOK, jobs.look, queue="long"),
    ]


@hookimpl
def webkit_register_schedules() -> list[Schedule]:
    return [Schedule("retainers.sweep", jobs.SWEEP, every=SWEEP_EVERY)]


@hookimpl
def webkit_register_event_kinds() -> list[EventKind]:
    return events.KINDS


@hookimpl
def webkit_register_permissions() -> list[Policy]:
    return [POLICY]


@hookimpl
def webkit_register_document_sources() -> list[DocumentSource]:
    return [DocumentSource("retainers", 56, _l("Retainers"), _cards, "retainers.new", in_deal=False)]


@hookimpl
def webkit_startup(app: Flask) -> None:
    signals.subscribe(app, RetainerTold, selling.told)
    app.jinja_env.globals["retainer_words"] = WORDS
    app.jinja_env.globals["retainer_turns"] = TURNS


def _cards(client_id: UUID) -> list[DocumentCard]:
    return [
        DocumentCard(
            title=f"{row.title} · {TURNS[row.interval]}",
            number="",
            state=WORDS[row.state],
            tone=TONES.get(row.state, "info"),  # type: ignore[arg-type]
            amount_minor=row.total_minor,
            currency=row.currency,
            url=url_for("retainers.show", retainer_id=row.id),
            at=row.created_at,
        )
        for row in selling.of_client(client_id)
    ]
