"""Reads what Amazon SES reports through a topic of Amazon SNS."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from webkit.sdk import DeliveryEvent, DeliveryKind, ProviderRejected, SignatureInvalid
from webkit.sdk.tags import unpacked

from . import notices
from .errors import VENDOR

TAG = "webkit_key"
LONGEST_TAG = 256
MOST_REASON = 500
_DETAILS = {
    "Send": "send",
    "Delivery": "delivery",
    "DeliveryDelay": "deliveryDelay",
    "Bounce": "bounce",
    "Complaint": "complaint",
    "Reject": "reject",
    "Rendering Failure": "failure",
    "Open": "open",
}
_KINDS = {
    "Send": DeliveryKind.ACCEPTED,
    "Delivery": DeliveryKind.DELIVERED,
    "DeliveryDelay": DeliveryKind.DELAYED,
    "Bounce": DeliveryKind.BOUNCED,
    "Complaint": DeliveryKind.COMPLAINED,
    "Reject": DeliveryKind.FAILED,
    "Rendering Failure": DeliveryKind.FAILED,
    "Open": DeliveryKind.OPENED,
}


def verify(topics: tuple[str, ...], headers: Mapping[str, str], body: bytes) -> None:
    """Return if one of our topics sent this lately; else raise SignatureInvalid.

    Everybody may have a topic, so whose it is counts as much as the signature. A topic of ours that asks whether we
    want its notices is told yes.
    """
    given = {name.lower(): value for name, value in headers.items()}
    notice = _notice(body)
    if notice.get("TopicArn") not in topics or given.get("x-amz-sns-topic-arn") != notice["TopicArn"]:
        raise SignatureInvalid("the notice is of another topic", provider=VENDOR)
    if given.get("x-amz-sns-message-type") != notice.get("Type") or given.get("x-amz-sns-message-id") != notice.get(
        "MessageId"
    ):
        raise SignatureInvalid("the notice says it is another", provider=VENDOR)
    notices.verify(notice)
    if notice["Type"] == notices.CONFIRMATIONS[0]:
        notices.confirm(notice)


def events(body: bytes) -> tuple[DeliveryEvent, ...]:
    """What a notice reports: an event for each recipient it names."""
    try:
        notice = json.loads(body)
        if notice["Type"] in notices.CONFIRMATIONS:
            return (_nothing(str(notice["MessageId"]), str(notice["Timestamp"])),)
        content: dict[str, Any] = json.loads(notice["Message"])
        kind = str(content.get("eventType") or content.get("notificationType") or "")
        if kind not in _KINDS:
            return (_nothing(str(notice["MessageId"]), str(notice["Timestamp"])),)
        return tuple(_events(kind, content))
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        raise ProviderRejected("this is not a notice of SES", provider=VENDOR) from None


def _notice(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not body.endswith(b"}"):
        raise SignatureInvalid("this is no notice", provider=VENDOR)
    return found


def _nothing(own: str, stamp: str) -> DeliveryEvent:
    return DeliveryEvent(_id(own), DeliveryKind.IGNORED, "", "", "", "", _moment(stamp))


def _events(kind: str, content: dict[str, Any]) -> Iterator[DeliveryEvent]:
    mail: dict[str, Any] = content["mail"]
    details: dict[str, Any] = content.get(_DETAILS[kind]) or {}
    stamp = str(details.get("timestamp") or mail["timestamp"])
    for recipient, reason in _recipients(kind, mail, details):
        yield DeliveryEvent(
            id=_id(f"{kind}\n{mail['messageId']}\n{recipient}\n{stamp}"),
            kind=_kind(kind, details),
            message_id=str(mail["messageId"]),
            key=_key_of(mail.get("tags")),
            recipient=recipient,
            reason=" ".join(reason.split())[:MOST_REASON],
            occurred_at=_moment(stamp),
        )


def _kind(kind: str, details: dict[str, Any]) -> DeliveryKind:
    """A transient bounce is one too: SES has given up."""
    if kind == "Complaint" and details.get("complaintFeedbackType") == "not-spam":
        return DeliveryKind.IGNORED
    return _KINDS[kind]


def _recipients(kind: str, mail: dict[str, Any], details: dict[str, Any]) -> list[tuple[str, str]]:
    """Who it happened to, and what was said."""
    named = {"Bounce": "bouncedRecipients", "Complaint": "complainedRecipients", "DeliveryDelay": "delayedRecipients"}
    if kind in named:
        said = str(details.get("delayType") or details.get("bounceType") or "")
        rows = details.get(named[kind]) or []
        return [(str(row["emailAddress"]), str(row.get("diagnosticCode") or said)) for row in rows]
    words = str(details.get("reason") or details.get("errorMessage") or "") if kind != "Open" else ""
    people = details.get("recipients") if kind == "Delivery" else mail.get("destination")
    return [(str(each), words) for each in people or [""]]


def _key_of(tags: Any) -> str:
    values = tags.get(TAG) if isinstance(tags, dict) else None
    return unpacked(values[0]) if isinstance(values, list) and values else ""


def _id(text: str) -> str:
    return "evt_" + hashlib.sha256(text.encode()).hexdigest()[:40]


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
