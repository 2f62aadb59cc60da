"""Sending: render, mark as being sent, call the vendor, record what it said.

A vendor that knows no idempotency key gets each mail once. What a crash leaves in `sending` becomes `uncertain`,
is shown with "Send again", and is never sent again by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import render_template

from webkit.agencies import service as agencies
from webkit.core.capabilities.email import EMAIL, Address, Attachment, EmailFeature, EmailMessage
from webkit.core.capabilities.errors import OutcomeUnknown, ProviderError, ProviderRejected
from webkit.core.extensions import Job
from webkit.core.kernel import clock, events, frozen, i18n
from webkit.core.kernel.db import release, writes
from webkit.core.kernel.runtime import current
from webkit.messaging import models, service
from webkit.messaging.models import AnyMail, Mail, MailState, PlatformMail

OPEN = (MailState.QUEUED, MailState.SENDING)


@dataclass(frozen=True, slots=True)
class _Draft:
    """What a mail needs to be rendered, read in one go so that no transaction stays open."""

    kind: type[AnyMail]
    id: UUID
    key: str
    state: MailState
    template: str
    to: Address
    reply_to: str
    locale: str
    context: dict[str, Any]
    subject: str = ""
    about: tuple[str, ...] = ()
    attach: tuple[UUID, ...] = ()


def send(job: Job) -> None:
    """Deliver one mail of an agency."""
    mail = models.mail(UUID(job.args["mail_id"]))
    if mail is None or mail.state not in OPEN:
        return
    draft = _draft(mail, job, subject=mail.subject, about=tuple(mail.about), attach=tuple(map(UUID, mail.attach)))
    profile = agencies.profile()
    snapshot = agencies.agency_snapshot(profile)
    release()
    attachments = tuple(_attachment(frozen_id) for frozen_id in draft.attach)
    message = _render(draft, {**draft.context, "agency": snapshot}, snapshot["timezone"])
    sender_name, reply_to = snapshot["name"], draft.reply_to or snapshot.get("email") or ""
    _deliver(draft, message, sender_name=sender_name, reply_to=reply_to, attachments=attachments)


def send_platform(job: Job) -> None:
    """Deliver one mail of the platform."""
    mail = models.platform_mail(UUID(job.args["mail_id"]))
    if mail is None or mail.state not in OPEN:
        return
    draft = _draft(mail, job)
    release()
    message = _render(draft, {**draft.context, "agency": None}, "UTC")
    _deliver(draft, message, sender_name=current().settings.mail_from_name, reply_to="", attachments=())


def _draft(mail: AnyMail, job: Job, **more: Any) -> _Draft:
    return _Draft(
        kind=type(mail),
        id=mail.id,
        key=job.key,
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
    if draft.state == MailState.SENDING and not repeatable:
        _conclude(draft, MailState.UNCERTAIN, error="The sending was interrupted.")
        return
    # Of two attempts that both found it queued only one gets past here, unless the vendor knows the key.
    expected = OPEN if repeatable else (MailState.QUEUED,)
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
        _conclude(draft, MailState.FAILED, error=str(error))
    except ProviderError:
        # Nothing left the house: no connection, or a key that is wrong.
        _mark(draft, (MailState.SENDING,), state=MailState.QUEUED)
        raise
    else:
        _conclude(draft, MailState.SENT, vendor_id=receipt.id, sealed="", sent_at=clock.now(), error="")


@writes
def _mark(draft: _Draft, expected: tuple[MailState, ...], **values: Any) -> bool:
    return models.move(draft.kind, draft.id, expected, **values)


@writes
def _conclude(draft: _Draft, state: MailState, **values: Any) -> None:
    """Record the outcome, and for an agency's mail say it in the history of what it was about.

    A receipt that comes late overrules the doubt of a later attempt. Nobody repeats a mail of the platform: what its
    links open is forgotten with every outcome.
    """
    expected = (*OPEN, MailState.UNCERTAIN) if state == MailState.SENT else OPEN
    if draft.kind is PlatformMail:
        values["sealed"] = ""
    moved = models.move(draft.kind, draft.id, expected, state=state, **values)
    if moved and draft.kind is Mail:
        events.record(
            f"mail.{state.value}",
            draft.subject,
            {"actor": "system", "mail": str(draft.id), "template": draft.template},
            personal={"to_name": draft.to.name, "to_email": draft.to.email},
            about=draft.about,
        )
