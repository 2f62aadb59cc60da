"""Writing mails: a row in the caller's transaction, everything else in a job."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from webkit.core.capabilities.email import EMAIL, OutboxMessage, ReadableOutbox
from webkit.core.capabilities.errors import NotFoundAtProvider
from webkit.core.kernel import i18n, outbox
from webkit.core.kernel.db import release, writes
from webkit.core.kernel.errors import Conflict, NotFound
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.runtime import current
from webkit.messaging import models
from webkit.messaging.models import Mail, MailState, PlatformMail

SEND, SEND_PLATFORM = "messaging.send", "messaging.send_platform"


@dataclass(frozen=True, slots=True)
class MailView:
    """A mail as staff see it. `can_repeat`: nobody knows whether it arrived, or it was refused."""

    id: UUID
    template: str
    to_name: str
    to_email: str
    subject_line: str
    subject: str
    state: MailState
    error: str
    created_at: datetime
    sent_at: datetime | None
    can_repeat: bool


@writes
def send(
    template: str,
    to_name: str,
    to_email: str,
    *,
    context: Mapping[str, Any],
    subject: str,
    about: Sequence[str] = (),
    attach: Sequence[UUID] = (),
    reply_to: str | None = None,
    locale: str | None = None,
) -> UUID:
    """Queue a mail about `subject` (an event subject). `templates/email/<template>/` gets the JSON `context` and the
    agency; frozen documents in `attach` go along as PDFs. Returns the mail's id.
    """
    mail = Mail(
        template=template,
        to_name=to_name,
        to_email=to_email,
        reply_to=reply_to or "",
        locale=locale or i18n.current_locale(),
        sealed=_seal(context),
        subject=subject,
        about=list(about),
        attach=[str(frozen_id) for frozen_id in attach],
    )
    mail_id = models.add(mail)
    outbox.add(SEND, mail_id=str(mail_id))
    return mail_id


@writes
def send_platform(
    template: str, to_name: str, to_email: str, *, context: Mapping[str, Any], locale: str | None = None
) -> UUID:
    """Queue a mail of the platform itself, outside any agency."""
    mail = PlatformMail(
        template=template,
        to_name=to_name,
        to_email=to_email,
        locale=locale or i18n.current_locale(),
        sealed=_seal(context),
    )
    mail_id = models.add(mail)
    outbox.add(SEND_PLATFORM, mail_id=str(mail_id))
    return mail_id


def mails(subject: str) -> list[MailView]:
    """The mails about one document, newest first."""
    return [_view(mail) for mail in models.of_subject(subject)]


def page(*, limit: int = 50, before: UUID | None = None) -> list[MailView]:
    """The agency's mails, newest first; `before` is the id to continue from."""
    return [_view(mail) for mail in models.page(limit, before)]


def get(mail_id: UUID) -> MailView:
    """One mail of the agency. Raises NotFound."""
    return _view(_mail(mail_id))


def content(mail_id: UUID) -> OutboxMessage | None:
    """The message as it left, where the mail provider keeps messages instead of sending them."""
    vendor_id = _mail(mail_id).vendor_id
    provider = current().registry.get(EMAIL)
    release()
    if not (vendor_id and isinstance(provider, ReadableOutbox)):
        return None
    try:
        return provider.read(vendor_id)
    except NotFoundAtProvider:  # sent by another provider, or cleared away
        return None


@writes
def send_again(mail_id: UUID) -> None:
    """Send a mail whose fate is unknown, or that was refused, once more because a person says so."""
    _mail(mail_id)
    if not models.move(Mail, mail_id, (MailState.UNCERTAIN, MailState.FAILED), state=MailState.QUEUED, error=""):
        raise Conflict(_("This mail is already on its way."))
    outbox.add(SEND, mail_id=str(mail_id))


def open_context(sealed: str) -> dict[str, Any]:
    """The context a mail was written with; empty once it has left."""
    context: dict[str, Any] = json.loads(current().keys.unseal(sealed)) if sealed else {}
    return context


def _seal(context: Mapping[str, Any]) -> str:
    return current().keys.seal(json.dumps(dict(context), ensure_ascii=False))


def _mail(mail_id: UUID) -> Mail:
    if (mail := models.mail(mail_id)) is None:
        raise NotFound(_("There is no such mail."))
    return mail


def _view(mail: Mail) -> MailView:
    return MailView(
        id=mail.id,
        template=mail.template,
        to_name=mail.to_name,
        to_email=mail.to_email,
        subject_line=mail.subject_line,
        subject=mail.subject,
        state=mail.state,
        error=mail.error,
        created_at=mail.created_at,
        sent_at=mail.sent_at,
        can_repeat=mail.state in (MailState.UNCERTAIN, MailState.FAILED) and bool(mail.sealed),
    )
