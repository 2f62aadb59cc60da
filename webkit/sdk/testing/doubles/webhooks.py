"""A vendor that tells by webhook, as vendors do: signed, twice, out of order, late, or never.

    with WebhookSender("http://127.0.0.1:8000/webhooks/email/acme/…", Standard(secret), seed=7) as vendor:
        vendor.happened({"id": "e1", "type": "mail.delivered"})
        vendor.happened({"id": "e2", "type": "mail.bounced"})
        vendor.trouble = Trouble(twice=0.3, lost=0.1, late=0.2, shuffled=True)
        vendor.deliver()                    # everything that waits, in the order that trouble makes of it
        vendor.lost                         # what was never sent
        vendor.deliver_lost()               # as when somebody presses "resend"
        vendor.forge(vendor.events[0])      # a webhook with a signature that is not ours

    python -m webkit.sdk.testing.doubles.webhooks --to URL --scheme standard --secret whsec_…

It repeats what is not answered with 2xx, up to `tries` times. `GET <url>/events` lists what happened, for providers
that can ask. As a process, `POST /_control/happened`, `deliver`, `deliver_lost` and `trouble` do as the calls above.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import http.client
import json
import random
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from webkit.sdk.testing.doubles.http import Answer, Call, HttpDouble, Refused
from webkit.sdk.testing.doubles.running import wait_for_the_end

__all__ = ["Attempt", "Event", "PlainHmac", "Signer", "Standard", "Timestamped", "Trouble", "WebhookSender"]

Signer = Callable[["Event", datetime], Mapping[str, str]]
"""Headers for an event, signed at that moment."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: `id` names the delivery, the same each time it is tried."""

    id: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try: what was sent and the status that came back, 0 when nobody answered."""

    event: Event
    headers: Mapping[str, str]
    status: int


@dataclass(frozen=True, slots=True)
class Trouble:
    """How likely each event is doubled, lost or late, and whether their order is kept."""

    twice: float = 0.0
    lost: float = 0.0
    late: float = 0.0
    seconds: float = 0.0
    """How long a late one keeps waiting; it also comes after all the others."""
    shuffled: bool = False


@dataclass(frozen=True, slots=True)
class Standard:
    """As https://www.standardwebhooks.com says: three headers, HMAC-SHA256 of `id.timestamp.body`, base64."""

    secret: str = field(repr=False)
    prefix: str = "webhook"

    def __call__(self, event: Event, at: datetime) -> Mapping[str, str]:
        stamp = str(int(at.timestamp()))
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        mark = hmac.digest(key, f"{event.id}.{stamp}.".encode() + event.body, "sha256")
        signature = f"v1,{base64.b64encode(mark).decode()}"
        names = ("id", "timestamp", "signature")
        return {f"{self.prefix}-{n}": value for n, value in zip(names, (event.id, stamp, signature), strict=True)}


@dataclass(frozen=True, slots=True)
class Timestamped:
    """One header `t=…,v1=…`: HMAC-SHA256 of `timestamp.body`, in hexadecimal."""

    secret: str = field(repr=False)
    header: str = "Acme-Signature"

    def __call__(self, event: Event, at: datetime) -> Mapping[str, str]:
        stamp = str(int(at.timestamp()))
        mark = hmac.digest(self.secret.encode(), f"{stamp}.".encode() + event.body, "sha256").hex()
        return {self.header: f"t={stamp},v1={mark}"}


@dataclass(frozen=True, slots=True)
class PlainHmac:
    """One header with the HMAC-SHA256 of the body, in hexadecimal; nothing says when it was signed."""

    secret: str = field(repr=False)
    header: str = "X-Signature-256"

    def __call__(self, event: Event, at: datetime) -> Mapping[str, str]:
        return {self.header: "sha256=" + hmac.new(self.secret.encode(), event.body, hashlib.sha256).hexdigest()}


class WebhookSender(HttpDouble):
    """The vendor. What it does by chance it does the same for the same seed."""

    def __init__(
        self, to: str, sign: Signer, *, port: int = 0, seed: int = 0, tries: int = 3, timeout: float = 10.0
    ) -> None:
        super().__init__(port=port)
        self.to, self.sign, self.tries, self.timeout = to, sign, tries, timeout
        self.trouble = Trouble()
        self.events: list[Event] = []
        self.waiting: list[Event] = []
        self.lost: list[Event] = []
        self.attempts: list[Attempt] = []
        self._chance = random.Random(seed)

    def happened(self, body: Any, *, id: str = "") -> Event:
        """Something happened; it waits to be told. A `body` that is not bytes is sent as JSON."""
        content = body if isinstance(body, bytes) else json.dumps(body, separators=(",", ":")).encode()
        event = Event(id or f"msg_{secrets.token_hex(8)}", content)
        self.events.append(event)
        self.waiting.append(event)
        return event

    def deliver(self) -> list[Attempt]:
        """Tell what waits, with trouble on the way: the tries it took, in their order."""
        waiting, self.waiting = self.waiting, []
        on_time, late = self._planned(waiting)
        began = len(self.attempts)
        for event in on_time:
            self.send(event)
        if late and self.trouble.seconds:
            time.sleep(self.trouble.seconds)
        for event in late:
            self.send(event)
        return self.attempts[began:]

    def deliver_lost(self) -> list[Attempt]:
        """Tell what was lost, once, without trouble."""
        lost, self.lost = self.lost, []
        return [self.send(event) for event in lost]

    def send(self, event: Event, *, age: timedelta = timedelta(), headers: Mapping[str, str] | None = None) -> Attempt:
        """Tell of one event now, signed `age` ago, until it is answered with 2xx or the tries are used up."""
        attempt = Attempt(event, {}, 0)
        for _ in range(self.tries):
            signed = self.sign(event, datetime.now(UTC) - age) if headers is None else headers
            attempt = Attempt(event, signed, self._post(event, signed))
            self.attempts.append(attempt)
            if 200 <= attempt.status < 300:
                break
        return attempt

    def forge(self, event: Event) -> Attempt:
        """Send an event as somebody would who does not know the secret: genuine headers, another body. Once."""
        signed = self.sign(event, datetime.now(UTC))
        forged = Event(event.id, event.body.replace(b"}", b" }", 1) if b"}" in event.body else event.body + b" ")
        attempt = Attempt(forged, signed, self._post(forged, signed))
        self.attempts.append(attempt)
        return attempt

    def answer(self, call: Call) -> Answer:
        """What happened, for who asks."""
        if (call.method, call.path) == ("GET", "/events"):
            return Answer(
                200, [{"id": event.id, "body": event.body.decode("utf-8", "replace")} for event in self.events]
            )
        raise Refused(404, {"error": "not found"})

    def control(self, name: str, given: Mapping[str, Any]) -> Any:
        match name:
            case "happened":
                return {"id": self.happened(given["body"], id=given.get("id", "")).id}
            case "deliver":
                return [{"id": attempt.event.id, "status": attempt.status} for attempt in self.deliver()]
            case "deliver_lost":
                return [{"id": attempt.event.id, "status": attempt.status} for attempt in self.deliver_lost()]
            case "trouble":
                self.trouble = Trouble(**given)
                return {"ok": True}
        return super().control(name, given)

    def _planned(self, waiting: list[Event]) -> tuple[list[Event], list[Event]]:
        on_time: list[Event] = []
        late: list[Event] = []
        for event in waiting:
            lost, twice, is_late = (self._chance.random() for _ in range(3))
            if lost < self.trouble.lost:
                self.lost.append(event)
                continue
            place = late if is_late < self.trouble.late else on_time
            place.append(event)
            if twice < self.trouble.twice:
                place.append(event)
        if self.trouble.shuffled:
            self._chance.shuffle(on_time)
            self._chance.shuffle(late)
        return on_time, late

    def _post(self, event: Event, signed: Mapping[str, str]) -> int:
        parts = urlsplit(self.to)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        line = kind(parts.hostname or "", parts.port, timeout=self.timeout)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        try:
            line.request("POST", path or "/", event.body, {"Content-Type": "application/json", **signed})
            answer = line.getresponse()
            answer.read()
            return answer.status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            line.close()


def main() -> None:
    """Run as a process until it is ended."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    schemes: dict[str, Callable[[str], Signer]] = {"standard": Standard, "timestamped": Timestamped, "hmac": PlainHmac}
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--to", required=True, help="where webhooks are posted")
    parser.add_argument("--scheme", choices=sorted(schemes), default="standard")
    parser.add_argument("--secret", required=True)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    signer = schemes[given.scheme](given.secret)
    with WebhookSender(given.to, signer, port=given.port, seed=given.seed) as vendor:
        print(vendor.url, flush=True)  # noqa: T201  whoever started it reads this line
        wait_for_the_end()


if __name__ == "__main__":
    main()
