"""Webhooks: signed, sent over HTTP, tried again until they are answered; on request lost, doubled, shuffled, late."""

from __future__ import annotations

import hashlib
import heapq
import hmac
import http.client
import itertools
import json
import random
import secrets
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

Object = dict[str, Any]
SIGNATURE = "Stripe-Signature"
PAUSES: Sequence[float] = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
PATIENCE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Chaos:
    """What happens to webhooks on their way: shares from 0 to 1, and seconds. The same seed does the same again."""

    lose: float = 0.0  # never arrives, and is not repeated
    double: float = 0.0  # arrives twice
    late: float = 0.0  # each is held back by a random time up to this many seconds: they overtake each other
    seed: int = 0


@dataclass(slots=True)
class Endpoint:
    """An address that wants to hear of some events ("*": all); `connect` hears of connected accounts instead."""

    id: str
    url: str
    events: tuple[str, ...]
    secret: str
    connect: bool = False
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to deliver, as it went; status 0 is no answer at all, -1 was lost on purpose."""

    event: str
    type: str
    url: str
    status: int


def body_of(event: Object) -> bytes:
    """The bytes of a webhook, indented as the vendor's are."""
    return json.dumps(event, indent=2, ensure_ascii=False).encode()


def signature(secret: str, body: bytes, at: int) -> str:
    """`t=<seconds>,v1=<hmac>` over `<seconds>.<body>`."""
    code = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={code}"


@dataclass(order=True)
class _Letter:
    due: float
    number: int
    endpoint: Endpoint = field(compare=False)
    event: Object = field(compare=False)
    tried: int = field(compare=False, default=0)


class PostOffice:
    """Delivers in the background. `wait()` returns when nothing is on its way any more."""

    def __init__(self, pauses: Sequence[float] = PAUSES) -> None:
        self.endpoints: dict[str, Endpoint] = {}
        self.attempts: list[Attempt] = []
        self.held = False
        self._pauses, self._numbers = pauses, itertools.count()
        self._letters: list[_Letter] = []
        self._flying = 0
        self._changed = threading.Condition()
        self._dice = random.Random(0)
        self._chaos = Chaos()
        self._closed = False
        self._pool = ThreadPoolExecutor(8, thread_name_prefix="stripe-webhooks")
        self._thread = threading.Thread(target=self._run, daemon=True, name="stripe-post-office")
        self._thread.start()

    def subscribe(
        self, url: str, events: Sequence[str] = ("*",), *, secret: str = "", connect: bool = False
    ) -> Endpoint:
        """A new endpoint; its secret is drawn unless given."""
        name = f"we_{secrets.token_hex(12)}"
        endpoint = Endpoint(name, url, tuple(events), secret or f"whsec_{secrets.token_urlsafe(24)}", connect)
        self.endpoints[name] = endpoint
        return endpoint

    def chaos(self, chaos: Chaos) -> Chaos:
        """From now on. Seed 0 draws one; it is printed, so that the same can be had again."""
        drawn = replace(chaos, seed=chaos.seed or secrets.randbelow(2**31) + 1)
        self._chaos, self._dice = drawn, random.Random(drawn.seed)
        if (chaos.lose, chaos.double, chaos.late) != (0.0, 0.0, 0.0):
            print(f"stripe double: {drawn}", file=sys.stderr, flush=True)  # noqa: T201
        return drawn

    def take(self, account: str, event: Object) -> None:
        """Something was written into the books."""
        for endpoint in self.endpoints.values():
            wanted = "*" in endpoint.events or event["type"] in endpoint.events
            if endpoint.enabled and wanted and endpoint.connect == bool(account):
                self._post(endpoint, event)

    def send_again(self, event: Object) -> None:
        """What the button in the vendor's pages does."""
        self.take(event.get("account", ""), event)

    def hold(self, held: bool) -> None:
        """Keep everything back, or let it go."""
        with self._changed:
            self.held = held
            self._changed.notify_all()

    def wait(self, seconds: float = 30.0) -> bool:
        """Until every letter was answered or given up; False when that takes longer."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._letters and not self._flying, seconds)

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join()
        self._pool.shutdown(cancel_futures=True)

    def _post(self, endpoint: Endpoint, event: Object) -> None:
        chaos = self._chaos
        with self._changed:
            lost = self._dice.random() < chaos.lose
            copies = 2 if self._dice.random() < chaos.double else 1
            delays = [self._dice.random() * chaos.late for _ in range(copies)]
            if lost:
                self.attempts.append(Attempt(event["id"], event["type"], endpoint.url, -1))
                return
            for delay in delays:
                self._push(_Letter(time.monotonic() + delay, next(self._numbers), endpoint, event))

    def _push(self, letter: _Letter) -> None:
        heapq.heappush(self._letters, letter)
        self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._closed and (self.held or not self._letters or self._letters[0].due > time.monotonic()):
                    ahead = self._letters[0].due - time.monotonic() if self._letters and not self.held else None
                    self._changed.wait(ahead)
                if self._closed:
                    return
                letter = heapq.heappop(self._letters)
                self._flying += 1
            self._pool.submit(self._deliver, letter)

    def _deliver(self, letter: _Letter) -> None:
        status = _send(letter.endpoint, body_of(letter.event))
        with self._changed:
            self.attempts.append(Attempt(letter.event["id"], letter.event["type"], letter.endpoint.url, status))
            self._flying -= 1
            if not 200 <= status < 300 and letter.tried < len(self._pauses):
                due = time.monotonic() + self._pauses[letter.tried]
                self._push(_Letter(due, next(self._numbers), letter.endpoint, letter.event, letter.tried + 1))
            self._changed.notify_all()


def _send(endpoint: Endpoint, body: bytes) -> int:
    """Post once; no proxy, no redirect. 0 is no answer."""
    where = urlsplit(endpoint.url)
    kind = http.client.HTTPSConnection if where.scheme == "https" else http.client.HTTPConnection
    headers: Mapping[str, str] = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        SIGNATURE: signature(endpoint.secret, body, int(time.time())),
    }
    connection = kind(where.hostname or "", where.port, timeout=PATIENCE_SECONDS)
    try:
        connection.request("POST", where.path or "/", body, headers)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()
