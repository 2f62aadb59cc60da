"""The mails of a proposal: the link to the client, every answer to the agency, the acceptance to both."""

from __future__ import annotations

from typing import Any

from webkit.core.kernel import events
from webkit.core.kernel.frozen import Frozen
from webkit.messaging import service as messaging
from webkit.proposals.views import Delivery


def sent(document: Frozen, delivery: Delivery, url: str, reply_to: str) -> None:
    """The proposal to the client, with its PDF and its link."""
    messaging.send(
        "proposal_sent",
        delivery.to_name,
        delivery.to_email,
        context={**_context(document, url), "to_name": delivery.to_name, "message": delivery.message},
        subject=_subject(document),
        about=_about(document),
        attach=(document.id,),
        reply_to=reply_to,
        locale=document.locale,
    )


def accepted(document: Frozen, client: Delivery, agency_email: str, url: str, sign_url: str) -> None:
    """The acceptance with its PDF: to whoever was sent the proposal, and to the agency."""
    acceptance = document.snapshot["acceptance"]
    context = {**_context(document, url), "accepted_by": acceptance["name"], "at": acceptance["at"]}
    options = [each["name"] for each in document.snapshot["options"] if each["id"] in document.snapshot["chosen"]]
    context |= {"options": options, "sign_url": sign_url, "to_name": client.to_name}
    if client.to_email:
        messaging.send(
            "proposal_accepted",
            client.to_name,
            client.to_email,
            context=context,
            subject=_subject(document),
            about=_about(document),
            attach=(document.id,),
            reply_to=agency_email,
            locale=document.locale,
        )
    _tell_agency("proposal_accepted_agency", document, agency_email, context, client.to_email)


def declined(document: Frozen, agency_email: str, reason: str, reply_to: str, page: str) -> None:
    """A no, with its reason if one was given, to the agency."""
    context = {**_context(document, page), "text": reason}
    _tell_agency("proposal_declined", document, agency_email, context, reply_to)


def changes_requested(document: Frozen, agency_email: str, notes: str, reply_to: str, page: str) -> None:
    """What should be different, to the agency."""
    context = {**_context(document, page), "text": notes}
    _tell_agency("proposal_changes", document, agency_email, context, reply_to)


def _tell_agency(template: str, document: Frozen, to_email: str, context: dict[str, Any], reply_to: str) -> None:
    agency = document.snapshot["agency"]
    if to_email:
        messaging.send(
            template,
            agency["name"],
            to_email,
            context=context,
            subject=_subject(document),
            about=_about(document),
            reply_to=reply_to or None,
            locale=agency["locale"],
        )


def _context(document: Frozen, url: str) -> dict[str, Any]:
    doc = document.snapshot
    totals = {name: doc["prices"]["chosen"][name]["totals"]["gross"] for name in ("once", "monthly")}
    return {
        "number": document.number,
        "title": doc["title"],
        "client_name": doc["client"]["name"],
        "author": doc["author"],
        "valid_until": doc["valid_until"],
        "currency": doc["currency"],
        "once": totals["once"],
        "monthly": totals["monthly"],
        "url": url,
    }


def _subject(document: Frozen) -> str:
    return events.ref("proposal", document.document_id)


def _about(document: Frozen) -> tuple[str, ...]:
    return (events.ref("client", document.snapshot["client"]["id"]),)
