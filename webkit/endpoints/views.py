"""What is shown of endpoints and deliveries. No view holds a key."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from webkit.core.values import dataclass
from webkit.endpoints.calling import host
from webkit.endpoints.models import Delivery, DeliveryState, Endpoint, EndpointState


@dataclass(frozen=True, slots=True)
class EndpointView:
    """An endpoint. `old_until`: the key before the newest signs too until then; `failing_since`: nothing has arrived
    since."""

    id: UUID
    url: str
    host: str
    description: str
    kinds: tuple[str, ...]
    state: EndpointState
    why: str
    created_at: datetime
    old_until: datetime | None
    failing_since: datetime | None
    last_ok_at: datetime | None

    @classmethod
    def of(cls, row: Endpoint) -> EndpointView:
        told = (row.id, row.url, host(row.url), row.description, tuple(row.kinds), row.state, row.why)
        return cls(*told, row.created_at, row.old_until, row.failing_since, row.last_ok_at)


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """A delivery and its tries, the latest last: each has `at`, `status`, `ms`, `error` and `answer`."""

    id: UUID
    event_id: str
    kind: str
    subject: str
    at: datetime
    state: DeliveryState
    tries: int
    due_at: datetime
    done_at: datetime | None
    body: str
    log: tuple[Mapping[str, Any], ...]

    @classmethod
    def of(cls, row: Delivery) -> DeliveryView:
        told = (row.id, row.event_id, row.kind, row.subject, row.at, row.state, row.tries)
        log = tuple({**line, "at": datetime.fromisoformat(line["at"])} for line in row.log)
        return cls(*told, row.due_at, row.done_at, row.body, log)

    @property
    def is_test(self) -> bool:
        return self.subject.startswith("endpoint:")

    @property
    def last(self) -> Mapping[str, Any] | None:
        return self.log[-1] if self.log else None


@dataclass(frozen=True, slots=True)
class Secret:
    """A key in clear, to be shown once."""

    endpoint: EndpointView
    secret: str
