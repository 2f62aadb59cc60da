"""A double of SendGrid: takes what its documentation says it takes, and signs what became of each mail."""

from __future__ import annotations

import base64
import binascii
import json
import re
import secrets
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from webkit.sdk import Attachment, DeliveryKind
from webkit.sdk.testing.doubles.http import Answer, Call, HttpDouble, Refused
from webkit.sdk.testing.email import Arrived
from webkit.sdk.testing.payments import Webhook

KEY = "SG.test"
LARGEST = 30 * 2**20
FIELDS = {
    *("personalizations", "from", "reply_to", "reply_to_list", "subject", "content", "attachments", "template_id"),
    *("headers", "categories", "custom_args", "send_at", "batch_id", "asm", "ip_pool_name", "mail_settings"),
    "tracking_settings",
}
PERSONAL = {
    *("from", "to", "cc", "bcc", "subject", "headers", "substitutions", "dynamic_template_data", "custom_args"),
    "send_at",
}
RESERVED = {
    *("x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding"),
    *("to", "from", "subject", "reply-to", "cc", "bcc"),
}
EVENTS = {
    DeliveryKind.ACCEPTED: "processed",
    DeliveryKind.DELIVERED: "delivered",
    DeliveryKind.DELAYED: "deferred",
    DeliveryKind.BOUNCED: "bounce",
    DeliveryKind.COMPLAINED: "spamreport",
    DeliveryKind.OPENED: "open",
    DeliveryKind.FAILED: "dropped",
}
_ADDRESS = re.compile(r"[^\s@<>,;:\"]+@[^\s@<>,;:\"]+\.[^\s@<>,;:\".]+")


def errors(message: str, field: str | None = None) -> dict[str, Any]:
    return {"errors": [{"message": message, "field": field, "help": None}]}


class SendGrid(HttpDouble):
    """The vendor. Mail leaves from `domains` only; `scopes` are what the key may do."""

    def __init__(self) -> None:
        super().__init__()
        self.domains = {"example.com"}
        self.scopes = ["mail.send", "sender_verification_eligible"]
        self.mails: dict[str, dict[str, Any]] = {}
        self.bodies: list[bytes] = []
        self._private = generate_private_key(SECP256R1())
        public = self._private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.public = base64.b64encode(public).decode()

    def answer(self, call: Call) -> Answer:
        if call.headers.get("authorization") != f"Bearer {KEY}":
            text = "The provided authorization grant is invalid, expired, or revoked"
            raise Refused(401, errors(text))
        match call.method, call.path:
            case "GET", "/v3/scopes":
                return Answer(200, {"scopes": self.scopes})
            case "POST", "/v3/mail/send":
                return self._send(call)
        raise Refused(404, errors("Not Found"))

    def _send(self, call: Call) -> Answer:
        if "mail.send" not in self.scopes:
            raise Refused(403, errors("access forbidden"))
        if len(call.body) > LARGEST:
            raise Refused(413, errors("The JSON payload you have included in your request is too large."))
        if call.headers.get("content-type") != "application/json":
            raise Refused(415, errors("Content-Type should be application/json."))
        request = call.json()
        if (wrong := _wrong(request)) is not None:
            raise Refused(400, errors(*wrong))
        if request["from"]["email"].rpartition("@")[2] not in self.domains:
            raise Refused(403, errors("The from address does not match a verified Sender Identity.", "from"))
        id = secrets.token_urlsafe(16)
        self.mails[id] = request
        return Answer(202, b"", {"X-Message-Id": id})

    # --- what became of it ----------------------------------------------------------------------------------------

    def tell(self, message_id: str, kind: DeliveryKind, reason: str = "", **more: Any) -> None:
        mail = self.mails[message_id]
        event = {
            "email": mail["personalizations"][0]["to"][0]["email"],
            "timestamp": int(time.time()),
            "smtp-id": f"<{message_id}@geopod-ismtpd-1>",
            "event": EVENTS[kind],
            "sg_event_id": secrets.token_urlsafe(24),
            "sg_message_id": f"{message_id}.recvd-5d8f6d4c5-x2x-1-6500.0",
            **mail.get("custom_args", {}),
            **({"reason": reason, "type": "bounce", "status": "5.1.1"} if reason else {}),
            **more,
        }
        self.bodies.append(json.dumps([event]).encode())

    def webhooks(self) -> Sequence[Webhook]:
        return [self.signed(body) for body in self.bodies]

    def unknown_webhook(self) -> Webhook:
        event = {"email": "ada@example.org", "timestamp": int(time.time()), "event": "abacus", "sg_event_id": "e1"}
        return self.signed(json.dumps([event]).encode())

    def aged(self, webhook: Webhook, by: timedelta) -> Webhook:
        return self.signed(webhook.body, by)

    def signed(self, body: bytes, age: timedelta = timedelta()) -> Webhook:
        stamp = str(int(time.time() - age.total_seconds()))
        mark = base64.b64encode(self._private.sign(stamp.encode() + body, ECDSA(SHA256()))).decode()
        names = ("X-Twilio-Email-Event-Webhook-Signature", "X-Twilio-Email-Event-Webhook-Timestamp")
        return Webhook(dict(zip(names, (mark, stamp), strict=True)), body)


def arrived(request: Mapping[str, Any]) -> Arrived:
    """A mail as its recipient would see it."""
    texts = {part["type"]: part["value"] for part in request["content"]}
    return Arrived(
        sender=request["from"]["email"],
        sender_name=request["from"].get("name", ""),
        to=tuple(one["email"] for one in request["personalizations"][0]["to"]),
        reply_to=request.get("reply_to", {}).get("email", ""),
        subject=request["subject"],
        text=texts["text/plain"],
        html=texts.get("text/html", ""),
        attachments=tuple(
            Attachment(one["filename"], one["type"], base64.b64decode(one["content"]), one.get("content_id", ""))
            for one in request.get("attachments", [])
        ),
        headers=dict(request.get("headers", {})),
    )


def _wrong(request: Any) -> tuple[str, str] | None:
    """Why the vendor would not take it, and in which field."""
    if not isinstance(request, dict) or (unknown := set(request) - FIELDS):
        return f"Additional property {sorted(unknown)[0] if isinstance(request, dict) else ''} is not allowed", ""
    for name in ("personalizations", "from", "subject", "content"):
        if not request.get(name):
            return f"The {name} is required", name
    people = request["personalizations"]
    if any(set(one) - PERSONAL or not one.get("to") for one in people):
        return "The personalizations field is wrong", "personalizations"
    boxes = [request["from"], *(box for one in people for box in one["to"])]
    boxes += [request["reply_to"]] if "reply_to" in request else []
    for box in boxes:
        if set(box) - {"email", "name"} or not _ADDRESS.fullmatch(str(box.get("email"))):
            return "Does not contain a valid address.", "personalizations.0.to.0.email"
    return _wrong_content(request) or _wrong_extras(request)


def _wrong_content(request: Mapping[str, Any]) -> tuple[str, str] | None:
    kinds = [part.get("type") for part in request["content"]]
    if kinds not in (["text/plain"], ["text/html"], ["text/plain", "text/html"]):
        return "The text/plain content must come first, followed by text/html", "content"
    if any(set(part) != {"type", "value"} or not part["value"] for part in request["content"]):
        return "The content value must be a string at least one character in length.", "content.0.value"
    return None


def _wrong_extras(request: Mapping[str, Any]) -> tuple[str, str] | None:
    for name, value in request.get("headers", {}).items():
        if name.lower() in RESERVED or not isinstance(value, str) or re.search(r"[\x00-\x1f]", value):
            return f"The header '{name}' is reserved or wrong", "headers"
    if len(json.dumps(request.get("custom_args", {}))) > 10_000:
        return "The custom_args are larger than 10,000 bytes", "custom_args"
    for at, one in enumerate(request.get("attachments", [])):
        if set(one) - {"content", "type", "filename", "disposition", "content_id"} or not one.get("filename"):
            return "The attachment has unknown properties or no filename", f"attachments.{at}"
        if any(letter in one["type"] for letter in ";\r\n"):
            return "The attachment type cannot contain ';', or CRLF characters.", f"attachments.{at}.type"
        if one.get("disposition") == "inline" and not one.get("content_id"):
            return "The content_id is needed for inline", f"attachments.{at}.content_id"
        try:
            base64.b64decode(one["content"], validate=True)
        except (binascii.Error, KeyError):
            return "The attachment content must be base64 encoded.", f"attachments.{at}.content"
    return None
