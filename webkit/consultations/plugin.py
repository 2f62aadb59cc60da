"""Registers consultations: how their events read."""

from __future__ import annotations

from webkit.consultations import events
from webkit.consultations import service as service
from webkit.core.extensions import EventKind
from webkit.core.hookspecs import hookimpl


@hookimpl
def webkit_register_event_kinds() -> list[EventKind]:
    return list(events.KINDS)
