"""Endpoints and what is sent to them. The chain of events is the outbox: an endpoint knows how far it was read."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.kernel import clock
from webkit.core.kernel.db import session
from webkit.core.kernel.events import Event, EventHead
from webkit.core.kernel.sealed import sealed_column
from webkit.core.kernel.tables import Json, Owned, enum_column, owned_args, owned_fk


class EndpointState(enum.StrEnum):
    """`paused` by somebody, `stopped` by us because nothing arrived; either waits for somebody to resume it."""

    ACTIVE = "active"
    PAUSED = "paused"
    STOPPED = "stopped"


class DeliveryState(enum.StrEnum):
    """`failed`: tried for three days while other things arrived, and given up."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"


SECRET, OLD_SECRET = "webhook_endpoints.secret", "webhook_endpoints.old_secret"


class Endpoint(Owned):
    """One address. Who works for it holds a lease and a turn's number; nobody else does meanwhile."""

    __tablename__ = "webhook_endpoints"
    __table_args__ = owned_args(sa.Index("ix_webhook_endpoints_state", "state"))

    url: Mapped[str] = mapped_column(sa.String(2048))
    description: Mapped[str] = mapped_column(sa.String(200), default="")
    kinds: Mapped[list[str]] = mapped_column(Json)
    secret: Mapped[str] = sealed_column()
    old_secret: Mapped[str] = sealed_column()
    old_until: Mapped[datetime | None]
    state: Mapped[EndpointState] = enum_column(EndpointState, default=EndpointState.ACTIVE)
    why: Mapped[str] = mapped_column(sa.String(16), default="")
    seq: Mapped[int] = mapped_column(sa.BigInteger)
    """The last event that was looked at."""
    turn: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    next_at: Mapped[datetime | None]
    """When something that waits is due."""
    hold_until: Mapped[datetime | None]
    """Before this nothing at all is tried: the address does not answer, or asked for a pause."""
    is_full: Mapped[bool] = mapped_column(default=False)
    """So much waits that no more events are read."""
    failures: Mapped[int] = mapped_column(default=0)
    """Tries that failed since the last that did not."""
    failing_since: Mapped[datetime | None]
    last_ok_at: Mapped[datetime | None]


class Delivery(Owned):
    """One event for one endpoint, with the bytes that are sent and how each try went."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = owned_args(
        owned_fk("endpoint_id", "webhook_endpoints"),
        sa.Index("ix_webhook_deliveries_endpoint", "agency_id", "endpoint_id", "id"),
        sa.Index("ix_webhook_deliveries_state", "agency_id", "endpoint_id", "state", "seq"),
        sa.Index("ix_webhook_deliveries_done_at", "done_at"),
    )

    endpoint_id: Mapped[UUID]
    seq: Mapped[int] = mapped_column(sa.BigInteger)
    event_id: Mapped[str] = mapped_column(sa.String(40))
    kind: Mapped[str] = mapped_column(sa.String(64))
    subject: Mapped[str] = mapped_column(sa.String(64))
    at: Mapped[datetime]
    body: Mapped[str] = mapped_column(sa.Text)
    state: Mapped[DeliveryState] = enum_column(DeliveryState, default=DeliveryState.WAITING)
    tries: Mapped[int] = mapped_column(default=0)
    first_at: Mapped[datetime | None]
    """The first try, of those that count."""
    due_at: Mapped[datetime] = mapped_column(default=clock.now)
    done_at: Mapped[datetime | None]
    log: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)


def add(row: Endpoint | Delivery) -> None:
    session().add(row)
    session().flush()


def add_deliveries(rows: Sequence[Delivery]) -> None:
    session().add_all(rows)


def every() -> list[Endpoint]:
    """The agency's, oldest first."""
    return list(session().scalars(sa.select(Endpoint).order_by(Endpoint.id)))


def count() -> int:
    return session().scalar(sa.select(sa.func.count()).select_from(Endpoint)) or 0


def stopped() -> int:
    """How many of the agency's endpoints wait for somebody to mend them."""
    query = sa.select(sa.func.count()).select_from(Endpoint).where(Endpoint.state == EndpointState.STOPPED)
    return session().scalar(query) or 0


def get(endpoint_id: UUID) -> Endpoint | None:
    return session().get(Endpoint, endpoint_id)


def locked(endpoint_id: UUID) -> Endpoint | None:
    """The endpoint, which nobody else changes until this write ends."""
    query = sa.select(Endpoint).where(Endpoint.id == endpoint_id).with_for_update()
    return session().scalars(query.execution_options(populate_existing=True)).one_or_none()


def remove(endpoint: Endpoint) -> None:
    """The endpoint and everything about it."""
    gone = sa.delete(Delivery).where(Delivery.endpoint_id == endpoint.id)
    session().execute(gone, execution_options={"synchronize_session": False})
    session().delete(endpoint)


def _due(moment: datetime) -> sa.ColumnElement[bool]:
    news = sa.and_(EventHead.seq > Endpoint.seq, Endpoint.is_full.is_(False))
    return sa.and_(
        Endpoint.state == EndpointState.ACTIVE,
        sa.or_(Endpoint.lease_until.is_(None), Endpoint.lease_until < moment),
        sa.or_(Endpoint.hold_until.is_(None), Endpoint.hold_until <= moment),
        sa.or_(Endpoint.next_at <= moment, news),
    )


def due(moment: datetime, limit: int) -> list[tuple[UUID, UUID]]:
    """Endpoints (agency, id) with something to do and nobody who does it, as they fall, so that none is always last. In
    `platform`."""
    query = sa.select(Endpoint.agency_id, Endpoint.id).outerjoin(EventHead, EventHead.agency_id == Endpoint.agency_id)
    query = query.where(_due(moment)).order_by(sa.func.random()).limit(limit)
    return [(row[0], row[1]) for row in session().execute(query)]


def served(moment: datetime) -> list[UUID]:
    """Whose endpoints somebody works for now, an agency as often as that is so. In `platform`."""
    return list(session().scalars(sa.select(Endpoint.agency_id).where(Endpoint.lease_until >= moment)))


def take(endpoint_id: UUID, moment: datetime, lease: timedelta) -> int | None:
    """Begin a turn: its number; None when somebody else has begun one."""
    free = sa.or_(Endpoint.lease_until.is_(None), Endpoint.lease_until < moment)
    begun = (
        sa.update(Endpoint)
        .where(Endpoint.id == endpoint_id, Endpoint.state == EndpointState.ACTIVE, free)
        .values(lease_until=moment + lease, turn=Endpoint.turn + 1)
        .returning(Endpoint.turn)
    )
    return session().scalars(begun, execution_options={"synchronize_session": False}).one_or_none()


def head() -> int:
    """The number of the agency's latest event."""
    return session().scalar(sa.select(EventHead.seq)) or 0


def following(seq: int, limit: int) -> list[Event]:
    """Events after one, in their order. Numbers are given out under a lock, so none appears before what is seen."""
    return list(session().scalars(sa.select(Event).where(Event.seq > seq).order_by(Event.seq).limit(limit)))


def waiting(endpoint_id: UUID, limit: int) -> list[tuple[UUID, str, datetime]]:
    """What waits for an endpoint in the order in which it happened: ids, subjects, and when each is due."""
    query = sa.select(Delivery.id, Delivery.subject, Delivery.due_at).where(
        Delivery.endpoint_id == endpoint_id, Delivery.state == DeliveryState.WAITING
    )
    return [(row[0], row[1], row[2]) for row in session().execute(query.order_by(Delivery.seq).limit(limit))]


def count_waiting(endpoint_id: UUID) -> int:
    query = sa.select(sa.func.count()).select_from(Delivery)
    query = query.where(Delivery.endpoint_id == endpoint_id, Delivery.state == DeliveryState.WAITING)
    return session().scalar(query) or 0


def begin_anew(endpoint_id: UUID, moment: datetime) -> None:
    """Everything that waits is due, as if it had never been tried."""
    change = sa.update(Delivery).where(Delivery.endpoint_id == endpoint_id, Delivery.state == DeliveryState.WAITING)
    session().execute(
        change.values(tries=0, first_at=None, due_at=moment), execution_options={"synchronize_session": False}
    )


def delivery(delivery_id: UUID, *, lock: bool = False) -> Delivery | None:
    query = sa.select(Delivery).where(Delivery.id == delivery_id)
    if lock:
        query = query.with_for_update()
    return session().scalars(query.execution_options(populate_existing=lock)).one_or_none()


def deliveries(ids: Sequence[UUID]) -> list[Delivery]:
    return list(session().scalars(sa.select(Delivery).where(Delivery.id.in_(ids)).order_by(Delivery.seq)))


def page(endpoint_id: UUID, state: DeliveryState | None, limit: int, before: UUID | None) -> list[Delivery]:
    """Newest first."""
    query = sa.select(Delivery).where(Delivery.endpoint_id == endpoint_id).order_by(Delivery.id.desc()).limit(limit)
    if state is not None:
        query = query.where(Delivery.state == state)
    return list(session().scalars(query.where(Delivery.id < before) if before else query))


def again(
    endpoint_id: UUID, states: Sequence[DeliveryState], since: datetime, until: datetime, moment: datetime, limit: int
) -> int:
    """Have what is done and happened in a time wait again; how many those are. More than `limit` are left alone."""
    meant = sa.and_(
        Delivery.endpoint_id == endpoint_id,
        Delivery.state.in_(states),
        Delivery.at >= since,
        Delivery.at < until,
        Delivery.subject != "endpoint:" + str(endpoint_id),
    )
    found = list(session().scalars(sa.select(Delivery.id).where(meant).limit(limit + 1)))
    if len(found) <= limit:
        change = sa.update(Delivery).where(Delivery.id.in_(found), Delivery.state != DeliveryState.WAITING)
        fresh = {"tries": 0, "first_at": None, "done_at": None, "due_at": moment}
        change = change.values(state=DeliveryState.WAITING, **fresh)
        session().execute(change, execution_options={"synchronize_session": False})
    return len(found)


def forget(before: datetime, limit: int) -> int:
    """Delete what was done before a moment, so many at the most; how many were. In `platform`."""
    old = sa.select(Delivery.id).where(Delivery.done_at < before).limit(limit)
    gone = sa.delete(Delivery).where(Delivery.id.in_(old), Delivery.done_at < before).returning(Delivery.id)
    return len(session().scalars(gone, execution_options={"synchronize_session": False}).all())


def forget_old_secrets(moment: datetime) -> None:
    """In `platform`."""
    over = sa.update(Endpoint).where(Endpoint.old_until < moment).values(old_secret="", old_until=None)
    session().execute(over, execution_options={"synchronize_session": False})
