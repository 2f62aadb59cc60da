"""What stands at the other end of the embedded providers in tests."""

from __future__ import annotations

import email
import email.policy
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from plugins.payments_local import courier
from plugins.payments_local.ledger import Ledger
from webkit.sdk import ReadableOutbox
from webkit.sdk.testing.email import Arrived
from webkit.sdk.testing.payments import Webhook


def arrived(outbox: ReadableOutbox, id: str) -> Arrived:
    message = outbox.read(id)
    mime = email.message_from_bytes(message.raw, policy=email.policy.SMTP)
    sender = mime["From"].addresses[0]
    return Arrived(
        sender=sender.addr_spec,
        sender_name=sender.display_name,
        to=message.entry.to,
        reply_to=mime["Reply-To"].addresses[0].addr_spec if mime["Reply-To"] else "",
        subject=str(mime["Subject"]),
        text=message.text,
        html=message.html,
        attachments=message.attachments,
        headers={name: str(value) for name, value in mime.items()},
    )


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
