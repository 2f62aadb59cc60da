"""Webhooks: verified, kept once, applied by a job, replayed by a button."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from plugins.payments_local.courier import SIGNATURE, signature
from plugins.payments_local.ledger import Ledger
from tests.client import Browser
from tests.threads import at_once
from webkit.core.capabilities.payments import PaymentEvent
from webkit.core.extensions import Delivery, InboxHandler
from webkit.core.kernel import db, inbox, runtime, tenancy
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.inbox import InboxEvent


@pytest.fixture
def applied(app: Flask) -> Iterator[list[Delivery]]:
    """What was handed to the feature that owns payments."""
    seen: list[Delivery] = []
    here = runtime.of(app)
    before = dict(here.inbox_handlers)
    here.inbox_handlers["payments"] = InboxHandler("payments", seen.append)
    yield seen
    here.inbox_handlers = before


@pytest.fixture
def endpoint(agency: AgencyView) -> str:
    with db.writing():
        return inbox.endpoint("payments", "local")


def _event(event_id: str = "evt_1", kind: str = "checkout.paid") -> bytes:
    return json.dumps(
        {
            "id": event_id,
            "type": kind,
            "created": "2026-11-20T10:00:00+00:00",
            "checkout": "co_1",
            "payment": "pay_1",
            "reference": "invoice:1",
            "amount": 100,
            "currency": "EUR",
        }
    ).encode()


def _post(app: Flask, browser: Browser, endpoint: str, body: bytes, *, tampered: bytes | None = None) -> int:
    secret = Ledger(runtime.of(app).settings.data / "payments_local").secret()
    headers = {SIGNATURE: signature(secret, body, int(time.time()))}
    response = browser.post(f"/webhooks/payments/local/{endpoint}", data=tampered or body, headers=headers)
    return response.status_code


@pytest.fixture(autouse=True)
def _vendor_folder(app: Flask) -> None:
    (runtime.of(app).settings.data / "payments_local").mkdir(exist_ok=True)


def test_an_event_is_kept_once_and_applied_once(
    app: Flask, anonymous: Browser, endpoint: str, applied: list[Delivery], run_jobs: Callable[[], int]
) -> None:
    assert [_post(app, anonymous, endpoint, _event()) for _ in range(3)] == [200, 200, 200]
    run_jobs()
    run_jobs()
    assert [delivery.endpoint for delivery in applied] == [endpoint]
    event = applied[0].event
    assert isinstance(event, PaymentEvent) and (event.id, event.amount_minor) == ("evt_1", 100)


def test_the_same_event_from_many_at_once_is_one_row(app: Flask, endpoint: str) -> None:
    """Vendors repeat what they did not hear answered, also while the first call still runs."""
    body = _event()

    def call() -> int:
        with db.unit(db.Scope()):
            return inbox.receive("payments", "local", endpoint, body, {}, [("evt_1", "paid"), ("evt_2", "paid")])

    db.release()
    answers = at_once(app, call, call, call, call)
    assert sum(int(str(answer)) for answer in answers) == 2


def test_headers_are_kept_without_their_secrets(app: Flask, anonymous: Browser, endpoint: str) -> None:
    assert _post(app, anonymous, endpoint, _event()) == 200
    with tenancy.platform("test") as unit:
        headers = unit.scalars(sa.select(InboxEvent.headers)).one()
    assert "Host" in headers and SIGNATURE not in headers


def test_a_changed_body_is_refused(app: Flask, anonymous: Browser, endpoint: str) -> None:
    assert _post(app, anonymous, endpoint, _event(), tampered=_event("evt_2")) == 400
    with tenancy.platform("test") as unit:
        assert unit.scalar(sa.select(sa.func.count()).select_from(InboxEvent)) == 0


def test_no_signature_no_entry(anonymous: Browser, endpoint: str) -> None:
    assert anonymous.post(f"/webhooks/payments/local/{endpoint}", data=_event()).status_code == 400


@pytest.mark.parametrize("path", ["payments/local/nobody", "payments/stripe/{0}", "weather/local/{0}"])
def test_unknown_endpoints_do_not_exist(app: Flask, anonymous: Browser, endpoint: str, path: str) -> None:
    assert anonymous.post(f"/webhooks/{path.format(endpoint)}", data=_event()).status_code == 404


def test_an_unreadable_body_is_not_kept(app: Flask, anonymous: Browser, endpoint: str) -> None:
    assert _post(app, anonymous, endpoint, b"not json") == 400


def test_kinds_we_do_not_know_are_acknowledged_and_kept(
    app: Flask, anonymous: Browser, endpoint: str, run_jobs: Callable[[], int]
) -> None:
    assert _post(app, anonymous, endpoint, _event(kind="checkout.sneezed")) == 200
    assert run_jobs() == 1
    with tenancy.platform("test"):
        assert [(view.kind, view.state.value) for view in inbox.views()] == [("ignored", "applied")]


def test_a_handler_that_fails_leaves_the_event_to_be_applied(
    app: Flask, anonymous: Browser, endpoint: str, run_jobs: Callable[[], int]
) -> None:
    def broken(_delivery: Delivery) -> None:
        raise RuntimeError("bug")

    here = runtime.of(app)
    before, here.inbox_handlers = here.inbox_handlers, {"payments": InboxHandler("payments", broken)}
    _post(app, anonymous, endpoint, _event())
    run_jobs()
    here.inbox_handlers = before
    with tenancy.platform("test"):
        assert inbox.views()[0].state == inbox.State.RECEIVED


def test_an_event_can_be_replayed(
    app: Flask, anonymous: Browser, endpoint: str, applied: list[Delivery], run_jobs: Callable[[], int]
) -> None:
    _post(app, anonymous, endpoint, _event())
    run_jobs()
    with tenancy.platform("test"):
        inbox.replay(inbox.views()[0].id)
    run_jobs()
    assert len(applied) == 2


def test_too_large_a_body_is_refused(app: Flask, anonymous: Browser, endpoint: str) -> None:
    assert _post(app, anonymous, endpoint, b"x" * (1024 * 1024 + 1)) == 413


def test_what_comes_for_the_platform_finds_its_agency(
    app: Flask, anonymous: Browser, agency: AgencyView, run_jobs: Callable[[], int]
) -> None:
    """One endpoint in the vendor's own pages serves all agencies; the feature knows whose an event is."""
    scopes: list[db.Scope] = []
    whose = {"evt_1": agency.id}

    def agency_of(delivery: Delivery) -> UUID | None:
        assert isinstance(delivery.event, PaymentEvent)
        return whose.get(delivery.event.id)

    here = runtime.of(app)
    before = dict(here.inbox_handlers)
    here.inbox_handlers["payments"] = InboxHandler(
        "payments", lambda _delivery: scopes.append(db.session().scope), agency_of
    )
    try:
        assert [_post(app, anonymous, inbox.PLATFORM, _event(f"evt_{n}")) for n in (1, 2)] == [200, 200]
        run_jobs()
    finally:
        here.inbox_handlers = before
    assert [scope.agency for scope in scopes] == [agency.id, None]
    assert [bool(scope.platform) for scope in scopes] == [False, True]
