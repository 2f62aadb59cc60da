"""Sending: render, hand over to a vendor, and say on the mail when nothing is tried any more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import render_template

from webkit.agencies import service as agencies
from webkit.core.capabilities.email import Address, Attachment, EmailMessage
from webkit.core.extensions import Job
from webkit.core.kernel import attachments, entitlements, frozen, i18n, outbox
from webkit.core.kernel.attachments import Attached
from webkit.core.kernel.db import release, writes
from webkit.core.kernel.entitlements import Feature
from webkit.core.kernel.outbox import PutBack
from webkit.core.kernel.runtime import current
from webkit.messaging import fate, handing, models, service
from webkit.messaging.handing import Draft
from webkit.messaging.models import AnyMail, MailState

HELD = timedelta(hours=1)
"""How long a mail of a closed agency waits before it is looked at again."""
NO_MAIL = "The tier of the agency has no sending by e-mail. Hand the link over yourself."


def send(job: Job) -> None:
    """Deliver one mail of an agency."""
    mail = models.mail(UUID(job.args["mail_id"]))
    if mail is None or mail.state not in handing.TO_DO or not mail.sealed:
        return
    if agencies.here().closed:  # its links open nothing meanwhile
        raise PutBack(HELD)
    draft = _draft(mail, attach=tuple(map(_stored, mail.attach)))
    if not _may_go(draft):
        _give_up(draft, NO_MAIL)
        return
    with _last_words(draft, job):
        _send(draft)


def _may_go(draft: Draft) -> bool:
    """What a tier without e-mail still sends: codes somebody waits for, and what the agency itself is told."""
    if entitlements.has(Feature.EMAIL_DELIVERY) or draft.template in service.AWAITED:
        return True
    return draft.to.email == agencies.profile().email


def send_platform(job: Job) -> None:
    """Deliver one mail of the platform."""
    mail = models.platform_mail(UUID(job.args["mail_id"]))
    if mail is None or mail.state not in handing.TO_DO or not mail.sealed:
        return
    draft = _draft(mail)
    with _last_words(draft, job):
        _send_platform(draft)


@contextmanager
def _last_words(draft: Draft, job: Job) -> Iterator[None]:
    """When the job gives up, the mail says so: staff see why, and may send it again."""
    try:
        yield
    except Exception as error:
        if outbox.gives_up(job, error):
            _give_up(draft, handing.words(error))
        raise


def _send(draft: Draft) -> None:
    links = handing.links(draft)
    profile = agencies.profile()
    snapshot = agencies.agency_snapshot(profile)
    release()
    files = tuple(map(_attachment, draft.attach))
    message = _render(draft, {**draft.context, "agency": snapshot}, snapshot["timezone"])
    sender_name, reply_to = snapshot["name"], draft.reply_to or snapshot.get("email") or ""
    letter = _letter(draft, message, sender_name, reply_to, files)
    handing.deliver(draft, links, letter)


def _send_platform(draft: Draft) -> None:
    links = handing.links(draft)
    release()
    message = _render(draft, {**draft.context, "agency": None}, "UTC")
    handing.deliver(draft, links, _letter(draft, message, current().settings.mail_from_name))


def _draft(mail: AnyMail, **more: Any) -> Draft:
    return Draft(
        kind=type(mail),
        id=mail.id,
        key=fate.key(mail),
        sending=mail.sending,
        state=mail.state,
        template=mail.template,
        to=Address(mail.to_email, mail.to_name),
        reply_to=mail.reply_to,
        locale=mail.locale,
        context=service.open_context(mail),
        provider=mail.provider,
        account_id=mail.account_id,
        **more,
    )


def _stored(what: Any) -> UUID | Attached:
    return UUID(what) if isinstance(what, str) else Attached.from_dict(what)


def _attachment(what: UUID | Attached) -> Attachment:
    if isinstance(what, Attached):
        return Attachment(filename=what.name, content_type=what.content_type, content=attachments.content(what))
    content = frozen.ensure_pdf(what)
    name = frozen.get(what).filename
    release()
    return Attachment(filename=name, content_type="application/pdf", content=content)


def _render(draft: Draft, context: dict[str, Any], timezone: str) -> dict[str, str]:
    folder = f"email/{draft.template}"
    with i18n.use_locale(draft.locale, timezone):
        subject = " ".join(render_template(f"{folder}/subject.txt", **context).split())
        return {
            "subject": subject[:200],
            "text": render_template(f"{folder}/body.txt", subject=subject, **context),
            "html": render_template(f"{folder}/body.html", subject=subject, **context),
        }


def _letter(
    draft: Draft,
    message: dict[str, str],
    sender_name: str,
    reply_to: str = "",
    attachments: tuple[Attachment, ...] = (),
) -> EmailMessage:
    return EmailMessage(
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


@writes
def _give_up(draft: Draft, error: str) -> None:
    """Nothing is tried again by itself. What is still marked as being sent may have left."""
    if (mail := handing.this_sending(draft)) is not None:
        state = MailState.UNCERTAIN if mail.state == MailState.SENDING else MailState.FAILED
        fate.advance(mail, state, handing.OPEN, error=error)
