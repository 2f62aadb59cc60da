"""From a message to an RFC 5322 file and back."""

from __future__ import annotations

from datetime import datetime
from email import message_from_bytes
from email.errors import MessageError
from email.headerregistry import Address as Mailbox
from email.message import EmailMessage as Mime
from email.policy import SMTP
from typing import Any, Literal, cast

from webkit.sdk import Address, Attachment, EmailMessage, OutboxEntry, OutboxMessage, ProviderRejected


def build(message: EmailMessage, at: datetime) -> bytes:
    """The file a mail server would be given. Raises ProviderRejected for what cannot be a mail."""
    if not message.to:
        raise ProviderRejected("a message needs a recipient", provider="outbox")
    mime = Mime(policy=SMTP)
    try:
        _headers(mime, message, at)
        mime.set_content(message.text, cte="quoted-printable")
        if message.html:
            mime.add_alternative(message.html, subtype="html", cte="quoted-printable")
        for attachment in message.attachments:
            _attach(mime, attachment)
        return mime.as_bytes()
    except (ValueError, MessageError) as error:
        raise ProviderRejected(f"this cannot be a mail: {error}", provider="outbox") from None


def parse(entry: OutboxEntry, raw: bytes) -> OutboxMessage:
    """What a mail program would show."""
    mime = cast("Mime", message_from_bytes(raw, policy=cast("Any", SMTP)))
    return OutboxMessage(
        entry=entry,
        text=_text(mime, "plain"),
        html=_text(mime, "html"),
        attachments=tuple(_attachment(part) for part in mime.iter_attachments()),
        raw=raw,
    )


def _headers(mime: Mime, message: EmailMessage, at: datetime) -> None:
    mime["Subject"] = message.subject
    mime["From"] = _mailbox(Address(message.sender, message.sender_name))
    mime["To"] = tuple(_mailbox(address) for address in message.to)
    if message.reply_to:
        mime["Reply-To"] = _mailbox(Address(message.reply_to))
    mime["Date"] = at
    for name, value in message.headers.items():
        if any(ord(letter) < 33 or ord(letter) > 126 or letter == ":" for letter in name):
            raise ValueError(f"{name!r} is not a header's name")
        mime[name] = value


def _mailbox(address: Address) -> Mailbox:
    local, at, domain = address.email.rpartition("@")
    if not (local and at and domain) or any(letter.isspace() for letter in address.email):
        raise ValueError("an address has the form name@domain")
    return Mailbox(display_name=address.name, username=local, domain=domain)


def _attach(mime: Mime, attachment: Attachment) -> None:
    main, slash, sub = attachment.content_type.partition("/")
    if not (main and slash and sub) or any(letter.isspace() for letter in attachment.content_type):
        raise ValueError(f"{attachment.content_type!r} is not a content type")
    mime.add_attachment(attachment.content, maintype=main, subtype=sub, filename=attachment.filename)


def _text(mime: Mime, kind: Literal["plain", "html"]) -> str:
    part = mime.get_body((kind,))
    return str(part.get_content()).replace("\r\n", "\n") if part else ""


def _attachment(part: Any) -> Attachment:
    return Attachment(part.get_filename() or "", part.get_content_type(), part.get_payload(decode=True) or b"")
