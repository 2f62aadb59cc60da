"""A vendor's event: verified, kept and answered, in one process and over HTTP."""

from __future__ import annotations

import io
import itertools
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

from flask import Flask
from werkzeug.test import EnvironBuilder, run_wsgi_app

from benchmarks.floors import app as floor
from benchmarks.installation import Installation
from benchmarks.load import Ask, Order
from benchmarks.report import Row
from benchmarks.rounds import ask_in_turns, rate_in_turns, take_turns
from benchmarks.world import World
from plugins.payments_local import courier
from plugins.payments_local.ledger import Ledger
from plugins.payments_local.settings import LocalPaymentsSettings
from webkit.core.capabilities.payments import PAYMENTS
from webkit.core.kernel import inbox, runtime, tenancy
from webkit.core.kernel.db import in_transaction, writing
from webkit.core.providers import ProviderRegistry
from webkit.sdk.testing.doubles import stripe as double

BATCH = 40
_serial = itertools.count(1)


def measure(world: World) -> Iterator[Row]:
    """In one process as Stripe sends them, and as the local checkout does, which reads its secret from a file."""
    ours, small = _Ours(world.house), floor.make(world.floor_url)
    stripe = _Stripe()
    contestants = {
        "stripe": lambda: _in_stripe(world.house.app, stripe, world.some(BATCH)),
        "local": lambda: _in_process(world.house.app, ours.ask, world.some(BATCH)),
        "floor": lambda: _in_process(small, _stripe_floor_ask(stripe), world.some(BATCH)),
    }
    best = take_turns(world.some(12), contestants, most=True)
    yield Row("webhook", best["stripe"], "events/s", 0.7, best["floor"])
    yield Row("webhook.local", best["local"], "events/s", None, best["floor"])
    yield from over_http(world, ours)


def over_http(world: World, ours: _Ours) -> Iterator[Row]:
    """Each event is sent once: a second time would be no work."""

    def order(port: int, ask: Callable[[], Ask], clients: int, count: int) -> Order:
        return Order(port, [[ask()] for _ in range(count)], clients, count)

    one = [
        ask_in_turns(world.load, {"ours": order(world.web, ours.ask, 1, 46)}, 1)["ours"] for _ in range(world.some(8))
    ]
    yield Row("webhook.http", min(result.median for result in one), "ms")
    yield Row("webhook.http.p95", min(result.p95 for result in one), "ms", 15)
    rates: dict[str, float] = {}
    for _ in range(world.some(4)):
        orders = {
            "ours": order(world.web, ours.ask, 8, world.some(160)),
            "floor": order(world.floors.port, _floor_ask, 8, world.some(160)),
        }
        for name, result in rate_in_turns(world.load, orders, 1).items():
            rates[name] = max(rates.get(name, 0.0), result.rate)
    yield Row("webhook.http.floor", rates["floor"], "events/s")
    yield Row("webhook.http.8-clients", rates["ours"], "events/s", 300)


class _Ours:
    """Signs events as the local checkout does."""

    def __init__(self, house: Installation) -> None:
        with house.app.app_context(), tenancy.tenant(house.agency.id), writing():
            name = inbox.endpoint("payments", "local")
        self._path = f"/webhooks/payments/local/{name}"
        place = LocalPaymentsSettings(data=house.settings.data).place
        self._secret = Ledger(place).secret()

    def ask(self) -> Ask:
        content = {
            "id": f"ev_{time.time_ns()}_{next(_serial)}",
            "type": "benchmark",
            "created": "2026-11-12T10:00:00+00:00",
            "checkout": "co_1",
            "reference": "invoice:1",
            "amount": 120_000,
            "currency": "EUR",
        }
        body = json.dumps(content, sort_keys=True)
        signed = courier.signature(self._secret, body.encode(), int(time.time()))
        return Ask(self._path, "POST", {courier.SIGNATURE: signed, "Content-Type": "application/json"}, body)


class _Stripe:
    """Signs events as Stripe does: a paid checkout of the size they have."""

    secret = "whsec_of_the_benchmark"

    def environ(self) -> dict[str, str]:
        return {
            "PAYMENTS_PROVIDER": "stripe",
            "STRIPE_SECRET_KEY": "sk_test_of_the_benchmark",
            "STRIPE_WEBHOOK_SECRET": self.secret,
        }

    def ask(self) -> Ask:
        body = self.body()
        signed = double.signature(self.secret, body.encode(), int(time.time()))
        headers = {double.SIGNATURE: signed, "Content-Type": "application/json"}
        return Ask("/webhooks/payments/stripe/platform", "POST", headers, body)

    def body(self) -> str:
        number = f"{time.time_ns()}_{next(_serial)}"
        session = {
            "id": f"cs_test_{number}", "object": "checkout.session", "mode": "payment", "payment_status": "paid",
            "amount_total": 120_000, "currency": "eur", "client_reference_id": "invoice:1", "metadata": {},
            "payment_intent": f"pi_{number}", "filler": "x" * 1500,
        }  # fmt: skip
        event = {
            "id": f"evt_{number}", "object": "event", "type": "checkout.session.completed", "livemode": False,
            "created": int(time.time()), "data": {"object": session},
        }  # fmt: skip
        return json.dumps(event)


def _in_stripe(app: Flask, stripe: _Stripe, count: int) -> float:
    """With Stripe as the chosen provider for the while."""
    here = runtime.of(app)
    before = here.registry
    here.registry = ProviderRegistry(stripe.environ(), here.plugins.providers, in_transaction=in_transaction)
    try:
        here.registry.get(PAYMENTS).verify(dict((ask := stripe.ask()).headers), ask.body.encode())
        return _in_process(app, stripe.ask, count)
    finally:
        here.registry = before


def _stripe_floor_ask(stripe: _Stripe) -> Callable[[], Ask]:
    """The same bytes for the floor: its signature, its one row."""

    def ask() -> Ask:
        body = stripe.body()
        headers = {"Signature": floor.sign(body.encode()), "Content-Type": "application/json"}
        return Ask("/hook", "POST", headers, body)

    return ask


def _floor_ask() -> Ask:
    body = json.dumps({"id": f"ev_{time.time_ns()}_{next(_serial)}", "type": "benchmark", "amount": 120_000})
    return Ask("/hook", "POST", {"Signature": floor.sign(body.encode()), "Content-Type": "application/json"}, body)


def _in_process(app: Flask, ask: Callable[[], Ask], count: int) -> float:
    """Events per second through the whole application, without a network."""
    environs = [_environ(ask()) for _ in range(count)]
    began = time.perf_counter()
    for environ in environs:
        body, status, _headers = run_wsgi_app(app, environ)
        list(body)
        if not status.startswith("200"):
            raise RuntimeError(f"the event was answered {status}")
    return count / (time.perf_counter() - began)


def _environ(ask: Ask) -> dict[str, Any]:
    builder = EnvironBuilder(
        ask.path,
        "http://127.0.0.1",
        method="POST",
        headers=list(ask.headers.items()),
        input_stream=io.BytesIO(ask.body.encode()),
    )
    return {**builder.get_environ(), "CONTENT_LENGTH": str(len(ask.body.encode()))}
