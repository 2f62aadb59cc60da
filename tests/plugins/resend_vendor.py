"""Resend's double as the contract of email wants it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from email.utils import getaddresses, parseaddr

from webkit.sdk import Attachment, DeliveryKind
from webkit.sdk.testing.doubles.resend import Mail, Resend, decoded
from webkit.sdk.testing.email import Arrived
from webkit.sdk.testing.payments import Webhook

KINDS = {
    DeliveryKind.ACCEPTED: "email.sent",
    DeliveryKind.DELIVERED: "email.delivered",
    DeliveryKind.DELAYED: "email.delivery_delayed",
    DeliveryKind.FAILED: "email.failed",
    DeliveryKind.BOUNCED: "email.bounced",
    DeliveryKind.COMPLAINED: "email.complained",
    DeliveryKind.OPENED: "email.opened",
    DeliveryKind.IGNORED: "email.clicked",
}


class Vendor:
    """Speaks the contract's words to the double."""

    def __init__(self, double: Resend) -> None:
        self.double = double

    def tell(self, message_id: str, kind: DeliveryKind, reason: str = "") -> None:
        details = {}
        if kind is DeliveryKind.BOUNCED:
            details["bounce"] = {"message": reason, "type": "Permanent", "subType": "General"}
        if kind is DeliveryKind.FAILED:
            details["failed"] = {"reason": reason}
        self.double.report(message_id, KINDS[kind], **details)  # type: ignore[arg-type]

    def webhooks(self) -> Sequence[Webhook]:
        return [Webhook(webhook.headers, webhook.body) for webhook in self.double.webhooks()]

    def unknown_webhook(self) -> Webhook:
        webhook = self.double.unknown_webhook()
        return Webhook(webhook.headers, webhook.body)

    def aged(self, webhook: Webhook, by: timedelta) -> Webhook:
        aged = self.double.signed(webhook.headers["svix-id"], webhook.body, age=by)
        return Webhook(aged.headers, aged.body)


def arrived(mail: Mail) -> Arrived:
    """A mail as its recipient would see it."""
    request = mail.request
    name, address = parseaddr(request["from"])
    return Arrived(
        sender=address,
        sender_name=name,
        to=tuple(one for _, one in getaddresses(request["to"])),
        reply_to=request.get("reply_to", ""),
        subject=request["subject"],
        text=request.get("text", ""),
        html=request.get("html", ""),
        attachments=tuple(
            Attachment(file["filename"], file["content_type"], decoded(file), file.get("content_id", ""))
            for file in request.get("attachments", [])
        ),
        headers=request.get("headers", {}),
    )
