"""Endpoints for tests."""

from __future__ import annotations

from uuid import UUID

from webkit.core.kernel import db
from webkit.endpoints import service
from webkit.endpoints.models import EndpointState
from webkit.endpoints.views import Secret

ADA = "user:ada"


def make(url: str, *kinds: str) -> Secret:
    db.release()
    return service.create(url, "Bookkeeping", kinds or ("*",), ADA)


def states(endpoint_id: UUID) -> list[str]:
    db.release()
    return [each.state.value for each in reversed(service.deliveries(endpoint_id))]


def state_of(endpoint_id: UUID) -> EndpointState:
    db.release()
    return service.get(endpoint_id).state
