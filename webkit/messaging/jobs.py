"""Sending: render, mark as being sent, call the vendor, record what it said.

A vendor that knows no idempotency key gets each mail once. What a crash leaves in `sending` becomes `uncertain`,
is shown with "Send again", and is never sent again by itself. The last attempt that fails says so on the mail.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import render_template

from webkit.agencies import service as agencies
from webkit.core.capabilities.email import EMAIL, Address, Attachment, EmailFeature, EmailMessage
from webkit.core.capabilities.errors import OutcomeUnknown, ProviderError, ProviderRejected
from webkit.core.extensions import Job
from webkit.core.kernel import clock, frozen, i18n, outbox
from webkit.core.kernel.db import release, writes
from webkit.core.kernel.errors import DomainError
from webkit.core.kernel.logging import scrub
from webkit.core.kernel.runtime import current
from webkit.messaging import fate, models, service
from webkit.messaging.models import AnyMail, Mail, MailState

OPEN = (MailState.QUEUED, MailState.SENDING)
TO_DO = (*OPEN, MailState.FAILED)
"""A job finds its own mail failed only when an operator gave it a fresh start."""


@dataclass(frozen=True, slots=True)
class _Draft:
    """What a mail needs to be rendered, read in one go so that no transaction stays open."""

    kind: type[AnyMail]
    id: UUID
    key: str
    sending: int
    state: MailState
    template: str
    to: Address
    reply_to: str
    locale: str
    context: dict[str, Any]
    attach: tuple[UUID, ...] = ()

    @property
    def doubtful(self) -> bool:
        """An attempt before this one may have sent it."""
        return self.state == MailState.SENDING


def send(job: Job) -> None:
    """Deliver one mail of an agency."""
    mail = models.mail(UUID(job.args["mail_id"]))
    if mail is None or mail.state not in TO_DO or not mail.sealed:
        return
    draft = _draft(mail, attach=tuple(map(UUID, mail.attach)))
    with _last_words(draft, job):
        _send(draft)


def send_platform(job: Job) -> None:
    """Deliver one mail of the platform."""
    mail = models.platform_mail(UUID(job.args["mail_id"]))
    if mail is None or mail.state not in TO_DO or not mail.sealed:
        return
    draft = _draft(mail)
    with _last_words(draft, job):
        _send_platform(draft)


@contextmanager
def _last_words(draft: _Draft, job: Job) -> Iterator[None]:
    """When the job gives up, the mail says so: staff see why, and may send it again."""
    try:
        yield
    except Exception as error:
        if outbox.gives_up(job, error):
            _give_up(draft, _words(error))
        raise


def _words(error: Exception) -> str:
    text = str(error) if isinstance(error, ProviderError | DomainError) else f"{type(error).__name__}: {error}"
    return scrub(text)[:500]


def _send(draft: _Draft) -> None:
    profile = agencies.profile()
    snapshot = agencies.agency_snapshot(profile)
    release()
    attachments = tuple(_attachment(frozen_id) for frozen_id in draft.attach)
    message = _render(draft, {**draft.context, "agency": snapshot}, snapshot["timezone"])
    sender_name, reply_to = snapshot["name"], draft.reply_to or snapshot.get("email") or ""
    _deliver(draft, message, sender_name=sender_name, reply_to=reply_to, attachments=attachments)


def _send_platform(draft: _Draft) -> None:
    release()
    message = _render(draft, {**draft.context, "agency": None}, "UTC")
    _deliver(draft, message, sender_name=current().settings.mail_from_name, reply_to="", attachments=())


def _draft(mail: AnyMail, **more: Any) -> _Draft:
    return _Draft(
        kind=type(mail),
        id=mail.id,
        key=fate.key(mail),
        sending=mail.sending,
        state=mail.state,
        template=mail.template,
        to=Address(mail.to_email, mail.to_name),
        reply_to=mail.reply_to,
        locale=mail.locale,
        context=service.open_context(mail.sealed),
        **more,
    )


def _attachment(frozen_id: UUID) -> Attachment:
    content = frozen.ensure_pdf(frozen_id)
    name = frozen.get(frozen_id).filename
    release()
    return Attachment(filename=name, content_type="application/pdf", content=content)


def _render(draft: _Draft, context: dict[str, Any], timezone: str) -> dict[str, str]:
    folder = f"email/{draft.template}"
    with i18n.use_locale(draft.locale, timezone):
        subject = " ".join(render_template(f"{folder}/subject.txt", **context).split())
        return {
            "subject": subject[:200],
            "text": render_template(f"{folder}/body.txt", subject=subject, **context),
            "html": render_template(f"{folder}/body.html", subject=subject, **context),
        }


def _deliver(
    draft: _Draft, message: dict[str, str], *, sender_name: str, reply_to: str, attachments: tuple[Attachment, ...]
) -> None:
    repeatable = EmailFeature.IDEMPOTENT in current().registry.features(EMAIL)
    if draft.doubtful and not repeatable:
        _conclude(draft, MailState.UNCERTAIN, error="The sending was interrupted.")
        return
    # Of two attempts that both found it queued only one gets past here, unless the vendor knows the key.
    expected = TO_DO if repeatable else (MailState.QUEUED, MailState.FAILED)
    if not _mark(draft, expected, state=MailState.SENDING, subject_line=message["subject"]):
        return
    try:
        receipt = (
            current()
            .registry.get(EMAIL)
            .send(
                EmailMessage(
                    sender=current().settings.mail_from,
                    sender_name=sender_name,
                    to=(draft.to,),
                    reply_to=reply_to,
                    key=draft.key,
                    attachments=attachments,
                    subject=message["subject"],
                    text=message["text"],
                    html=message["html"],
                )
            )
        )
    except OutcomeUnknown as error:
        if repeatable:
            raise
        _conclude(draft, MailState.UNCERTAIN, error=str(error))
    except ProviderRejected as error:
        _conclude(draft, MailState.UNCERTAIN if draft.doubtful else MailState.FAILED, error=_words(error))
    except ProviderError as error:
        # Nothing left the house this time: no connection, or a key that is wrong. An older doubt stays.
        state = MailState.SENDING if draft.doubtful else MailState.QUEUED
        _mark(draft, (MailState.SENDING,), state=state, error=_words(error))
        raise
    else:
        _conclude(draft, MailState.ACCEPTED, vendor_id=receipt.id, sealed="", sent_at=clock.now(), error="")


@writes
def _mark(draft: _Draft, expected: tuple[MailState, ...], **values: Any) -> bool:
    return models.move(draft.kind, draft.id, expected, nth=draft.sending, **values)


@writes
def _conclude(draft: _Draft, state: MailState, **values: Any) -> None:
    """Record the outcome of an attempt. A receipt that comes late overrules the doubt of a later attempt."""
    if (mail := _this_sending(draft)) is not None:
        expected = models.before(state) if state == MailState.ACCEPTED else OPEN
        fate.advance(mail, state, expected, **values)


@writes
def _give_up(draft: _Draft, error: str) -> None:
    """Nothing is tried again by itself. What is still marked as being sent may have left."""
    if (mail := _this_sending(draft)) is not None:
        state = MailState.UNCERTAIN if mail.state == MailState.SENDING else MailState.FAILED
        fate.advance(mail, state, OPEN, error=error)


def _this_sending(draft: _Draft) -> AnyMail | None:
    mail = models.mail(draft.id) if draft.kind is Mail else models.platform_mail(draft.id)
    return mail if mail is not None and mail.sending == draft.sending else None
