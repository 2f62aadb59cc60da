"""A double of Postmark: takes what its documentation says it takes, and tells by webhooks that sign in."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import getaddresses, parseaddr
from typing import Any
from uuid import uuid4

import pytest

from webkit.sdk import Attachment, DeliveryKind
from webkit.sdk.testing.doubles.http import Answer, Call, HttpDouble, Refused
from webkit.sdk.testing.email import Arrived
from webkit.sdk.testing.payments import Webhook

TOKEN = "f0000000-0000-4000-8000-000000000001"
SECRET = "webkit:0123456789abcdef"
LARGEST, LARGEST_BODY = 10 * 2**20, 5 * 2**20
FIELDS = {
    *("From", "To", "Cc", "Bcc", "Subject", "Tag", "HtmlBody", "TextBody", "ReplyTo", "Metadata", "Headers"),
    *("TrackOpens", "TrackLinks", "Attachments", "MessageStream"),
}
FORBIDDEN = re.compile(r"\.(exe|bat|cmd|com|js|vbs|msi|scr|jar|dll|ps1)$", re.IGNORECASE)
_ADDRESS = re.compile(r"[^\s@<>,;:\"]+@[^\s@<>,;:\"]+\.[^\s@<>,;:\".]+")


def error(code: int, message: str) -> dict[str, Any]:
    return {"ErrorCode": code, "Message": message}


class Postmark(HttpDouble):
    """The vendor. Mail leaves from `domains` only, and to nobody who is `inactive`."""

    def __init__(self) -> None:
        super().__init__()
        self.domains, self.streams = {"example.com"}, {"outbound", "broadcast"}
        self.inactive: set[str] = set()
        self.delivery = "Live"
        self.mails: dict[str, dict[str, Any]] = {}
        self.bodies: list[bytes] = []

    def answer(self, call: Call) -> Answer:
        if call.headers.get("x-postmark-server-token") != TOKEN:
            raise Refused(401, error(10, "The Server Token you provided in the X-Postmark-Server-Token request header"))
        match call.method, call.path:
            case "GET", "/server":
                return Answer(200, {"ID": 1, "Name": "webkit", "DeliveryType": self.delivery})
            case "POST", "/email":
                return self._send(call)
        raise Refused(404, error(0, "Not found"))

    def _send(self, call: Call) -> Answer:
        if len(call.body) > LARGEST:
            raise Refused(413, error(0, "Payload Too Large"))
        if not call.headers.get("content-type", "").startswith("application/json"):
            raise Refused(422, error(409, "The 'Content-Type' header is wrong."))
        try:
            request = json.loads(call.body)
        except ValueError:
            raise Refused(422, error(402, "Invalid JSON")) from None
        if words := _wrong(request):
            raise Refused(422, error(300, words))
        if parseaddr(request["From"])[1].rpartition("@")[2] not in self.domains:
            raise Refused(422, error(400, "The 'From' address you supplied is not a Sender Signature on your account."))
        if request.get("MessageStream", "outbound") not in self.streams:
            raise Refused(422, error(1235, "The message stream does not exist."))
        if self.inactive & {address for _, address in getaddresses([request["To"]])}:
            raise Refused(422, error(406, "You tried to send to a recipient that has been marked as inactive."))
        id = str(uuid4())
        self.mails[id] = request
        now = datetime.now(UTC).isoformat()
        return Answer(200, {"To": request["To"], "SubmittedAt": now, "MessageID": id, "ErrorCode": 0, "Message": "OK"})

    # --- what became of it ----------------------------------------------------------------------------------------

    def tell(self, message_id: str, kind: DeliveryKind, reason: str = "", **more: Any) -> None:
        mail = self.mails[message_id]
        to = getaddresses([mail["To"]])[0][1]
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "5Z"  # seven digits
        common = {
            "MessageID": message_id,
            "ServerID": 1,
            "Metadata": mail.get("Metadata", {}),
            "MessageStream": "outbound",
        }
        bounce = {"ID": len(self.bodies) + 1, "Email": to, "BouncedAt": now, "Description": "…", "Details": reason}
        said: dict[str, Any]
        match kind:
            case DeliveryKind.DELIVERED:
                said = {"RecordType": "Delivery", "Recipient": to, "DeliveredAt": now, "Details": "250 OK", "Tag": ""}
            case DeliveryKind.OPENED:
                said = {"RecordType": "Open", "Recipient": to, "ReceivedAt": now, "FirstOpen": True, "Client": {}}
            case DeliveryKind.BOUNCED:
                said = {"RecordType": "Bounce", "Type": "HardBounce", "TypeCode": 1, **bounce}
            case DeliveryKind.DELAYED:
                said = {"RecordType": "Bounce", "Type": "Transient", "TypeCode": 2, **bounce}
            case DeliveryKind.COMPLAINED:
                said = {"RecordType": "SpamComplaint", "Type": "SpamComplaint", "TypeCode": 100001, **bounce}
            case _:
                pytest.skip(f"Postmark does not report {kind}")
        self.bodies.append(json.dumps({**common, **said, **more}).encode())

    def webhooks(self) -> Sequence[Webhook]:
        return [self.signed(body) for body in self.bodies]

    def unknown_webhook(self) -> Webhook:
        now = datetime.now(UTC).isoformat()
        said = {
            "RecordType": "SubscriptionChange",
            "MessageID": str(uuid4()),
            "ChangedAt": now,
            "Recipient": "a@b.example",
        }
        return self.signed(json.dumps(said).encode())

    def aged(self, webhook: Webhook, by: timedelta) -> Webhook:
        return webhook

    def signed(self, body: bytes) -> Webhook:
        return Webhook({"Authorization": "Basic " + base64.b64encode(SECRET.encode()).decode()}, body)


def arrived(request: Mapping[str, Any]) -> Arrived:
    """A mail as its recipient would see it."""
    name, address = parseaddr(request["From"])
    return Arrived(
        sender=address,
        sender_name=name,
        to=tuple(one for _, one in getaddresses([request["To"]])),
        reply_to=request.get("ReplyTo", ""),
        subject=request["Subject"],
        text=request["TextBody"],
        html=request.get("HtmlBody", ""),
        attachments=tuple(
            Attachment(
                one["Name"],
                one["ContentType"],
                base64.b64decode(one["Content"]),
                one.get("ContentID", "").removeprefix("cid:"),
            )
            for one in request.get("Attachments", [])
        ),
        headers={one["Name"]: one["Value"] for one in request.get("Headers", [])},
    )


def _wrong(request: Any) -> str:
    """Why the vendor would not take it."""
    if not isinstance(request, dict) or set(request) - FIELDS:
        return "Invalid request field(s)."
    if not (request.get("From") and request.get("To") and (request.get("TextBody") or request.get("HtmlBody"))):
        return "Zero recipients, no sender or no body specified."
    boxes = getaddresses([request["From"], request["To"], *([request["ReplyTo"]] if "ReplyTo" in request else [])])
    if len(boxes) > 52 or not all(_ADDRESS.fullmatch(address) for _, address in boxes):
        return "Error parsing 'To': Illegal email address."
    if any(len(request.get(name, "")) > LARGEST_BODY for name in ("TextBody", "HtmlBody")):
        return "A body is larger than 5 MB."
    texts = [request["Subject"], *(text for one in request.get("Headers", []) for text in (one["Name"], one["Value"]))]
    if any(re.search(r"[\x00-\x1f]", text) for text in texts):
        return "Control characters are not allowed."
    for name, value in request.get("Metadata", {}).items():
        if len(name) > 20 or len(value) > 80:
            return "Metadata names have up to 20, values up to 80 characters."
    return _wrong_attachments(request.get("Attachments", []))


def _wrong_attachments(attachments: Sequence[Mapping[str, Any]]) -> str:
    for one in attachments:
        if set(one) - {"Name", "Content", "ContentType", "ContentID"} or not one.get("Name"):
            return "Invalid attachment."
        if FORBIDDEN.search(one["Name"]) or not str(one.get("ContentID", "cid:x")).startswith("cid:"):
            return "Attachments of this type are not allowed."
        try:
            base64.b64decode(one["Content"], validate=True)
        except (binascii.Error, KeyError):
            return "Attachment content must be base64."
    return ""
