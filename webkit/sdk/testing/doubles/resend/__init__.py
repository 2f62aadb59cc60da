"""A double of Resend: takes mail as strictly as its API does, and tells by signed webhooks what became of it.

    with Resend() as vendor:
        vendor.url                      # where the API is
        vendor.fail(503, times=2)       # what it does next
        vendor.report(mail_id, "email.bounced", bounce={"message": "no such mailbox"})

Addresses at resend.dev behave as the real ones do: delivered@, bounced@, complained@ report themselves.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
import threading
import time
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from uuid import uuid4

from .rules import Refused, decoded, parsed, recipients, validated

__all__ = ["Fault", "Mail", "Refused", "Resend", "Webhook", "decoded", "recipients"]

DAY = 24 * 3600
REPORTED = {
    "email.sent": "sent",
    "email.delivered": "delivered",
    "email.delivery_delayed": "delivery_delayed",
    "email.bounced": "bounced",
    "email.complained": "complained",
    "email.opened": "opened",
    "email.clicked": "clicked",
    "email.failed": "failed",
    "email.suppressed": "suppressed",
}
_AT_RESEND = re.compile(r"(delivered|bounced|complained)(\+[^@]*)?@resend\.dev")


@dataclass(frozen=True, slots=True)
class Webhook:
    """A delivery exactly as it is posted."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class Mail:
    """A mail that was taken; `request` is the JSON as it came."""

    id: str
    account: str
    key: str
    request: dict[str, Any]
    created_at: str
    last_event: str = "sent"


@dataclass(frozen=True, slots=True)
class Fault:
    """What the next call meets. `drop` closes the connection: "before" the mail is taken, or "after"."""

    status: int = 0
    name: str = ""
    message: str = "told to fail"
    headers: Mapping[str, str] = field(default_factory=dict)
    drop: str = ""
    body: bytes | None = None
    seconds: float = 0.0


class _Dropped(Exception):
    """The connection is to be closed without an answer."""


class Resend:
    """The vendor. `keys` maps API keys to "full" or "sending"; mail leaves from `domains` only."""

    def __init__(
        self,
        keys: Mapping[str, str] | None = None,
        *,
        domains: frozenset[str] | None = frozenset({"example.com", "example.org", "northwind.example"}),
        secret: str = "",
        webhook: str = "",
        port: int = 0,
        per_second: int | None = None,
    ) -> None:
        self.keys = dict(keys or {"re_test_full": "full", "re_test_sending": "sending"})
        self.domains, self.webhook, self.per_second = domains, webhook, per_second
        self.secret = secret or "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()
        self.mails: dict[str, Mail] = {}
        self.calls: list[tuple[str, str, str]] = []
        self.reported: list[tuple[str, bytes]] = []
        self.ahead = timedelta()
        self._faults: deque[Fault] = deque()
        self._idempotent: dict[tuple[str, str], tuple[float, str, str | None]] = {}
        self._recent: dict[str, deque[float]] = {}
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True, name="resend-double"
        )

    @property
    def url(self) -> str:
        """Where the API is."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Resend:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    # --- what tests tell it ---------------------------------------------------------------------------------------

    def fail(self, status: int = 0, name: str = "", *, times: int = 1, **more: Any) -> None:
        """Let the next calls fail: with an error, or as the fields of Fault say."""
        self._faults.extend([Fault(status, name, **more)] * times)

    def taken(self) -> list[Mail]:
        """All mails, oldest first."""
        return list(self.mails.values())

    def report(self, mail_id: str, kind: str, *, at: datetime | None = None, **details: Any) -> Webhook:
        """Tell what became of a mail; posted at once where a webhook is set up."""
        mail = self.mails[mail_id]
        mail.last_event = REPORTED[kind]
        body = json.dumps(_event(mail, kind, at or self.now(), details), separators=(",", ":")).encode()
        message_id = f"msg_{secrets.token_hex(12)}"
        self.reported.append((message_id, body))
        webhook = self.signed(message_id, body)
        if self.webhook:
            self.post(webhook)
        return webhook

    def webhooks(self) -> list[Webhook]:
        """Everything reported so far, oldest first, signed now."""
        return [self.signed(message_id, body) for message_id, body in self.reported]

    def unknown_webhook(self) -> Webhook:
        """A genuine one of a type that nobody knows."""
        content = {"type": "contact.created", "created_at": _stamp(self.now()), "data": {"id": str(uuid4())}}
        return self.signed("msg_unknown", json.dumps(content).encode())

    def aged(self, webhook: Webhook, by: timedelta) -> Webhook:
        """The same body, genuinely signed that long ago."""
        return self.signed(webhook.headers["svix-id"], webhook.body, age=by)

    def signed(self, message_id: str, body: bytes, *, age: timedelta = timedelta()) -> Webhook:
        """Sign as Svix does: HMAC-SHA256 of `id.timestamp.body`."""
        stamp = str(int((datetime.now(UTC) - age).timestamp()))
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        mark = hmac.new(key, f"{message_id}.{stamp}.".encode() + body, hashlib.sha256).digest()
        signature = f"v1,{base64.b64encode(mark).decode()}"
        return Webhook({"svix-id": message_id, "svix-timestamp": stamp, "svix-signature": signature}, body)

    def post(self, webhook: Webhook) -> int:
        """Deliver a webhook; 0 when nobody answers."""
        headers = {**webhook.headers, "Content-Type": "application/json"}
        request = urllib.request.Request(self.webhook, data=webhook.body, headers=headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            error.close()
            return error.code
        except OSError:
            return 0

    def now(self) -> datetime:
        """Its clock, which `ahead` puts forward."""
        return datetime.now(UTC) + self.ahead

    # --- the API --------------------------------------------------------------------------------------------------

    def answer(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, dict[str, Any] | bytes, dict[str, str]]:
        """One call."""
        if path.startswith("/_control/"):
            return 200, self._control(path, json.loads(body or b"{}")), {}
        fault = self._faults.popleft() if self._faults else Fault()
        time.sleep(fault.seconds)
        if fault.drop == "before":
            raise _Dropped
        if fault.status >= 400:
            raise Refused(fault.status, fault.name, fault.message, fault.headers)
        account = self._account(headers)
        self.calls.append((method, path, account))
        self._limit(account)
        answer = self._route(method, path, account, headers, body)
        if fault.drop == "after":
            raise _Dropped
        return 200, answer if fault.body is None else fault.body, {}

    def _account(self, headers: Mapping[str, str]) -> str:
        kind, _, key = headers.get("authorization", "").partition(" ")
        if kind != "Bearer" or not key:
            raise Refused(401, "missing_api_key", "Missing API Key")
        if key not in self.keys:
            raise Refused(403, "invalid_api_key", "API key is invalid")
        return key

    def _limit(self, account: str) -> None:
        if self.per_second is None:
            return
        with self._lock:
            recent = self._recent.setdefault(account, deque())
            now = time.monotonic()
            while recent and recent[0] < now - 1:
                recent.popleft()
            if len(recent) >= self.per_second:
                message = f"Too many requests. You can only make {self.per_second} requests per second."
                raise Refused(429, "rate_limit_exceeded", message, {"retry-after": "1", "ratelimit-remaining": "0"})
            recent.append(now)

    def _route(self, method: str, path: str, account: str, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
        if (method, path) == ("POST", "/emails"):
            return {"id": self._send(account, headers, body)}
        if self.keys[account] != "full":
            raise Refused(401, "restricted_api_key", "This API key is restricted to only send emails")
        if (method, path) == ("GET", "/domains"):
            names = sorted(self.domains or ())
            rows = [{"id": str(uuid4()), "name": name, "status": "verified", "region": "eu-west-1"} for name in names]
            return {"object": "list", "has_more": False, "data": rows}
        if method == "GET" and path.startswith("/emails/"):
            mail = self.mails.get(path.removeprefix("/emails/"))
            if mail is None or mail.account != account:
                raise Refused(404, "not_found", "Email not found")
            return {**_public(mail.request), "object": "email", "id": mail.id, "created_at": mail.created_at} | {
                "last_event": mail.last_event
            }
        raise Refused(404 if method == "GET" else 405, "not_found", "The requested endpoint does not exist")

    def _send(self, account: str, headers: Mapping[str, str], body: bytes) -> str:
        request = parsed(headers, body)
        key = headers.get("idempotency-key", "")
        if len(key) > 256:
            raise Refused(400, "invalid_idempotency_key", "The idempotency key must be between 1-256 chars.")
        if not key:
            return self._take(account, key, request)
        digest = hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()
        if (known := self._begin(account, key, digest)) is not None:
            return known
        try:
            mail_id = self._take(account, key, request)
        except Refused:
            with self._lock:
                del self._idempotent[account, key]
            raise
        with self._lock:
            self._idempotent[account, key] = (self.now().timestamp(), digest, mail_id)
        return mail_id

    def _begin(self, account: str, key: str, digest: str) -> str | None:
        """The mail that this key sent in the last day, or None, after which the key is in use."""
        now = self.now().timestamp()
        with self._lock:
            at, before, mail_id = self._idempotent.get((account, key), (0.0, "", None))
            if at < now - DAY:
                self._idempotent[account, key] = (now, digest, None)
                return None
        if before != digest:
            text = "This idempotency key has been used with another payload in the last 24 hours."
            raise Refused(409, "invalid_idempotent_request", text)
        if mail_id is None:
            text = "Another request with this idempotency key is in progress."
            raise Refused(409, "concurrent_idempotent_requests", text)
        return mail_id

    def _take(self, account: str, key: str, request: dict[str, Any]) -> str:
        sender = validated(request)
        domain = sender.rpartition("@")[2].lower()
        if self.domains is not None and domain not in self.domains:
            text = f"The {domain} domain is not verified. Please, add and verify your domain."
            raise Refused(403, "validation_error", text)
        mail = Mail(str(uuid4()), account, key, request, _stamp(self.now()))
        with self._lock:
            self.mails[mail.id] = mail
        self._report_at_resend(mail)
        return mail.id

    def _report_at_resend(self, mail: Mail) -> None:
        known = _AT_RESEND.fullmatch(recipients(mail.request)[0].lower())
        if known is None:
            return
        kinds = {"delivered": ["sent", "delivered"], "bounced": ["sent", "bounced"]}
        for kind in kinds.get(known[1], ["sent", "delivered", "complained"]):
            details: dict[str, Any] = {}
            if kind == "bounced":
                details["bounce"] = {"message": "no such mailbox", "type": "Permanent", "subType": "General"}
            self.report(mail.id, f"email.{kind}", **details)

    def _control(self, path: str, given: dict[str, Any]) -> dict[str, Any]:
        """For tests in other processes: `fail`, `report`, `webhook` and `mails` as JSON."""
        match path.removeprefix("/_control/"):
            case "fail":
                self.fail(**given)
            case "report":
                self.report(given.pop("id"), given.pop("type"), **given)
            case "webhook":
                self.webhook, self.secret = given["url"], given.get("secret", self.secret)
            case "mails":
                return {
                    "mails": [{"id": m.id, "key": m.key, "last_event": m.last_event, **m.request} for m in self.taken()]
                }
        return {"ok": True}


# --- what it tells ------------------------------------------------------------------------------------------------


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _public(request: dict[str, Any]) -> dict[str, Any]:
    return {name: request.get(name) for name in ("from", "to", "subject", "html", "text", "reply_to", "tags")}


def _event(mail: Mail, kind: str, at: datetime, details: dict[str, Any]) -> dict[str, Any]:
    data = {
        "email_id": mail.id,
        "created_at": mail.created_at,
        "from": mail.request["from"],
        "to": recipients(mail.request),
        "subject": mail.request["subject"],
        "tags": {tag["name"]: tag["value"] for tag in mail.request.get("tags", [])},
        **details,
    }
    return {"type": kind, "created_at": _stamp(at), "data": data}


# --- HTTP ---------------------------------------------------------------------------------------------------------


def _handler(vendor: Resend) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            try:
                status, answer, more = vendor.answer(self.command, self.path.partition("?")[0], headers, body)
            except _Dropped:
                self.close_connection = True
                return
            except Refused as error:
                answer = {"statusCode": error.status, "name": error.name, "message": error.message}
                status, more = error.status, error.headers
            content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", "Content-Length": len(content), **more}.items():
                self.send_header(name, str(value))
            self.end_headers()
            self.wfile.write(content)
            self.wfile.flush()

        do_GET = do_POST = do_PATCH = do_DELETE = _serve  # noqa: N815

        def log_message(self, *_args: object) -> None: ...

    return Handler
