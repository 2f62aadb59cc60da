"""Registers website audits: the job and how its events read."""

from __future__ import annotations

from webkit.core.extensions import EventKind, JobSpec
from webkit.core.hookspecs import hookimpl
from webkit.website_audits import events, service

LEASE = 240
"""Seconds before a killed measurement is repeated; a provider's own limit is shorter."""


@hookimpl
def webkit_register_jobs() -> list[JobSpec]:
    return [JobSpec(service.MEASURE, service.measure, queue="ai", lease=LEASE)]


@hookimpl
def webkit_register_event_kinds() -> list[EventKind]:
    return list(events.KINDS)
