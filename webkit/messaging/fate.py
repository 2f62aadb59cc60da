"""What becomes of a mail: our own steps and the vendor's reports, which arrive late, twice and in any order.

Every step is a conditional update that only goes forward, so the order of arrival does not matter. A report finds its
mail by the key it was sent with, also when it is faster than the transaction that records the vendor's receipt.
"""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from webkit.core.capabilities.email import DeliveryEvent, DeliveryKind
from webkit.core.extensions import Delivery
from webkit.core.kernel import events
from webkit.core.kernel.db import writes
from webkit.messaging import models
from webkit.messaging.models import AnyMail, Mail, MailState, PlatformMail

_KEY = re.compile(r"mail-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})-([0-9]{1,6})")
_STATES = {
    DeliveryKind.ACCEPTED: MailState.ACCEPTED,
    DeliveryKind.FAILED: MailState.FAILED,
    DeliveryKind.DELIVERED: MailState.DELIVERED,
    DeliveryKind.OPENED: MailState.DELIVERED,
    DeliveryKind.BOUNCED: MailState.BOUNCED,
    DeliveryKind.COMPLAINED: MailState.COMPLAINED,
}
_EVENTS = {
    MailState.ACCEPTED: "mail.sent",
    MailState.UNCERTAIN: "mail.uncertain",
    MailState.FAILED: "mail.failed",
    MailState.BOUNCED: "mail.bounced",
    MailState.COMPLAINED: "mail.complained",
}


def key(mail: AnyMail) -> str:
    """The idempotency key of a mail: the same for every attempt, another one when a person has it sent again."""
    return f"mail-{mail.id}-{mail.sending}"


def agency_of(delivery: Delivery) -> UUID | None:
    """Whose mail a report at the platform's endpoint is about."""
    named = _named(delivery.event)
    return models.agency_of(named[0]) if named else None


@writes
def apply(delivery: Delivery) -> None:
    """Take one report of the vendor. Foreign mail, earlier sendings and what is known already change nothing."""
    event, named = delivery.event, _named(delivery.event)
    if not isinstance(event, DeliveryEvent) or named is None:
        return
    mail = models.mail(named[0]) or models.platform_mail(named[0])
    if mail is None or mail.sending != named[1] or mail.account_id != delivery.account:
        return
    if event.kind is DeliveryKind.DELAYED:
        late: dict[str, Any] = {"delayed_at": event.occurred_at, "error": event.reason}
        _take(mail, event, MailState.ACCEPTED)
        models.move(type(mail), named[0], (MailState.ACCEPTED,), nth=named[1], **late)
    elif state := _STATES.get(event.kind):
        _take(mail, event, MailState.ACCEPTED)
        _take(mail, event, state)


def _named(event: object) -> tuple[UUID, int] | None:
    """The mail and the number of its sending, from a key of ours."""
    match = _KEY.fullmatch(event.key) if isinstance(event, DeliveryEvent) else None
    return (UUID(match[1]), int(match[2])) if match else None


def _take(mail: AnyMail, event: DeliveryEvent, state: MailState) -> None:
    if state is MailState.ACCEPTED:
        values: dict[str, Any] = {"vendor_id": event.message_id, "sent_at": event.occurred_at}
    else:
        values = {"reported_at": event.occurred_at}
    advance(mail, state, models.before(state), sealed="", error=event.reason, **values)


def advance(mail: AnyMail, state: MailState, expected: tuple[MailState, ...], **values: Any) -> bool:
    """Move a mail on and say it in the history of what it was about; False when it changes nothing. Inside a write.

    Nobody repeats a mail of the platform: what its links open is forgotten with every outcome.
    """
    if isinstance(mail, PlatformMail):
        values["sealed"] = ""
    moved = models.move(type(mail), mail.id, expected, nth=mail.sending, state=state, **values)
    provider = str(values.get("provider", mail.provider))
    if moved and isinstance(mail, Mail) and state in _EVENTS:
        events.record(
            _EVENTS[state],
            mail.subject,
            {"actor": "system", "mail": str(mail.id), "template": mail.template, "provider": provider},
            personal={"to_name": mail.to_name, "to_email": mail.to_email, "reason": str(values.get("error", ""))},
            about=tuple(mail.about),
        )
    return moved
