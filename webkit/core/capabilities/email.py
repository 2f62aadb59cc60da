"""Email: one message out. Delivery reports come back by webhook where a vendor has them."""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

from .base import Arity, Capability, Provider
from .errors import ProviderRejected

_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\\x00-\x1f]+@[^\s@<>,;:\"()\[\]\\\x00-\x1f]+")
_HEADER = re.compile(r"[!-9;-~]+")
_CONTENT_TYPE = re.compile(r"[!-.0-~]+/[!-.0-~]+")
_CONTENT_ID = re.compile(r"[A-Za-z0-9._-]{1,64}(@[A-Za-z0-9.-]{1,64})?")
_BREAK = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\x85\u2028\u2029]")


class EmailFeature(enum.StrEnum):
    """What an email provider may do beyond the contract's core."""

    IDEMPOTENT = "idempotent"  # the same key sends once; without it a broken call leaves the outcome unknown
    DELIVERY_EVENTS = "delivery_events"  # it is a ReportsDelivery: the vendor tells by webhook what became of a mail
    OPEN_EVENTS = "open_events"  # its webhooks also tell when a mail was looked at
    INLINE_IMAGES = "inline_images"  # attachments with a `content_id` are shown where the HTML names them


@dataclass(frozen=True, slots=True)
class Address:
    """A mailbox; `name` may hold any letters and is encoded by the provider."""

    email: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes along, as its bytes.

    With a `content_id` it is a picture that the HTML shows where it says `<img src="cid:CONTENT_ID">`; providers
    without INLINE_IMAGES do not know it.
    """

    filename: str
    content_type: str
    content: bytes = field(repr=False)
    content_id: str = ""


@dataclass(frozen=True, slots=True)
class EmailMessage:
    """A finished message. `key` names this sending: repeating the call with it must not send a second mail.

    `headers` are added as they are; a line break in any field is ProviderRejected, never folded into a new header.
    """

    sender: str
    sender_name: str
    to: tuple[Address, ...]
    subject: str
    text: str
    key: str
    html: str = ""
    reply_to: str = ""
    attachments: tuple[Attachment, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SendReceipt:
    """`id` is the vendor's name for the sending: the same key gets the same id where IDEMPOTENT is declared."""

    id: str


def check_message(message: EmailMessage) -> EmailMessage:
    """Return `message` if it can be a mail: recipients that are addresses, no field that would add a header.

    Raises ProviderRejected; its sentence repeats nothing of the message.
    """
    mailboxes = (Address(message.sender, message.sender_name), *message.to)
    replies = (Address(message.reply_to),) if message.reply_to else ()
    if not message.to or not message.key:
        raise ProviderRejected("a message needs a recipient and a key")
    if not all(_ADDRESS.fullmatch(mailbox.email) for mailbox in (*mailboxes, *replies)):
        raise ProviderRejected("an address has the form name@domain")
    lines = [message.subject, *(mailbox.name for mailbox in mailboxes), *message.headers.values()]
    lines += [file.filename for file in message.attachments]
    if any(_BREAK.search(line) for line in lines):
        raise ProviderRejected("a line break would become a header")
    if not all(_HEADER.fullmatch(name) for name in message.headers):
        raise ProviderRejected("a header's name has plain letters only")
    if not all(_CONTENT_TYPE.fullmatch(file.content_type) for file in message.attachments):
        raise ProviderRejected("an attachment needs a content type")
    if not all(_CONTENT_ID.fullmatch(file.content_id) for file in message.attachments if file.content_id):
        raise ProviderRejected("a picture's id has plain letters only")
    return message


class DeliveryKind(enum.StrEnum):
    """What may become of a mail, in words that all vendors share."""

    ACCEPTED = "accepted"  # the vendor has it and will try
    DELIVERED = "delivered"  # the recipient's server has it
    DELAYED = "delayed"  # the recipient's server does not take it yet; the vendor goes on trying
    FAILED = "failed"  # the vendor itself gave up: a quota, a domain that is not verified
    BOUNCED = "bounced"  # the recipient's server refused it for good
    COMPLAINED = "complained"  # the recipient called it spam
    OPENED = "opened"  # somebody, or a program of theirs, loaded a picture in it
    IGNORED = "ignored"  # genuine, but nothing to act on: kept under its id and acknowledged


@dataclass(frozen=True, slots=True)
class DeliveryEvent:
    """Something that happened to a mail. `id` is the same however often it is delivered.

    `key` is the message's own, however the vendor carries it there and back; empty for mail that is not ours.
    `message_id` is the receipt's `id`; `reason` is what the vendor or the recipient's server said.
    """

    id: str
    kind: DeliveryKind
    message_id: str
    key: str
    recipient: str
    reason: str
    occurred_at: datetime


@runtime_checkable
class ReportsDelivery(Protocol):
    """What a provider with DELIVERY_EVENTS offers beside `send`."""

    def verify(self, headers: Mapping[str, str], body: bytes) -> None:
        """Return if these exact bytes came from the vendor lately; else raise SignatureInvalid.

        Header names match in any case. Nobody parses a body that was not verified.
        """
        ...

    def events(self, body: bytes) -> tuple[DeliveryEvent, ...]:
        """What a verified body reports, oldest first; kinds we do not know are IGNORED. Raises ProviderRejected."""
        ...


class Email(Provider, Protocol):
    """Somebody who delivers mail."""

    def send(self, message: EmailMessage) -> SendReceipt:
        """Hand the message over. Raises ProviderRejected (bad address), ProviderUnavailable, OutcomeUnknown."""
        ...


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """A line of the outbox page. `at` is aware, UTC; `attachments` counts them."""

    id: str
    at: datetime
    sender: str
    to: tuple[str, ...]
    subject: str
    attachments: int


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """One message as it would have arrived; `raw` is the whole RFC 5322 file."""

    entry: OutboxEntry
    text: str
    html: str
    attachments: tuple[Attachment, ...]
    raw: bytes = field(repr=False)


@runtime_checkable
class ReadableOutbox(Protocol):
    """What a provider that keeps messages instead of sending them offers beside `send`."""

    def messages(self, *, limit: int = 100) -> tuple[OutboxEntry, ...]:
        """The newest messages, newest first."""
        ...

    def read(self, id: str) -> OutboxMessage:
        """One message. Raises NotFoundAtProvider."""
        ...


@runtime_checkable
class ErasableOutbox(Protocol):
    """What a provider that keeps messages offers, so that one of somebody who asks for it can be erased."""

    def forget(self, id: str) -> None:
        """Delete one message and all that is kept of it. Deleting what is not there is fine."""
        ...


EMAIL: Capability[Email] = Capability(
    key="email", env="EMAIL_PROVIDER", protocol=Email, default="outbox", arity=Arity.CHAIN, agencies=True
)
