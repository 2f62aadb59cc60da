"""Text messages: one short text to one phone. Some vendors also draw, send and check a code themselves."""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

from .base import Capability, Provider
from .errors import ProviderRejected

LONGEST_TEXT = 1_600
"""Letters that every network takes as one message, in however many parts it sends them."""
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_CODE = re.compile(r"[0-9A-Za-z]{4,10}")


class SmsFeature(enum.StrEnum):
    """What a provider of text messages may do beyond the contract's core."""

    IDEMPOTENT = "idempotent"  # the same key sends once; without it a broken call leaves the outcome unknown
    VERIFY = "verify"  # it is a VerifiesPhones: the vendor draws a code, sends it and checks what came back
    DELIVERY_EVENTS = "delivery_events"  # it is a ReportsTexts: the vendor tells by webhook what became of a text


@dataclass(frozen=True, slots=True)
class SmsMessage:
    """A finished text. `to` is a number as E.164 writes it (`+393331234567`); `key` names this sending."""

    to: str
    text: str = field(repr=False)
    key: str


@dataclass(frozen=True, slots=True)
class SmsReceipt:
    """`id` is the vendor's name for the sending: the same key gets the same id where IDEMPOTENT is declared."""

    id: str


def check_number(number: str) -> str:
    """Return `number` if it is written as E.164 says: a plus sign, the country, seven to fifteen digits in all.

    Raises ProviderRejected; its sentence does not repeat the number.
    """
    if not _NUMBER.fullmatch(number):
        raise ProviderRejected("a phone number looks like +12025550123")
    return number


def check_sms(message: SmsMessage) -> SmsMessage:
    """Return `message` if it can be sent. Raises ProviderRejected; its sentence repeats nothing of the message."""
    check_number(message.to)
    if not message.key or not message.text.strip():
        raise ProviderRejected("a text message needs words and a key")
    if len(message.text) > LONGEST_TEXT or _CONTROL.search(message.text):
        raise ProviderRejected(f"a text message has up to {LONGEST_TEXT} letters and no control characters")
    return message


def check_code(code: str) -> str:
    """Return `code` if somebody may have been sent it. Raises ProviderRejected."""
    if not _CODE.fullmatch(code) or not code.isascii():
        raise ProviderRejected("a code has four to ten digits")
    return code


class TextKind(enum.StrEnum):
    """What may become of a text, in words that all vendors share."""

    ACCEPTED = "accepted"  # the vendor has it and will try
    SENT = "sent"  # the phone's network has it
    DELIVERED = "delivered"  # the phone has it
    FAILED = "failed"  # it was not sent, or the network gave it up
    IGNORED = "ignored"  # genuine, but nothing to act on: kept under its id and acknowledged


@dataclass(frozen=True, slots=True)
class TextEvent:
    """Something that happened to a text. `id` is the same however often it is delivered.

    `message_id` is the receipt's `id`; `reason` is the vendor's code or words; `occurred_at` is None where the vendor
    does not say when.
    """

    id: str
    kind: TextKind
    message_id: str
    recipient: str = field(repr=False)
    reason: str = ""
    occurred_at: datetime | None = None


@runtime_checkable
class ReportsTexts(Protocol):
    """What a provider with DELIVERY_EVENTS offers beside `send`."""

    def verify(self, headers: Mapping[str, str], body: bytes) -> None:
        """Return if these exact bytes came from the vendor; else raise SignatureInvalid.

        Header names match in any case. Nobody parses a body that was not verified.
        """
        ...

    def events(self, body: bytes) -> tuple[TextEvent, ...]:
        """What a verified body reports, oldest first; kinds we do not know are IGNORED. Raises ProviderRejected."""
        ...


class Verdict(enum.StrEnum):
    """What the vendor says of a code that somebody typed."""

    RIGHT = "right"  # said once: the verification is over
    WRONG = "wrong"  # another try is allowed
    OVER = "over"  # too many tries, too late, or used: only a new verification helps


@dataclass(frozen=True, slots=True)
class Verification:
    """A code is on its way; `id` is the vendor's name for it, to be given back with what was typed."""

    id: str


@runtime_checkable
class VerifiesPhones(Protocol):
    """What a provider with VERIFY offers beside `send`: the code is the vendor's, we never know it."""

    def start_verification(self, to: str, *, locale: str = "en") -> Verification:
        """Send a code to a number, in that language where the vendor speaks it.

        While a verification of this number is open the same one may go on, with its code. Raises ProviderRejected,
        RateLimited (too many codes to this number), ProviderUnavailable, OutcomeUnknown, and FeatureNotSupported where
        the account has no such service: then draw a code and `send` it.
        """
        ...

    def check_verification(self, verification_id: str, code: str) -> Verdict:
        """Whether that was the code. Raises ProviderUnavailable, OutcomeUnknown; never for a code that is wrong."""
        ...


class Sms(Provider, Protocol):
    """Somebody who sends text messages."""

    def send(self, message: SmsMessage) -> SmsReceipt:
        """Hand the text over. Raises ProviderRejected (no such number), ProviderUnavailable, OutcomeUnknown."""
        ...


@dataclass(frozen=True, slots=True)
class KeptText:
    """A text that was kept instead of sent. `at` is aware, UTC."""

    id: str
    at: datetime
    to: str
    text: str = field(repr=False)


@runtime_checkable
class ReadableTexts(Protocol):
    """What a provider that keeps texts instead of sending them offers beside `send`."""

    def texts(self, *, limit: int = 100) -> tuple[KeptText, ...]:
        """The newest texts, newest first."""
        ...


SMS: Capability[Sms] = Capability(key="sms", env="SMS_PROVIDER", protocol=Sms, default="console")
