"""The application, started so that a test can kill one of its processes at an exact moment.

`python -m webkit.runtime tests.faults.launch:create dev` runs the same processes as `webkit dev`. The product knows
nothing of this: importing this module wraps the functions named in POINTS, and the wrappers read the file that
WEBKIT_FAULT names: a list of orders, each a point, at which of its calls, and whom to kill. Without it nobody dies.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from flask import Flask

from webkit.core.capabilities.email import EmailMessage, SendReceipt
from webkit.core.settings import Settings
from webkit.house import create as real_create
from webkit.messaging import handing
from webkit.payments import plugin as payments
from webkit.runtime import processes

PLAN, FORGETFUL = "WEBKIT_FAULT", "WEBKIT_FAULT_FORGETFUL_MAIL"
PULL = "WEBKIT_FAULT_PULL_SECONDS"
"""How often the vendor is asked what happened; set where the vendors are Claude and Stripe."""
COMMIT = "webkit.core.kernel.db:UnitSession.commit"
PUSH = "webkit.core.kernel.jobs:push"


@dataclass(frozen=True)
class Point:
    """A moment: `before` or `after` a function, perhaps only while another function runs in the same thread."""

    when: str
    target: str
    within: str = ""


POINTS: dict[str, Point] = {}


def _commits(name: str, function: str, points: dict[str, Point] = POINTS) -> None:
    """Both sides of the COMMIT in which a function ends. After it and before the queue hears of it is the second."""
    points[f"{name}: before COMMIT"] = Point("before", COMMIT, function)
    points[f"{name}: after COMMIT"] = Point("after", COMMIT, function)


def _around(name: str, function: str, within: str = "", points: dict[str, Point] = POINTS) -> None:
    points[f"{name}: before"] = Point("before", function, within)
    points[f"{name}: after"] = Point("after", function, within)


_commits("send proposal", "webkit.proposals.service:send")
_commits("accept", "webkit.proposals.answers:accept")
_commits("code", "webkit.signing.service:send_code")
_commits("sign", "webkit.signing.service:_sign")
_around("PDF stored", "plugins.storage_local.provider:LocalStorage.put")
_commits("intend payment", "webkit.payments.service:_intend")
_around("open checkout", "plugins.payments_local.provider:LocalPayments.create_checkout")
_commits("keep checkout", "webkit.payments.service:_opened")
_around("pay at the vendor", "plugins.payments_local.ledger:Ledger.pay")
_commits("webhook kept", "webkit.core.kernel.inbox:receive")
POINTS["webhook answered"] = Point("after", "webkit.core.kernel.inbox:receive")
_commits("webhook applied", "webkit.core.kernel.inbox:apply")
_around("mail provider", "plugins.email_outbox.provider:OutboxFolder.send")
POINTS["mail provider: half way"] = Point("before", "plugins.email_outbox.provider:write_once")
_commits("mail marked", "webkit.messaging.handing:_claim")
_commits("mail recorded", "webkit.messaging.handing:_conclude")
_commits("job claimed", "webkit.core.kernel.outbox:_claim")
_commits("job finished", "webkit.core.kernel.outbox:_finish")
SEAL = "webkit.signing.jobs:seal_contract"
_commits("seal frozen", "webkit.signing.jobs:freeze_sealed")
_around("seal rendered", "plugins.pdf_pluto.provider:Pluto.render", SEAL)
_around("seal made", "webkit.signing.jobs:finish")
_around("seal stored", "plugins.storage_local.provider:LocalStorage.put", SEAL)
_commits("seal attached", "webkit.core.kernel.frozen:_attach")
_commits("seal concluded", "webkit.signing.jobs:_conclude")
_around("head signed", "webkit.core.kernel.evidence:sign_head", SEAL)
POINTS["rendering: asked"] = Point("before", "plugins.pdf_pluto.server:Client.render")
POINTS["rendering: half way"] = Point("before", "plugins.pdf_pluto.frames:receive")
POINTS["queue: asked"] = Point("before", PUSH)
POINTS["queue: asked while signing"] = Point("before", "webkit.core.kernel.jobs:wake", "webkit.signing.service:_sign")
_around("queue: told by the thread", "webkit.core.kernel.jobs:_enqueue", "webkit.core.kernel.jobs:_Nudges._deliver")
POINTS["queue: told"] = Point("after", PUSH)
POINTS["sweep"] = Point("after", "webkit.core.kernel.outbox:due")

ABROAD: dict[str, Point] = {}
"""Moments with Claude and Stripe, in installations that chose them."""
AI, STRIPE = "plugins.ai_claude.provider:Claude", "plugins.payments_stripe.provider:Stripe"
_commits("texts asked for", "webkit.proposals.writing:start", ABROAD)
_commits("text begun", "webkit.ai_runs.outcomes:begin", ABROAD)
ABROAD["model: not asked yet"] = Point("after", f"{AI}._asked")
ABROAD["model: speaks"] = Point("before", "webkit.ai_runs.texts:Text.add")
_commits("text so far", "webkit.ai_runs.outcomes:save", ABROAD)
ABROAD["words sent on: before"] = Point("before", "webkit.core.kernel.streams:append")
ABROAD["model: has spoken"] = Point("before", "webkit.ai_runs.writer:_bill")
_commits("text finished", "webkit.ai_runs.outcomes:end", ABROAD)
_commits("text applied", "webkit.proposals.writing:apply", ABROAD)
_around("Stripe checkout", f"{STRIPE}.create_checkout", points=ABROAD)
_commits("Stripe checkout kept", "webkit.payments.service:_opened", ABROAD)
_around("Stripe asked", f"{STRIPE}.get_checkout", points=ABROAD)
_around("Stripe webhook", "webkit.core.kernel.inbox:receive", points=ABROAD)
_commits("Stripe webhook kept", "webkit.core.kernel.inbox:receive", ABROAD)
_commits("Stripe webhook applied", "webkit.core.kernel.inbox:apply", ABROAD)
_commits("refund asked for", "webkit.invoices.service:refund", ABROAD)
_around("Stripe refund", f"{STRIPE}.refund", points=ABROAD)
_commits("refund kept", "webkit.payments.service:_reverse", ABROAD)
_around("Stripe events listed", f"{STRIPE}.recent_events", points=ABROAD)
_commits("Stripe events read", "webkit.payments.listing:_read_until", ABROAD)

_inside = threading.local()


def create(settings: Settings | None = None) -> Flask:
    """What the processes load instead of `webkit.house:create`."""
    if pause := os.environ.get(PULL):
        payments.PULL_EVERY = int(pause)
    return real_create(settings)


def _keep_books() -> None:
    """Note every call of the mail provider; without its memory it takes the same message twice, as SMTP does."""
    from plugins.email_outbox.provider import OutboxFolder

    real_send = OutboxFolder.send

    def send(self: OutboxFolder, message: EmailMessage) -> SendReceipt:
        with Path(os.environ[PLAN] + ".sends").open("a") as calls:
            calls.write(f"{message.key}\n")
        return real_send(self, message)

    OutboxFolder.send = send  # type: ignore[method-assign]
    if os.environ.get(FORGETFUL):
        handing._repeatable = lambda vendor: False


def _arm() -> None:
    """Wrap everything that is named, once, in this process."""
    by_target: dict[str, list[tuple[str, Point]]] = {}
    for name, point in {**POINTS, **(ABROAD if PULL in os.environ else {})}.items():
        by_target.setdefault(point.target, []).append((name, point))
        if point.within:
            by_target.setdefault(point.within, [])
    for target, points in by_target.items():
        _replace(target, points)


def _replace(target: str, points: list[tuple[str, Point]]) -> None:
    module_name, _, path = target.partition(":")
    owner: Any = import_module(module_name)
    *outer, name = path.split(".")
    for part in outer:
        owner = getattr(owner, part)
    original = getattr(owner, name)
    wrapped = _wrapped(target, original, points)
    setattr(owner, name, wrapped)
    if not outer:
        _replace_copies(name, original, wrapped)


def _replace_copies(name: str, original: object, wrapped: object) -> None:
    """Whoever imported the function by name holds it too."""
    for module_name, module in list(sys.modules.items()):
        ours = module_name.startswith(("webkit.", "plugins."))
        if ours and vars(module).get(name) is original:
            setattr(module, name, wrapped)


def _wrapped(target: str, original: Callable[..., Any], points: list[tuple[str, Point]]) -> Callable[..., Any]:
    @functools.wraps(original)
    def call(*args: Any, **kwargs: Any) -> Any:
        with _entered(target):
            _perhaps(points, "before")
            result = original(*args, **kwargs)
            _perhaps(points, "after")
            return result

    return call


@contextlib.contextmanager
def _entered(target: str) -> Iterator[None]:
    depth: dict[str, int] = _inside.__dict__.setdefault("depth", {})
    depth[target] = depth.get(target, 0) + 1
    try:
        yield
    finally:
        depth[target] -= 1


def _perhaps(points: list[tuple[str, Point]], when: str) -> None:
    """Kill, if there is an order for this place, and it is that call's turn."""
    if not points or not (orders := _orders()):
        return
    depth: dict[str, int] = _inside.__dict__.get("depth", {})
    here = {name for name, point in points if point.when == when and (not point.within or depth.get(point.within))}
    for order in orders:
        if order["point"] in here and _turn(order) == order["nth"]:
            _strike(order)


def _orders() -> list[dict[str, Any]]:
    try:
        found: list[dict[str, Any]] = json.loads(Path(os.environ[PLAN]).read_text())
    except OSError:
        return []
    return found


def _turn(order: dict[str, Any]) -> int:
    """Which call this is, counted over all processes."""
    with Path(os.environ[PLAN] + f".{order['id']}").open("a+") as count:
        fcntl.flock(count, fcntl.LOCK_EX)
        count.write("x")
        count.flush()
        return count.tell()


def _strike(order: dict[str, Any]) -> None:
    victim = order["victim"]
    with Path(os.environ[PLAN] + ".done").open("a") as done:
        done.write(f"{order['id']}\n")
    if victim in ("parent", "both"):
        os.kill(os.getppid(), signal.SIGKILL)
    elif victim != "self":
        _end_part(victim)
    if victim in ("self", "both") or os.environ[processes.MARK].endswith(f".{victim}"):
        os.kill(os.getpid(), signal.SIGKILL)


def _end_part(index: str) -> None:
    """Every process of one part of this run but our own."""
    run = os.environ[processes.MARK].rpartition(".")[0]
    for process in processes.marked(f"{run}.{index}"):
        processes.send(process.pid, signal.SIGKILL)


if PLAN in os.environ:
    _keep_books()
    _arm()
