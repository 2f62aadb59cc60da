"""Writing mails: a row in the caller's transaction, everything else in a job."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from webkit.core.capabilities.email import EMAIL, OutboxMessage, ReadableOutbox
from webkit.core.capabilities.errors import NotFoundAtProvider
from webkit.core.kernel import clock, i18n, outbox, sealed, tenancy, vendors
from webkit.core.kernel.attachments import Attached
from webkit.core.kernel.db import release, writes
from webkit.core.kernel.errors import Conflict, NotFound
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.runtime import current
from webkit.core.values import dataclass
from webkit.messaging import models
from webkit.messaging.models import Mail, PlatformMail
from webkit.messaging.models import MailState as MailState

SEND, SEND_AWAITED, SEND_PLATFORM = "messaging.send", "messaging.send_awaited", "messaging.send_platform"
AWAITED = frozenset({"signing_code"})
"""Mails for which somebody waits with the page open: they do not queue behind the others."""
REPEATABLE = (MailState.UNCERTAIN, MailState.FAILED)


@dataclass(frozen=True, slots=True)
class MailView:
    """A mail as staff see it. `error` is why it failed, or why it still waits; `can_repeat`: it may be sent again.

    `provider` is who has it, `tried` who was asked before and why they have not. `reported_at` is when what its state
    says happened at the other end; `handled` says that somebody has seen to it.
    """

    id: UUID
    template: str
    to_name: str
    to_email: str
    subject_line: str
    subject: str
    state: MailState
    error: str
    provider: str
    tried: tuple[tuple[str, str], ...]
    created_at: datetime
    sent_at: datetime | None
    delayed_at: datetime | None
    reported_at: datetime | None
    can_repeat: bool
    troubled: bool
    handled: bool

    @property
    def at(self) -> datetime:
        """When it came into its state."""
        return self.reported_at or self.sent_at or self.created_at


@dataclass(frozen=True, slots=True)
class AddressWarning:
    """The last mail to an address came back, or was called spam."""

    address: str
    state: MailState
    reason: str
    at: datetime


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
    files: Sequence[Attached] = (),
    reply_to: str | None = None,
    locale: str | None = None,
) -> UUID:
    """Queue a mail about `subject` (an event subject). `templates/email/<template>/` gets the JSON `context` and the
    agency; frozen documents in `attach` go along as PDFs, and `files` as they are. Returns the mail's id.
    """
    mail_id = models.add(
        Mail,
        template=template,
        to_name=to_name,
        to_email=to_email,
        address=_address(to_email),
        reply_to=reply_to or "",
        locale=locale or i18n.current_locale(),
        sealed=_seal(Mail, tenancy.agency_id(), context),
        subject=subject,
        about=list(about),
        attach=[*(str(frozen_id) for frozen_id in attach), *(file.to_dict() for file in files)],
    )
    outbox.add(SEND_AWAITED if template in AWAITED else SEND, mail_id=str(mail_id))
    return mail_id


@writes
def send_platform(
    template: str, to_name: str, to_email: str, *, context: Mapping[str, Any], locale: str | None = None
) -> UUID:
    """Queue a mail of the platform itself, outside any agency."""
    mail_id = models.add(
        PlatformMail,
        template=template,
        to_name=to_name,
        to_email=to_email,
        locale=locale or i18n.current_locale(),
        sealed=_seal(PlatformMail, None, context),
    )
    outbox.add(SEND_PLATFORM, mail_id=str(mail_id))
    return mail_id


def mails(subject: str) -> list[MailView]:
    """The mails about one document, newest first."""
    return [_view(mail) for mail in models.of_subject(subject)]


def page(*, limit: int = 50, before: UUID | None = None) -> list[MailView]:
    """The agency's mails, newest first; `before` is the id to continue from."""
    return [_view(mail) for mail in models.page(limit, before)]


def returned(*, limit: int = 50, before: UUID | None = None) -> list[MailView]:
    """Mails that came back or were called spam, newest first."""
    return [_view(mail) for mail in models.page(limit, before, models.RETURNED)]


def troubled(*, limit: int = 50, before: UUID | None = None) -> list[MailView]:
    """Mails that did not arrive, or may not have, and that nobody has seen to."""
    return [_view(mail) for mail in models.page(limit, before, models.TROUBLES, unhandled=True)]


def warning(email: str | None) -> AddressWarning | None:
    """What to know before writing to an address: that the last mail of which anything is known did not get through."""
    mail = models.last_known(_address(email)) if email else None
    if mail is None or mail.state == MailState.DELIVERED:
        return None
    return AddressWarning(mail.to_email, mail.state, mail.error, mail.reported_at or mail.created_at)


@writes
def put_away(mail_id: UUID) -> None:
    """Note that somebody has seen to a mail that did not arrive."""
    _mail(mail_id)
    models.put_away(mail_id, clock.now())


def get(mail_id: UUID) -> MailView:
    """One mail of the agency. Raises NotFound."""
    return _view(_mail(mail_id))


def content(mail_id: UUID) -> OutboxMessage | None:
    """The message as it left, where the mail provider keeps messages instead of sending them."""
    mail = _mail(mail_id)
    vendor_id, vendor = mail.vendor_id, vendors.find_keeper(EMAIL, mail.account_id, mail.provider)
    provider: object = vendor.connect() if vendor else None
    release()
    if not (vendor_id and isinstance(provider, ReadableOutbox)):
        return None
    try:
        return provider.read(vendor_id)
    except NotFoundAtProvider:  # sent by another provider, or cleared away
        return None


def kept_here() -> bool:
    """Whether mail is kept in a folder instead of being sent."""
    vendor = vendors.chosen(EMAIL)
    return isinstance(vendor.connect(), ReadableOutbox)


@writes
def send_again(mail_id: UUID) -> None:
    """Send a mail whose fate is unknown, or that was refused, once more because a person says so."""
    mail = _mail(mail_id)
    fresh: dict[str, Any] = {"state": MailState.QUEUED, "error": "", "sending": mail.sending + 1, "handled_at": None}
    if not mail.sealed or not models.move(Mail, mail_id, REPEATABLE, nth=mail.sending, **fresh):
        raise Conflict(_("This mail is already on its way."))
    outbox.add(SEND, mail_id=str(mail_id))


def open_context(mail: Mail | PlatformMail) -> dict[str, Any]:
    """The context a mail was written with; empty once it has left."""
    whose = mail.agency_id if isinstance(mail, Mail) else None
    context: dict[str, Any] = json.loads(sealed.unseal(f"{mail.__tablename__}.sealed", whose, mail.sealed) or "{}")
    return context


def _address(email: str) -> str:
    return email.strip().casefold()[:255]


def _seal(kind: type[Mail | PlatformMail], whose: UUID | None, context: Mapping[str, Any]) -> str:
    return sealed.seal(f"{kind.__tablename__}.sealed", whose, json.dumps(dict(context), ensure_ascii=False))


def _mail(mail_id: UUID) -> Mail:
    if (mail := models.mail(mail_id)) is None:
        raise NotFound(_("There is no such mail."))
    return mail


def _provider(mail: Mail) -> str:
    """Who has it, in words."""
    spec = current().registry.named(EMAIL, mail.provider)
    return spec.label if spec else mail.provider


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
        provider=_provider(mail),
        tried=tuple((each["provider"], each["error"]) for each in mail.tried or ()),
        created_at=mail.created_at,
        sent_at=mail.sent_at,
        delayed_at=mail.delayed_at,
        reported_at=mail.reported_at,
        can_repeat=mail.state in REPEATABLE and bool(mail.sealed),
        troubled=mail.state in models.TROUBLES,
        handled=mail.handled_at is not None,
    )
