"""For providers that hand over a whole mail: from a message to RFC 5322 bytes."""

from __future__ import annotations

import hashlib
from datetime import datetime
from email import policy
from email.errors import MessageError
from email.header import Header
from email.message import EmailMessage as Mime
from email.utils import quote
from typing import cast

from webkit.core.capabilities.email import Address, Attachment, EmailMessage, check_message
from webkit.core.capabilities.errors import ProviderRejected

__all__ = ["build", "message_id", "needs_utf8"]

_END = "\r\n"
_FOLD = f",{_END} "
_OURS = frozenset({"from", "to", "cc", "bcc", "reply-to", "sender", "return-path", "date", "subject", "message-id"})
"""Headers that follow from the message and are not given twice."""


def build(message: EmailMessage, at: datetime, *, id: str = "") -> bytes:
    """The bytes a mail server would be given: every line ends with CR LF, all letters are ASCII unless `needs_utf8`.

    `id` becomes the Message-ID. Raises ProviderRejected for what cannot be a mail.
    """
    check_message(message)
    if any(name.lower() in _OURS for name in message.headers):
        raise ProviderRejected("this header follows from the message")
    mime = Mime(policy=policy.SMTP)
    try:
        _headers(mime, message, at, id)
        mime.set_content(message.text, cte="quoted-printable")
        if message.html:
            mime.add_alternative(message.html, subtype="html", cte="quoted-printable")
        _pictures(mime, [file for file in message.attachments if file.content_id])
        for file in message.attachments:
            if not file.content_id:
                main, _, sub = file.content_type.partition("/")
                mime.add_attachment(file.content, maintype=main, subtype=sub, filename=file.filename)
        return _mailboxes(message) + mime.as_bytes()
    except (ValueError, MessageError):
        raise ProviderRejected("this cannot be a mail") from None


def message_id(message: EmailMessage) -> str:
    """A Message-ID that belongs to the message's key: sent twice, both are recognisable as one mail."""
    domain = _ascii_domain(message.sender.rpartition("@")[2])
    return f"<{hashlib.sha256(message.key.encode()).hexdigest()[:32]}@{domain}>"


def needs_utf8(message: EmailMessage) -> bool:
    """Whether somebody's name before the @ has letters beyond ASCII: only servers with SMTPUTF8 take such mail."""
    addresses = (message.sender, message.reply_to, *(address.email for address in message.to))
    return not all(address.rpartition("@")[0].isascii() for address in addresses)


def _headers(mime: Mime, message: EmailMessage, at: datetime, id: str) -> None:
    mime["Subject"] = message.subject
    mime["Date"] = at
    if id:
        mime["Message-ID"] = id
    for name, value in message.headers.items():
        mime[name] = value


def _mailboxes(message: EmailMessage) -> bytes:
    """The lines with people. The standard library loses spaces where it breaks a long name, so these are ours."""
    lines = {"From": [Address(message.sender, message.sender_name)], "To": list(message.to)}
    if message.reply_to:
        lines["Reply-To"] = [Address(message.reply_to)]
    return "".join(f"{name}: {_FOLD.join(map(_mailbox, who))}\r\n" for name, who in lines.items()).encode()


def _mailbox(address: Address) -> str:
    local, _, domain = address.email.rpartition("@")
    where = f"{local}@{_ascii_domain(domain)}"
    if not address.name:
        return where
    if address.name.isascii():
        return f'"{quote(address.name)}" <{where}>'
    return f"{Header(address.name, 'utf-8', maxlinelen=60).encode(linesep=_END)}{_END} <{where}>"


def _ascii_domain(domain: str) -> str:
    try:
        return domain if domain.isascii() else domain.encode("idna").decode()
    except UnicodeError:
        raise ProviderRejected("an address has the form name@domain") from None


def _pictures(mime: Mime, files: list[Attachment]) -> None:
    """Pictures stand beside the HTML; without HTML there is nothing that would show them."""
    html = cast("Mime | None", mime.get_body(("html",)))
    for file in files:
        main, _, sub = file.content_type.partition("/")
        if html is None:
            raise ProviderRejected("pictures in the text need HTML")
        cid = f"<{file.content_id}>"
        html.add_related(file.content, main, sub, cid=cid, filename=file.filename, disposition="inline")
