"""What a running application is made of, reachable from anywhere inside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import Flask, Response, abort, current_app

from webkit.core.kernel.remembered import Remembered

if TYPE_CHECKING:
    from webkit.core.capabilities.observing import Observer
    from webkit.core.contributions import Contribution
    from webkit.core.extensions import (
        DocumentSource,
        EventKind,
        InboxHandler,
        JobSpec,
        Listener,
        MenuEntry,
        Schedule,
        Slot,
    )
    from webkit.core.kernel.bearers import Bearer
    from webkit.core.kernel.circuits import Own
    from webkit.core.kernel.crypto import Keys
    from webkit.core.kernel.directory import Directory
    from webkit.core.kernel.entitlements import Limit, Meter, Policy
    from webkit.core.kernel.evidence import Witness
    from webkit.core.kernel.frozen import Frozen
    from webkit.core.kernel.hosts import Domains
    from webkit.core.kernel.inbox import Endpoint
    from webkit.core.kernel.permissions import Rules
    from webkit.core.plugins import Plugins
    from webkit.core.providers import ProviderRegistry
    from webkit.core.settings import Settings


@dataclass
class Runtime:
    """Everything `create_app` put together; one per application, never a module global."""

    settings: Settings
    keys: Keys
    plugins: Plugins
    registry: ProviderRegistry
    directory: Directory
    rules: Rules
    """What features say about permissions."""
    domains: Domains | None = None
    """Who knows the domains of agencies."""
    client_blueprints: set[str] = field(default_factory=set)
    """Pages for whoever holds a link: all there is at agencies' domains."""
    guest_blueprints: frozenset[str] = frozenset()
    """Pages of plugins for staff: any member may ask them."""
    jobs: dict[str, JobSpec] = field(default_factory=dict)
    schedules: list[Schedule] = field(default_factory=list)
    event_kinds: dict[str, EventKind] = field(default_factory=dict)
    listeners: list[Listener] = field(default_factory=list)
    menu: list[MenuEntry] = field(default_factory=list)
    inbox_handlers: dict[str, InboxHandler] = field(default_factory=dict)
    document_sources: list[DocumentSource] = field(default_factory=list)
    slots: dict[str, Slot] = field(default_factory=dict)
    guests: dict[str, Contribution] = field(default_factory=dict)
    """Somebody else's plugins by name: all that may be switched off while we run."""
    owners: dict[str, str] = field(default_factory=dict)
    """Whose a job, listener, card, field or menu entry of a guest is."""
    switched_off: frozenset[str] = frozenset()
    switches_seen: float = 0.0
    subscribers: dict[type, list[Callable[[Any], object]]] = field(default_factory=dict)
    finishers: dict[str, Callable[[Frozen, bytes], bytes]] = field(default_factory=dict)
    after_upgrade: list[Callable[[Flask], None]] = field(default_factory=list)
    witnesses: dict[str, Witness] = field(default_factory=dict)
    numbered: dict[str, tuple[Any, tuple[Any, ...], Any]] = field(default_factory=dict)
    """By series: the column where its numbers stand, and which rows of that table are its."""
    kept_sums: list[Any] = field(default_factory=list)
    """Which rows add to kept sums, and what: `tally_audit.Kept`."""
    lists: dict[str, Any] = field(default_factory=dict)
    searched: dict[str, Callable[[Any], Any]] = field(default_factory=dict)
    """By kind of document: what it is found by."""
    print_context: Callable[[str, str], dict[str, object]] = lambda _brand, _cover: {}
    prove: Callable[[], Response | None] = lambda: abort(403)
    """Asks somebody who is signed in to show again who they are; None when this request has just done so."""
    invites: Callable[[str, str], bool] = lambda _email, _path: False
    """Whether the page at a path of ours invites whoever an address belongs to: then they may have an account."""
    has_second: Callable[[UUID], bool] = lambda _user_id: True
    """Whether somebody has set up a second factor."""
    bearer: Callable[[str], Bearer] | None = None
    """Who an Authorization header belongs to; raises `bearers.Unauthorized`."""
    endpoints: dict[tuple[str, str, str], Endpoint] = field(default_factory=dict)
    tiers: Policy | None = None
    """Who says what an agency may use; without, it may use everything."""
    meters: dict[Limit, list[Meter]] = field(default_factory=dict)
    remembered: Remembered = field(default_factory=Remembered)
    circuits: Own = field(default_factory=lambda: _own())
    redis: Any = None
    observers: tuple[Observer, ...] | None = None
    """Who is told how we do; None until it is first asked."""


def _own() -> Own:
    from webkit.core.kernel.circuits import Own

    return Own()


def current() -> Runtime:
    """The runtime of the current application."""
    return of(current_app)


def of(app: Flask) -> Runtime:
    """The runtime of `app`."""
    runtime: Runtime = app.extensions["webkit"]
    return runtime
