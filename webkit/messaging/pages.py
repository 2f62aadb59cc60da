"""What the mail pages show."""

from __future__ import annotations

from webkit.core.capabilities.email import OutboxMessage
from webkit.core.values import dataclass
from webkit.messaging.service import MailView


@dataclass(frozen=True, slots=True)
class MailListPage:
    """`view` is "all", "returned" or "troubled"."""

    view: str
    mails: list[MailView]
    older: str | None
    kept_here: bool


@dataclass(frozen=True, slots=True)
class MailPage:
    mail: MailView
    content: OutboxMessage | None
