"""What features and plugins contribute through the hooks, as plain data.

Pure Python: importing this imports neither the web framework nor the database.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol
from uuid import UUID

_DOTTED = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
_ENDPOINT = re.compile(r"\w+(\.\w+)+")


class LazyText(Protocol):
    """A text that is translated when it is shown: what `lazy_gettext` returns, or a plain str."""

    def __str__(self) -> str: ...


class Queue(enum.StrEnum):
    """Who runs a job: `now` short ones people wait for, `long` bulk, `ai` threads that mostly wait for others."""

    NOW = "now"
    LONG = "long"
    AI = "ai"


@dataclass(frozen=True, slots=True)
class Job:
    """One attempt at a job. `key` is the same on every attempt: give it to vendors as idempotency key."""

    id: UUID
    agency_id: UUID | None
    args: Mapping[str, str]
    attempt: int
    key: str
    begun: Any = None
    """What its kind's `begin` answered for it."""


@dataclass(frozen=True, slots=True)
class JobSpec:
    """A kind of job. Its handler may run twice: it does nothing when the work is done already.

    `lease` is the seconds after which a silent attempt is given up and repeated; a worker ends it a little earlier,
    unless its handler renews the lease: then it may take `longest` seconds. An `urgent` one, for which
    somebody sits and waits, goes before whatever else stands in its queue.
    Where a vendor knows no idempotency key the handler notes that it is about to call, and a person decides the rest.
    `begin` is called before, once for all jobs of an agency that were taken together: what it answers for a job's id is
    the job's `begun`.
    """

    kind: str
    handler: Callable[[Job], None]
    queue: Literal["now", "long", "ai"] = "now"
    lease: int = 60
    longest: int = 0
    urgent: bool = False
    begin: Callable[[Sequence[Job]], Mapping[UUID, Any]] | None = None

    def __post_init__(self) -> None:
        _dotted(self.kind)
        _callable(self.kind, self.handler)
        Queue(self.queue)
        if not 1 <= self.lease <= 86_400:
            raise ValueError(f"{self.kind}: lease is 1 to 86400 seconds, not {self.lease}")
        if self.longest and not self.lease <= self.longest <= 86_400:
            raise ValueError(f"{self.kind}: longest is from the lease to 86400 seconds, not {self.longest}")


@dataclass(frozen=True, slots=True)
class Schedule:
    """Adds a job of `kind` again and again: either `every` so many seconds or `daily_at` "HH:MM" in UTC.

    Where `wanted` is given it is asked each time, in a read of the platform: while it says no, no job is added and
    nothing is written. So what is rarely needed may be looked for often. What comes from a guest is not asked.
    """

    name: str
    kind: str
    every: int | None = None
    daily_at: str | None = None
    args: Mapping[str, str] = field(default_factory=dict)
    wanted: Callable[[], bool] | None = None

    def __post_init__(self) -> None:
        _dotted(self.name)
        _dotted(self.kind)
        if (self.every is None) == (self.daily_at is None):
            raise ValueError(f"{self.name}: give either every= or daily_at=")
        if self.every is not None and self.every < 1:
            raise ValueError(f"{self.name}: every= is at least one second")
        if self.daily_at is not None and not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", self.daily_at):
            raise ValueError(f"{self.name}: daily_at= is HH:MM, not {self.daily_at!r}")


@dataclass(frozen=True, slots=True)
class EventKind:
    """How an event reads in a timeline. `sentence` may use %(name)s of the event's facts and personal details."""

    kind: str
    sentence: LazyText
    tone: Literal["info", "ok", "wait", "bad"] = "info"

    def __post_init__(self) -> None:
        _dotted(self.kind)


ROLES = frozenset({"owner", "admin", "member"})


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """A line of the staff menu, shown to `roles`; `group` is one of the menu's sections, `order` sorts inside it."""

    label: LazyText
    endpoint: str
    icon: str
    group: str = "work"
    order: int = 100
    roles: frozenset[str] = ROLES

    def __post_init__(self) -> None:
        if not isinstance(self.endpoint, str) or not _ENDPOINT.fullmatch(self.endpoint):
            raise ValueError(f"{self.endpoint!r} is not an endpoint like 'acme_mail.index'")
        _texts(self.endpoint, icon=self.icon, group=self.group)
        _order_and_roles(self.endpoint, self.order, self.roles)


@dataclass(frozen=True, slots=True)
class DocumentCard:
    """A document as lists of other features show it; `state` is a word, `tone` its colour, `url` the staff page."""

    title: str
    number: str
    state: LazyText
    tone: Literal["info", "ok", "wait", "bad", "accent"]
    amount_minor: int | None
    currency: str
    url: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DocumentSource:
    """Documents of a client that one feature holds. `of_client` is called in the agency's unit of work.

    Those that are no station of a deal, like an audit, say so with `in_deal`.
    """

    kind: str
    order: int
    label: LazyText
    of_client: Callable[[UUID], list[DocumentCard]]
    new_endpoint: str = ""
    in_deal: bool = True


@dataclass(frozen=True, slots=True)
class Happened:
    """A recorded event as listeners see it: no personal details, those stay in the platform."""

    seq: int
    kind: str
    at: datetime
    subject: str
    facts: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Listener:
    """`run` is called in a job, after commit, at least once for every event whose kind matches `pattern`.

    Patterns are shell-like: "invoice.paid", "invoice.*", "*". `name` is stable: waiting deliveries are stored under it.
    """

    name: str
    pattern: str
    run: Callable[[Happened], None]

    def __post_init__(self) -> None:
        _dotted(self.name)
        _texts(self.name, pattern=self.pattern)
        _callable(self.name, self.run)


class SlotName(enum.StrEnum):
    """The places in our pages where a plugin's card may stand."""

    DASHBOARD = "dashboard"
    CLIENT = "client"
    PROPOSAL = "proposal"
    CONTRACT = "contract"
    INVOICE = "invoice"
    SETTINGS = "settings"


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in our pages. `facts` tells what plugins are told about what the page shows; None: there is no such.

    It is called in the agency's unit of work. The subject of the dashboard and of the settings is the agency.
    """

    name: SlotName
    facts: Callable[[UUID], Mapping[str, str] | None]


@dataclass(frozen=True, slots=True)
class Place:
    """Where something of a plugin is about to stand: which agency, which page, which client or document.

    `facts` are texts by name, such as `client.name`; those of a contract are all its merge fields. `locale` is the
    language in which the answer will be read.
    """

    slot: str
    subject: UUID
    agency: UUID
    locale: str
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CardContent:
    """What a card shows: a text, lines of (label, value), one link (label, address). Everything is escaped.

    Who needs more names a `template` in the folder `templates` beside the plugin's module. It is rendered with `values`
    and the place; tags that do more than structure a text are taken out.
    """

    text: str = ""
    rows: Sequence[tuple[str, str]] = ()
    link: tuple[str, str] | None = None
    template: str = ""
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Card:
    """Something of a plugin's in one of our pages, shown to `roles`.

    `draw` is called in a job, never while somebody waits for the page, and has five seconds. What it answers is kept
    for `fresh` seconds and shown meanwhile; None shows nothing.
    """

    name: str
    slot: str
    title: LazyText
    draw: Callable[[Place], CardContent | None]
    fresh: int = 300
    order: int = 100
    roles: frozenset[str] = ROLES

    def __post_init__(self) -> None:
        _dotted(self.name)
        SlotName(self.slot)
        _callable(self.name, self.draw)
        _order_and_roles(self.name, self.order, self.roles)
        if not isinstance(self.fresh, int) or not 10 <= self.fresh <= 86_400:
            raise ValueError(f"{self.name}: fresh is 10 to 86400 seconds, not {self.fresh!r}")


@dataclass(frozen=True, slots=True)
class MergeField:
    """`{{acme_mail.account}}` in contract templates, and in the message that a proposal is sent with.

    `value` is called in a job and has five seconds. While it is unknown, or empty, nothing that needs it can be sent.
    """

    name: str
    label: LazyText
    value: Callable[[Place], str]

    def __post_init__(self) -> None:
        _dotted(self.name)
        _callable(self.name, self.value)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One normalised event of a vendor: who sent it, to which of our endpoints, and the capability's event object.

    `account` is the agency's own that reports there; None is the platform's.
    """

    provider: str
    endpoint: str
    event: object
    account: UUID | None = None


def _nobody(_delivery: Delivery) -> UUID | None:
    return None


@dataclass(frozen=True, slots=True)
class InboxHandler:
    """Who applies a capability's webhook events. `apply` may see an event twice, late or out of order.

    It runs in the unit of the endpoint's agency. Where the endpoint is the platform's, `agency_of` says, looking at all
    agencies, whose the event is; None leaves it with the platform.
    """

    capability: str
    apply: Callable[[Delivery], None]
    agency_of: Callable[[Delivery], UUID | None] = _nobody


def _dotted(name: str) -> None:
    if not isinstance(name, str) or not _DOTTED.fullmatch(name) or len(name) > 64:
        raise ValueError(f"{name!r} is not a name like 'invoices.mail'")


def _callable(name: str, thing: object) -> None:
    if not callable(thing):
        raise ValueError(f"{name}: {thing!r} cannot be called")


def _texts(name: str, **given: object) -> None:
    for what, value in given.items():
        if not isinstance(value, str):
            raise ValueError(f"{name}: {what} is a text, not {value!r}")


def _order_and_roles(name: str, order: object, roles: object) -> None:
    if not isinstance(order, int):
        raise ValueError(f"{name}: order is a number, not {order!r}")
    if not isinstance(roles, frozenset) or not all(isinstance(role, str) for role in roles):
        raise ValueError(f"{name}: roles is a frozenset of texts, not {roles!r}")
