"""From an RFC 5322 file back to a message."""

from __future__ import annotations

from email import message_from_bytes
from email.message import EmailMessage as Mime
from email.policy import SMTP
from typing import Any, Literal, cast

from webkit.sdk import Attachment, OutboxEntry, OutboxMessage


def parse(entry: OutboxEntry, raw: bytes) -> OutboxMessage:
    """What a mail program would show."""
    mime = cast("Mime", message_from_bytes(raw, policy=cast("Any", SMTP)))
    return OutboxMessage(
        entry=entry,
        text=_text(mime, "plain"),
        html=_text(mime, "html"),
        attachments=tuple(_attachment(part) for part in mime.walk() if part.get_content_disposition()),
        raw=raw,
    )


def _text(mime: Mime, kind: Literal["plain", "html"]) -> str:
    part = mime.get_body((kind,))
    return str(part.get_content()).replace("\r\n", "\n") if part else ""


def _attachment(part: Any) -> Attachment:
    content, cid = part.get_payload(decode=True) or b"", str(part["Content-ID"] or "").strip("<>")
    return Attachment(part.get_filename() or "", part.get_content_type(), content, cid)
