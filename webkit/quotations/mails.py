"""The mails of a quotation: link and reminder to the client, every answer to the agency, the acceptance to both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from webkit.core.kernel import events
from webkit.core.kernel.attachments import Attached
from webkit.core.kernel.frozen import Frozen
from webkit.messaging import service as messaging
from webkit.quotations.views import Delivery


def sent(document: Frozen, to: Delivery, url: str, reply_to: str, files: Sequence[Attached]) -> None:
    """The quotation to the client, with its PDF, its files and its link."""
    _tell_client("quotation_sent", document, to, url, reply_to, {"message": to.message}, attach=True, files=files)


def reminder(document: Frozen, to: Delivery, url: str, reply_to: str) -> None:
    """A word before validity ends, with the PDF once more."""
    _tell_client("quotation_reminder", document, to, url, reply_to, {}, attach=True)


def withdrawn(document: Frozen, to: Delivery, reply_to: str, reason: str) -> None:
    """That it no longer holds."""
    _tell_client("quotation_withdrawn", document, to, "", reply_to, {"text": reason}, attach=False)


def accepted(document: Frozen, to: Delivery, agency_email: str, url: str, page: str) -> None:
    """The acceptance with its PDF: to whoever was sent the quotation, and to the agency."""
    acceptance = document.snapshot["acceptance"]
    options = [each["name"] for each in document.snapshot["options"] if each["id"] in document.snapshot["chosen"]]
    more = {"accepted_by": acceptance["name"], "at": acceptance["at"], "options": options}
    _tell_client("quotation_accepted", document, to, url, agency_email, more, attach=True)
    _tell_agency("quotation_accepted_agency", document, agency_email, {**more, "url": page}, to.to_email)


def declined(document: Frozen, agency_email: str, reason: str, reply_to: str, page: str) -> None:
    """A no, with its reason if one was given, to the agency."""
    _tell_agency("quotation_declined", document, agency_email, {"text": reason, "url": page}, reply_to)


def changes_requested(document: Frozen, agency_email: str, notes: str, reply_to: str, page: str) -> None:
    """What should be different, to the agency."""
    _tell_agency("quotation_changes", document, agency_email, {"text": notes, "url": page}, reply_to)


def _tell_client(
    template: str,
    document: Frozen,
    to: Delivery,
    url: str,
    reply_to: str,
    more: dict[str, Any],
    *,
    attach: bool,
    files: Sequence[Attached] = (),
) -> None:
    if to.to_email:
        messaging.send(
            template,
            to.to_name,
            to.to_email,
            context={**_context(document), "url": url, "to_name": to.to_name, **more},
            subject=_subject(document),
            about=_about(document),
            attach=(document.id,) if attach else (),
            files=files,
            reply_to=reply_to or None,
            locale=document.locale,
        )


def _tell_agency(template: str, document: Frozen, to_email: str, more: dict[str, Any], reply_to: str) -> None:
    agency = document.snapshot["agency"]
    if to_email:
        messaging.send(
            template,
            agency["name"],
            to_email,
            context={**_context(document), **more},
            subject=_subject(document),
            about=_about(document),
            reply_to=reply_to or None,
            locale=agency["locale"],
        )


def _context(document: Frozen) -> dict[str, Any]:
    doc = document.snapshot
    return {
        "number": document.number,
        "title": doc["title"],
        "client_name": doc["client"]["name"],
        "site": doc["site"],
        "valid_until": doc["valid_until"],
        "currency": doc["currency"],
        "total": doc["priced"]["totals"]["payable"],
    }


def _subject(document: Frozen) -> str:
    return events.ref("quotation", document.document_id)


def _about(document: Frozen) -> tuple[str, ...]:
    return (events.ref("client", document.snapshot["client"]["id"]),)
