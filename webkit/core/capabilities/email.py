"""Email: one message out. Delivery reports come back by webhook where a vendor has them."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

from .base import Capability, Provider


class EmailFeature(enum.StrEnum):
    """What an email provider may do beyond the contract's core."""

    IDEMPOTENT = "idempotent"  # the same key sends once; without it a broken call leaves the outcome unknown


@dataclass(frozen=True, slots=True)
class Address:
    """A mailbox; `name` may hold any letters and is encoded by the provider."""

    email: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes along, as its bytes."""

    filename: str
    content_type: str
    content: bytes = field(repr=False)


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


EMAIL: Capability[Email] = Capability(key="email", env="EMAIL_PROVIDER", protocol=Email, default="outbox")
