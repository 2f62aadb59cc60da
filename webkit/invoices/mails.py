"""The mails of an invoice: itself, and the receipt to both sides once it is paid."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from webkit.core.kernel import events
from webkit.core.kernel.attachments import Attached
from webkit.core.kernel.frozen import Frozen
from webkit.core.kernel.runtime import current
from webkit.messaging import service as messaging


def send_invoice(
    content: dict[str, Any], frozen_id: UUID, url: str, *, locale: str, files: Sequence[Attached] = ()
) -> None:
    """Send an issued invoice to the client, with its PDF, its files and its link."""
    client = content["client"]
    messaging.send(
        "invoice_sent",
        client["contact_name"] or client["name"],
        client["email"],
        context=_context(content, url),
        subject=events.ref("invoice", content["id"]),
        about=(events.ref("client", client["id"]),),
        attach=(frozen_id,),
        files=files,
        locale=locale,
    )


def send_reminder(document: Frozen, url: str, *, amount_minor: int, day: str, late: bool, words: str = "") -> None:
    """Remind the client of what is due, and since when or until when; what the agency itself says stands first."""
    content = document.snapshot
    client = content["client"]
    messaging.send(
        "invoice_reminder", client["contact_name"] or client["name"], client["email"],
        context={**_context(content, url), "amount": amount_minor, "day": day, "late": late, "words": words},
        subject=events.ref("invoice", document.document_id), about=(events.ref("client", client["id"]),),
        attach=(document.id,), locale=document.locale,
    )  # fmt: skip


def send_pro_forma(content: dict[str, Any], frozen_id: UUID, *, locale: str) -> None:
    """Send a pro-forma to the client, with its PDF."""
    client = content["client"]
    messaging.send(
        "pro_forma_sent", client["contact_name"] or client["name"], client["email"],
        context=_context(content, ""), subject=events.ref("invoice", content["invoice"]),
        about=(events.ref("client", client["id"]),), attach=(frozen_id,), locale=locale,
    )  # fmt: skip


def send_credit_note(content: dict[str, Any], frozen_id: UUID, *, locale: str) -> None:
    """Send a credit note to the client, with its PDF."""
    client, invoice = content["client"], content["invoice"]
    messaging.send(
        "credit_note_sent",
        client["contact_name"] or client["name"],
        client["email"],
        context={
            "number": content["number"],
            "title": content["title"],
            "client": client,
            "reason": content["reason"],
            "total": content["priced"]["totals"]["payable"],
            "currency": content["currency"],
            "invoice": invoice["number"],
            "paid": invoice["paid"],
        },
        subject=events.ref("invoice", invoice["id"]),
        about=(events.ref("client", client["id"]),),
        attach=(frozen_id,),
        locale=locale,
    )


def send_receipts(document: Frozen, url: str, at: datetime) -> None:
    """Tell both sides that the money is there."""
    content = document.snapshot
    client, agency = content["client"], content["agency"]
    context = {**_context(content, url), "paid_at": at.isoformat()}
    about = (events.ref("client", client["id"]),)
    subject = events.ref("invoice", document.document_id)
    client_name = client["contact_name"] or client["name"]
    messaging.send(
        "receipt", client_name, client["email"], context=context, subject=subject, about=about,
        attach=(document.id,), locale=document.locale,
    )  # fmt: skip
    if agency["email"]:
        messaging.send(
            "payment_received", agency["name"], agency["email"], context=context, subject=subject, about=about,
            locale=agency["locale"],
        )  # fmt: skip


def send_to_client(template: str, document: Frozen, url: str, amount_minor: int) -> None:
    """Tell the client what became of a payment of theirs."""
    content = document.snapshot
    client = content["client"]
    messaging.send(
        template, client["contact_name"] or client["name"], client["email"],
        context={**_context(content, url), "amount": amount_minor},
        subject=events.ref("invoice", document.document_id), about=(events.ref("client", client["id"]),),
        locale=document.locale,
    )  # fmt: skip


def send_trouble(document: Frozen, what: str, amount_minor: int) -> None:
    """Tell the agency about money that needs somebody's eye."""
    content = document.snapshot
    client, agency = content["client"], content["agency"]
    if not agency["email"]:
        return
    page = f"{current().settings.base_url}/{agency['slug']}/invoices/{document.document_id}"
    messaging.send(
        "payment_trouble", agency["name"], agency["email"],
        context={**_context(content, page), "amount": amount_minor, "what": what},
        subject=events.ref("invoice", document.document_id), about=(events.ref("client", client["id"]),),
        locale=agency["locale"],
    )  # fmt: skip


def _context(content: dict[str, Any], url: str) -> dict[str, Any]:
    parts = content.get("instalments") or ()
    return {
        "number": content["number"],
        "title": content["title"],
        "client": content["client"],
        "total": content["priced"]["totals"]["payable"],
        "currency": content["currency"],
        "due_date": content["due_date"],
        "first": parts[0]["amount"] if parts else content["priced"]["totals"]["payable"],
        "parts": len(parts),
        "kind": content["kind"],
        "url": url,
    }
