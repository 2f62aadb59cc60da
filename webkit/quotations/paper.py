"""The public page of a document, put together from its snapshot: for the client and for the preview."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from webkit.core.kernel.forms import FormState
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.money import format_money
from webkit.quotations import snapshot
from webkit.quotations.pages import PublicPage


def paper(
    doc: snapshot.Doc,
    chosen: Collection[str] | None = None,
    *,
    word: str = "sent",
    preview: bool = False,
    seen: UUID | None = None,
    verify_code: str = "",
    form: FormState | None = None,
    answer: str = "accept",
    problem: str = "",
    answered_at: datetime | None = None,
    pdf_url: str | None = None,
) -> PublicPage:
    """The page with these options; without any given, with those that staff ticked."""
    choice = snapshot.choice_of(doc, doc["chosen"] if chosen is None else chosen)
    return PublicPage(
        doc=doc,
        contents=_contents(doc),
        word=word,
        open=word == "sent" and not preview,
        preview=preview,
        seen=seen,
        chosen=choice.chosen,
        rows=choice.rows,
        total=choice.total,
        amount=format_money(choice.total, doc["currency"]),
        tax_note=snapshot.tax_note(choice.priced),
        option_names=snapshot.option_names(doc, choice.chosen),
        consent=snapshot.consent(doc),
        verify_code=verify_code,
        form=form,
        answer=answer,
        problem=problem,
        answered_at=answered_at,
        pdf_url=pdf_url,
        sender=_sender(doc["agency"]),
        lang=doc["language"],
    )


def _contents(doc: snapshot.Doc) -> list[tuple[str, str]]:
    """The sections that say something, in order, with their headings."""
    told = [(f"part-{at}", section["title"]) for at, section in enumerate(doc["sections"], 1)]
    if doc["options"] and not doc["acceptance"]:
        told.append(("options", _("Choose what goes in")))
    told.append(("price", _("What it costs")))
    if doc["notes"]:
        told.append(("notes", _("Good to know")))
    if doc.get("attachments"):
        told.append(("files", _("Files")))
    if doc["terms"]:
        told.append(("terms", _("Terms")))
    return told


def _sender(agency: dict[str, Any]) -> dict[str, Any]:
    lines = [*agency["lines"], agency["tax_id"]]
    return {
        "name": agency["legal_name"] or agency["name"],
        "lines": [line for line in lines if line],
        "contacts": [contact for contact in (agency["email"], agency["phone"]) if contact],
    }
