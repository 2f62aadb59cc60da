"""What one feature or plugin brings along, hook by hook."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
from flask import Blueprint

from webkit.core.values import dataclass

from .access import Policy
from .capabilities.base import ProviderSpec
from .extensions import (
    Card,
    DocumentSource,
    EventKind,
    InboxHandler,
    JobSpec,
    Listener,
    MenuEntry,
    MergeField,
    Schedule,
    Slot,
)

OURS = "webkit"

HOOKS: dict[str, type[Any]] = {
    "providers": ProviderSpec,
    "blueprints": Blueprint,
    "staff_blueprints": Blueprint,
    "menu": MenuEntry,
    "cards": Card,
    "fields": MergeField,
    "listeners": Listener,
    "jobs": JobSpec,
    "schedules": Schedule,
    "commands": click.Command,
    "event_kinds": EventKind,
    "inbox_handlers": InboxHandler,
    "document_sources": DocumentSource,
    "slots": Slot,
    "permissions": Policy,
}
"""What each hook `webkit_register_<name>` answers with, in a list."""
UNIQUE: dict[str, Callable[[Any], str]] = {
    "providers": lambda spec: f"{spec.capability.key}={spec.name}",
    "blueprints": lambda blueprint: str(blueprint.name),
    "staff_blueprints": lambda blueprint: str(blueprint.name),
    "jobs": lambda job: str(job.kind),
    "schedules": lambda schedule: str(schedule.name),
    "event_kinds": lambda kind: str(kind.kind),
    "commands": lambda command: str(command.name),
    "cards": lambda card: str(card.name),
    "fields": lambda merge_field: str(merge_field.name),
    "slots": lambda slot: str(slot.name),
    "listeners": lambda listener: str(listener.name),
    "inbox_handlers": lambda handler: str(handler.capability),
}


class Broken(Exception):
    """One plugin does not fit; the message says why."""


class Status(enum.StrEnum):
    LOADED = "loaded"
    OFF = "off"  # by WEBKIT_PLUGINS_OFF
    QUARANTINED = "quarantined"  # left out because it is broken; `reason` says how


@dataclass(frozen=True, slots=True)
class PluginInfo:
    """A plugin as the operator sees it."""

    name: str
    distribution: str
    version: str
    status: Status = Status.LOADED
    reason: str = ""

    @property
    def bundled(self) -> bool:
        return self.distribution == OURS

    def __str__(self) -> str:
        return f"{self.name} ({self.distribution} {self.version})".replace(" )", ")")


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one feature or plugin brings along."""

    plugin: PluginInfo
    feature: bool
    providers: tuple[ProviderSpec[Any], ...] = ()
    blueprints: tuple[Blueprint, ...] = ()
    staff_blueprints: tuple[Blueprint, ...] = ()
    menu: tuple[MenuEntry, ...] = ()
    cards: tuple[Card, ...] = ()
    fields: tuple[MergeField, ...] = ()
    listeners: tuple[Listener, ...] = ()
    jobs: tuple[JobSpec, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    commands: tuple[click.Command, ...] = ()
    event_kinds: tuple[EventKind, ...] = ()
    inbox_handlers: tuple[InboxHandler, ...] = ()
    document_sources: tuple[DocumentSource, ...] = ()
    slots: tuple[Slot, ...] = ()
    permissions: tuple[Policy, ...] = ()
    folder: Path | None = None
    module: str = ""
    hooks: tuple[str, ...] = ()

    @property
    def stranger(self) -> bool:
        """Somebody else's plugin: what it does at run time is watched, and it may be switched off."""
        return not self.feature and not self.plugin.bundled

    def claims(self) -> Iterator[tuple[str, str]]:
        """The names that nobody else may use."""
        for hook, name in UNIQUE.items():
            yield from ((hook.removeprefix("staff_"), name(item)) for item in getattr(self, hook))
