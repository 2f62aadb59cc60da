"""What stands at the other end of the embedded providers in tests."""

from __future__ import annotations

import email
import email.policy
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.header import decode_header, make_header
from email.message import EmailMessage as Mime
from email.utils import getaddresses, parseaddr
from typing import Any

from plugins.payments_local import courier
from plugins.payments_local.ledger import Ledger
from webkit.sdk import Attachment, ReadableOutbox
from webkit.sdk.testing.email import Arrived
from webkit.sdk.testing.payments import Webhook


def arrived(outbox: ReadableOutbox, id: str) -> Arrived:
    return arrived_mime(outbox.read(id).raw)


def arrived_mime(raw: bytes) -> Arrived:
    """A mail as its recipient would see it."""
    mime = email.message_from_bytes(raw, policy=email.policy.SMTP)
    assert isinstance(mime, Mime)
    plain = email.message_from_bytes(raw)  # the new policies add spaces to names that are broken
    texts = {kind: part.get_content() if (part := mime.get_body((kind,))) else "" for kind in ("plain", "html")}
    sender = parseaddr(_unfolded(plain["From"]))
    return Arrived(
        sender=sender[1],
        sender_name=str(make_header(decode_header(sender[0]))),
        to=tuple(address for _, address in getaddresses([_unfolded(plain["To"])])),
        reply_to=str(plain["Reply-To"] or ""),
        subject=str(mime["Subject"]),
        text=texts["plain"].replace("\r\n", "\n"),
        html=texts["html"],
        attachments=tuple(_attachment(part) for part in mime.walk() if part.get_content_disposition()),
        headers={name: str(value) for name, value in mime.items()},
    )


def _unfolded(header: str) -> str:
    return header.replace("\r\n", "").replace("\n", "")


def _attachment(part: Any) -> Attachment:
    content, cid = part.get_payload(decode=True) or b"", str(part["Content-ID"] or "").strip("<>")
    return Attachment(part.get_filename() or "", part.get_content_type(), content, cid)


class Books:
    """Acts on the books as the checkout's page does, and signs as the courier does."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.touched: list[str] = []

    def pay(self, checkout_id: str) -> None:
        self.touched.append(self.ledger.pay(checkout_id).id)

    def fail(self, checkout_id: str) -> None:
        self.touched.append(self.ledger.fail(checkout_id).id)

    def dispute(self, checkout_id: str) -> None:
        self.touched.append(self.ledger.dispute(checkout_id).id)

    def webhooks(self) -> Sequence[Webhook]:
        records = [self.ledger.get(id) for id in dict.fromkeys(self.touched)]
        return [self.signed(courier.body(record, event)) for record in records for event in record.events]

    def unknown_webhook(self) -> Webhook:
        content = {"id": "evt_x", "type": "weather.changed", "created": datetime.now(UTC).isoformat()}
        return self.signed(json.dumps(content).encode())

    def aged(self, webhook: Webhook, by: timedelta) -> Webhook:
        return self.signed(webhook.body, by)

    def signed(self, body: bytes, age: timedelta = timedelta()) -> Webhook:
        at = int((datetime.now(UTC) - age).timestamp())
        return Webhook({courier.SIGNATURE: courier.signature(self.ledger.secret(), body, at)}, body)
