"""Every hook a feature or a plugin may implement. This file *is* the extension API.

Implement any of them, as functions of the module your entry point names, marked with `hookimpl`. They are called once,
at boot, and answer with data; what they return is used later. A plugin of somebody else's that raises here, or takes
more than five seconds, is left out as a whole and shown as quarantined. Adding a hook or an argument is compatible;
removing one is announced before.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from click import Command
    from flask import Blueprint, Flask

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
    from .kernel.directory import Directory

PROJECT = "webkit"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def webkit_register_providers() -> Sequence[ProviderSpec[Any]]:  # type: ignore[empty-body]
    """The providers this plugin offers; configuration chooses among all of them. Must not import a vendor's SDK.

    Added in 0.1.
    """


@hookspec
def webkit_register_blueprints() -> Sequence[Blueprint]:  # type: ignore[empty-body]
    """Flask blueprints. A plugin's are public and mounted under `/x/<plugin>/`, whatever prefix they ask for.

    They are named after the plugin. At most four of a plugin's requests run at once; more are answered with 503.

    Added in 0.1.
    """


@hookspec
def webkit_register_staff_blueprints() -> Sequence[Blueprint]:  # type: ignore[empty-body]
    """Flask blueprints for an agency's staff, mounted under `/<agency>/x/<plugin>/`.

    Before any view of theirs runs, the visitor has signed in, is a member of the agency, and the agency's door is open.
    They share their four requests at once with the public ones.

    Added in 0.1.
    """


@hookspec
def webkit_register_menu() -> Sequence[MenuEntry]:  # type: ignore[empty-body]
    """Lines of the staff menu. A plugin's lead to pages of its own.

    Added in 0.1.
    """


@hookspec
def webkit_register_cards() -> Sequence[Card]:  # type: ignore[empty-body]
    """Cards in named places of our pages. A slow or failing one never holds the page.

    Added in 0.1.
    """


@hookspec
def webkit_register_fields() -> Sequence[MergeField]:  # type: ignore[empty-body]
    """Merge fields for contract templates and for the message a proposal is sent with.

    Added in 0.1.
    """


@hookspec
def webkit_register_listeners() -> Sequence[Listener]:  # type: ignore[empty-body]
    """Functions that are told about events, in a job of their own after the commit. A plugin's have twenty seconds.

    Added in 0.1.
    """


@hookspec
def webkit_register_jobs() -> Sequence[JobSpec]:  # type: ignore[empty-body]
    """Kinds of jobs and their handlers. A kind is unique in the whole installation; a plugin's run in the queue `long`.

    Added in 0.1.
    """


@hookspec
def webkit_register_schedules() -> Sequence[Schedule]:  # type: ignore[empty-body]
    """Jobs that are added again and again. A plugin's are added for each agency, every five minutes at most.

    Added in 0.1.
    """


@hookspec
def webkit_register_commands() -> Sequence[Command]:  # type: ignore[empty-body]
    """Click commands of the `webkit` command line. A plugin's are named after it.

    Added in 0.1.
    """


@hookspec
def webkit_register_event_kinds() -> Sequence[EventKind]:  # type: ignore[empty-body]
    """Kinds of events and how they read in a timeline. For features only. Added in 0.1."""


@hookspec
def webkit_register_inbox_handlers() -> Sequence[InboxHandler]:  # type: ignore[empty-body]
    """Who applies the webhook events of a capability; one handler for each. For features only. Added in 0.1."""


@hookspec
def webkit_register_document_sources() -> Sequence[DocumentSource]:  # type: ignore[empty-body]
    """Documents that belong to a client, for the client's page. For features only. Added in 0.1."""


@hookspec
def webkit_register_slots() -> Sequence[Slot]:  # type: ignore[empty-body]
    """What is known in the places where plugins' cards stand. For features only. Added in 0.1."""


@hookspec
def webkit_register_permissions() -> Sequence[Policy]:  # type: ignore[empty-body]
    """What can be permitted, and which address asks for what. For features only. Added in 0.2."""


@hookspec(firstresult=True)
def webkit_directory() -> Directory | None:
    """Who answers the core's questions about agencies and people. For features only. Added in 0.1."""


@hookspec
def webkit_startup(app: Flask) -> None:
    """Called once after everything is registered, before the first request. For features only. Added in 0.1."""
