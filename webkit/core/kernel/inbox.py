"""Every vendor's webhook: verified, kept as one row per event, answered at once, applied by a job.

An endpoint is a door: its random name says which agency a vendor talks to. The same event twice is one row. What
nobody understands is acknowledged and kept.
"""

from __future__ import annotations

import enum
import functools
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.extensions import Delivery, Job
from webkit.core.kernel import asking, clock, ids, jobs, outbox, tenancy, vendors
from webkit.core.kernel.db import Alone, insert, release, session, writes, writing
from webkit.core.kernel.errors import NotFound
from webkit.core.kernel.logging import is_secret
from webkit.core.kernel.runtime import current
from webkit.core.kernel.tables import Json, Record, enum_column
from webkit.core.providers import ProviderRegistry
from webkit.core.values import dataclass

APPLY = "core.inbox"
PLATFORM = "platform"
"""The endpoint for what a vendor reports about all agencies, set up once in the vendor's own pages. It needs no row:
no drawn name is as short, and what arrives there is genuine or refused like everything else."""


AT_ONCE = 500
"""Events that one query asks for."""
MOST_KNOWN = 10_000
"""Endpoints that a process remembers."""


class State(enum.StrEnum):
    RECEIVED = "received"
    APPLIED = "applied"


class InboxEndpoint(Record):
    """An address a vendor calls; platform endpoints have no agency."""

    __tablename__ = "inbox_endpoints"
    __table_args__ = (
        sa.Index("ix_inbox_endpoints_agency_id_capability_provider", "agency_id", "capability", "provider"),
    )

    name: Mapped[str] = mapped_column(sa.String(32), unique=True)
    capability: Mapped[str] = mapped_column(sa.String(32))
    provider: Mapped[str] = mapped_column(sa.String(32))
    agency_id: Mapped[UUID | None]
    account_id: Mapped[UUID | None]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Whose endpoint it is, and which account of theirs reports there; the platform's has neither."""

    agency: UUID | None = None
    account: UUID | None = None


class InboxEvent(Record):
    """One event of a vendor, raw bytes included, so that it can be replayed."""

    __tablename__ = "inbox"
    __table_args__ = (
        sa.UniqueConstraint("endpoint", "event_id"),
        sa.Index("ix_inbox_state_id", "state", "id"),
    )

    endpoint: Mapped[str] = mapped_column(sa.String(32))
    capability: Mapped[str] = mapped_column(sa.String(32))
    provider: Mapped[str] = mapped_column(sa.String(32))
    agency_id: Mapped[UUID | None]
    event_id: Mapped[str] = mapped_column(sa.String(128))
    kind: Mapped[str] = mapped_column(sa.String(64))
    body: Mapped[bytes] = mapped_column(sa.LargeBinary)
    headers: Mapped[dict[str, str]] = mapped_column(Json)
    state: Mapped[State] = enum_column(State, default=State.RECEIVED)
    applied_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class InboxView:
    """A received event as operators see it."""

    id: UUID
    capability: str
    provider: str
    endpoint: str
    event_id: str
    kind: str
    state: State
    received_at: datetime
    applied_at: datetime | None


def endpoint(capability: str, provider: str, account: UUID | None = None, *, name: str = "") -> str:
    """The name of the current agency's endpoint for a provider, made on first use, inside a write.

    Through which account it is used belongs to it. `name` is one that was promised before.
    """
    if (known := endpoint_of(capability, provider, account)) is None:
        agency, known = tenancy.agency_id(), name or ids.token()
        row = {"name": known, "capability": capability, "provider": provider, "agency_id": agency}
        session().add(InboxEndpoint(**row, account_id=account))
    return known


def endpoint_of(capability: str, provider: str, account: UUID | None) -> str | None:
    """The name of the current agency's endpoint, if there is one."""
    query = sa.select(InboxEndpoint.name).where(
        InboxEndpoint.agency_id == tenancy.agency_id(),
        InboxEndpoint.capability == capability,
        InboxEndpoint.provider == provider,
        InboxEndpoint.account_id.is_(None) if account is None else InboxEndpoint.account_id == account,
    )
    return session().scalars(query.limit(1)).first()


def url(capability: str, provider: str, name: str) -> str:
    """The absolute address a vendor calls."""
    return f"{current().settings.base_url}/webhooks/{capability}/{provider}/{name}"


def find(capability: str, provider: str, name: str) -> Endpoint:
    """Who is behind an endpoint; raises NotFound for an unknown one."""
    if name == PLATFORM:
        return Endpoint()
    here = (capability, provider, name)
    if here in (known := current().endpoints):
        return known[here]
    query = sa.select(InboxEndpoint.agency_id, InboxEndpoint.account_id).where(
        InboxEndpoint.name == name, InboxEndpoint.capability == capability, InboxEndpoint.provider == provider
    )
    if (row := session().execute(query).one_or_none()) is None:
        raise NotFound("No such endpoint.")
    found = Endpoint(row.agency_id, row.account_id)
    if found.agency is not None and len(current().endpoints) < MOST_KNOWN:
        current().endpoints[here] = found  # an endpoint never changes hands
    return found


def reader(capability: str, provider: str, where: Endpoint) -> Any:
    """The provider that reads this vendor's webhooks: with the secret of the account that reports there.

    Raises NotFound when the platform has not chosen it, or the account is gone.
    """
    if where.agency is None or where.account is None:
        return _chosen(current().registry, capability, provider)
    known = current().registry.of_key(capability)
    with tenancy.tenant(where.agency):
        vendor = vendors.find_keeper(known, where.account) if known else None
        release()
        if vendor is None or vendor.name != provider:
            raise NotFound("No such endpoint.")
        return vendor.connect()


@functools.lru_cache(64)
def _chosen(registry: ProviderRegistry, capability: str, provider: str) -> Any:
    found = registry.of_key(capability)
    if found is None or provider not in registry.chosen_names(found):
        raise NotFound("No such endpoint.")
    return registry.get(found, name=provider)


def receive(
    capability: str,
    provider: str,
    name: str,
    body: bytes,
    headers: dict[str, str],
    events: list[tuple[str, str]],
    *,
    agency: UUID | None = None,
) -> int:
    """Keep verified `events` (id, kind) of one call; returns how many were new. Called twice, it does nothing.

    `agency` is what `find` said of the endpoint. Each event and its job are one statement: a vendor waits for us.
    """
    shown = {key: value for key, value in headers.items() if not is_secret(key)}
    fresh = 0
    for event_id, kind in events:
        row = {
            "id": ids.uuid7(), "created_at": clock.now(), "endpoint": name, "capability": capability,
            "provider": provider, "agency_id": agency, "event_id": event_id, "kind": kind, "body": body,
            "headers": shown, "state": State.RECEIVED,
        }  # fmt: skip
        fresh += _keep(row)
    return fresh


def missing(name: str, event_ids: Sequence[str]) -> set[str]:
    """Which of these events have not arrived at an endpoint."""
    known: set[str] = set()
    for start in range(0, len(event_ids), AT_ONCE):
        here = InboxEvent.event_id.in_(event_ids[start : start + AT_ONCE])
        known |= set(session().scalars(sa.select(InboxEvent.event_id).where(InboxEvent.endpoint == name, here)))
    return set(event_ids) - known


def _keep(row: dict[str, Any]) -> bool:
    """Whether this event is new. PostgreSQL adds its job in the same message, SQLite in the same write."""
    dialect = session().get_bind().dialect.name
    if dialect == "postgresql" and not session().writing:
        plain = {**row, "headers": json.dumps(row["headers"], sort_keys=True), "state": row["state"].value}
        values = {f"new_{name}": value for name, value in plain.items()}
        if fresh := bool(_event_and_job(dialect).run({**values, "job_at": row["created_at"]})):
            jobs.nudge(APPLY)
        return fresh
    with writing() as unit:
        if fresh := bool(asking.rows(unit.line, _event(dialect), row)):
            outbox.add(APPLY, inbox_id=str(row["id"]))
    return fresh


@functools.cache
def _event(dialect: str) -> sa.Executable:
    values = {column.name: sa.bindparam(column.name, type_=column.type) for column in _columns()}
    return insert(InboxEvent).values(values).on_conflict_do_nothing().returning(InboxEvent.id)  # type: ignore[no-any-return]


@functools.cache
def _event_and_job(dialect: str) -> Alone:
    values = {column.name: sa.bindparam(f"new_{column.name}", type_=column.type) for column in _columns()}
    new = insert(InboxEvent).values(values).on_conflict_do_nothing().returning(InboxEvent.id, InboxEvent.agency_id)
    return Alone.of(outbox.follow(new.cte("fresh"), APPLY))


def _columns() -> list[sa.Column[Any]]:
    """What a new event fills in."""
    return [column for column in InboxEvent.__table__.columns if column.name != "applied_at"]  # type: ignore[misc]


def apply(job: Job) -> None:
    """Hand one kept event to the feature that owns its capability; in one transaction with the mark that it was."""
    wanted_id = UUID(job.args["inbox_id"]) if "inbox_id" in job.args else job.id
    row = next(iter(asking.rows(session().line, _kept_event(), {"row": wanted_id})), None)
    if row is None or row.state == State.APPLIED:
        return
    row_id, agency, wanted, body = row.id, row.agency_id, row.event_id, row.body
    capability, provider, name = row.capability, row.provider, row.endpoint
    handler = current().inbox_handlers.get(capability)
    where = find(capability, provider, name)
    release()
    events = [event for event in reader(capability, provider, where).events(body) if event.id == wanted]
    deliveries = [Delivery(provider=provider, endpoint=name, event=event, account=where.account) for event in events]
    if handler is not None and agency is None and deliveries:
        with tenancy.platform("whose document a vendor's event is about"):
            agency = handler.agency_of(deliveries[0])
    door = tenancy.tenant(agency) if agency else tenancy.platform("a vendor's event for the platform")
    with door, writing():
        if handler is not None:
            for delivery in deliveries:
                handler.apply(delivery)
        session().connection().execute(_applied(), {"row": row_id, "at": clock.now()})


@functools.cache
def _kept_event() -> sa.Executable:
    names = ("id", "agency_id", "event_id", "body", "capability", "provider", "endpoint", "state")
    wanted = InboxEvent.id == sa.bindparam("row", type_=InboxEvent.id.type)
    return sa.select(*(InboxEvent.__table__.columns[name] for name in names)).where(wanted)


@functools.cache
def _applied() -> sa.Executable:
    table = InboxEvent.__table__
    marked = sa.update(table).where(table.c.id == sa.bindparam("row"))  # type: ignore[arg-type]
    return marked.values(state=State.APPLIED, applied_at=sa.bindparam("at", type_=table.c.applied_at.type))


@writes
def replay(inbox_id: UUID) -> None:
    """Apply an event again, as an operator's button; state machines ignore what is stale."""
    row = session().get(InboxEvent, inbox_id)
    if row is None:
        raise NotFound("No such event.")
    row.state = State.RECEIVED
    outbox.add(APPLY, inbox_id=str(inbox_id))


def waiting() -> int:
    """How many events no job has applied yet; call inside `platform`."""
    query = sa.select(sa.func.count()).where(InboxEvent.state == State.RECEIVED)
    return session().scalar(query) or 0


def views(*, limit: int = 50, before: UUID | None = None) -> list[InboxView]:
    """Received events for the operator's page, newest first."""
    query = sa.select(InboxEvent).order_by(InboxEvent.id.desc()).limit(limit)
    if before is not None:
        query = query.where(InboxEvent.id < before)
    return [
        InboxView(
            id=row.id,
            capability=row.capability,
            provider=row.provider,
            endpoint=row.endpoint,
            event_id=row.event_id,
            kind=row.kind,
            state=row.state,
            received_at=row.created_at,
            applied_at=row.applied_at,
        )
        for row in session().scalars(query)
    ]
