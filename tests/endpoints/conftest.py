"""A receiver that may be called, and the passing of time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextvars import Context
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask

from tests.client import let_go
from tests.endpoints.receiver import Receiver, receiving
from webkit.core.kernel import clock, db, events, jobs, tenancy
from webkit.core.kernel import runtime as runtimes
from webkit.core.kernel.db import writing
from webkit.core.kernel.directory import AgencyView
from webkit.endpoints import sending


@pytest.fixture
def receiver(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    runtime = runtimes.of(app)
    with receiving() as found:
        settings = runtime.settings.model_copy(update={"allow_hosts": (found.host,)})
        monkeypatch.setattr(runtime, "settings", settings)
        yield found


@pytest.fixture
def happen(agency: AgencyView) -> Callable[..., None]:
    """Records events: kinds, each with the subject behind a space."""

    def record(*wanted: str, **facts: object) -> None:
        db.release()
        with writing():
            for each in wanted:
                kind, _space, subject = each.partition(" ")
                given = {"actor": "system", "number": "2026-1", **facts}
                events.record(
                    kind, subject or "invoice:1", given, personal={"name": "Giulia Rossi"}, about=("client:7",)
                )

    return record


@pytest.fixture
def pump(app: Flask) -> Callable[..., None]:
    """What the scheduler and the workers do once some time has passed."""

    def run(**later: float) -> None:
        let_go()
        with clock.frozen(clock.now() + timedelta(**later)):
            Context().run(_turns, app)

    return run


def _turns(app: Flask) -> None:
    with app.app_context():
        for _round in range(20):
            with tenancy.platform("a test's tick"), writing():
                wanted = sending.is_wanted()
                if wanted:
                    from webkit.core.kernel import outbox

                    outbox.add(sending.SWEEP)
            jobs.run_waiting()
            if not wanted:
                return


def waiting_ids(endpoint_id: UUID) -> list[UUID]:
    """What waits, in its order."""
    from webkit.endpoints import models

    db.release()
    return [each[0] for each in models.waiting(endpoint_id, 100)]
