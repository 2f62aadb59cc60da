"""The public page of a document, put together from its snapshot: for the client and for the preview."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from webkit.core.kernel.forms import FormState
from webkit.core.kernel.i18n import gettext as _
from webkit.proposals import bills, snapshot
from webkit.proposals.contents import SECTIONS, Weight, weight_word
from webkit.proposals.pages import PublicPage


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
    sign_url: str | None = None,
    pdf_url: str | None = None,
) -> PublicPage:
    """The page with these options; without any given, with those that staff ticked."""
    choice = snapshot.choice_of(doc, doc["chosen"] if chosen is None else chosen)
    taxed = next((priced for priced in choice.prices.by_interval().values() if priced.totals.tax), None)
    return PublicPage(
        doc=doc,
        contents=_contents(doc),
        issues=[_issue(each) for each in doc["contents"]["issues"]],
        standards=[(each["title"], each["text"]) for each in doc["contents"].get("standards", ())],
        pages=[_page(each) for each in doc["contents"]["pages"]],
        audit=doc.get("audit"),  # older documents have none
        steps=[(each["title"], each["text"]) for each in doc["contents"]["steps"]],
        word=word,
        open=word == "sent" and not preview,
        preview=preview,
        seen=seen,
        chosen=choice.chosen,
        bills=choice.bills,
        amounts=choice.amounts,
        tax_note=bills.tax_note(taxed) if taxed else "",
        option_names=snapshot.option_names(doc, choice.chosen),
        amount=snapshot.amount_text(choice, doc["currency"]),
        consent=snapshot.consent(doc),
        verify_code=verify_code,
        form=form,
        answer=answer,
        problem=problem,
        answered_at=answered_at,
        sign_url=sign_url,
        pdf_url=pdf_url,
        sender=_sender(doc["agency"]),
        lang=doc["language"],
    )


def _issue(issue: dict[str, Any]) -> dict[str, str]:
    tone = {Weight.HIGH: "bad", Weight.MEDIUM: "wait", Weight.LOW: ""}[Weight(issue["weight"])]
    word = weight_word(issue["weight"])
    return {"word": word, "tone": tone, "title": issue["title"], "text": issue["text"], "fix": issue["fix"]}


def _page(page: dict[str, Any]) -> tuple[str, str]:
    return page["name"], ". ".join(filter(None, (page["text"].rstrip("."), ", ".join(page["features"]))))


def _contents(doc: snapshot.Doc) -> list[tuple[str, str]]:
    """The sections that say something, in order, with their headings."""
    told = []
    for section in SECTIONS:
        if section == "opportunity" and doc.get("audit"):
            told.append(("audit", _("What we measured")))
        if section == "timeline" and doc["options"] and not doc["acceptance"]:
            told.append(("options", _("Choose what goes in")))
        if section == "investment" or doc["contents"].get(section):  # older documents know fewer sections
            told.append((section, doc["contents"]["headings"][section]))
    return told


def _sender(agency: dict[str, Any]) -> dict[str, Any]:
    lines = [*agency["lines"], agency["tax_id"]]
    return {
        "name": agency["legal_name"] or agency["name"],
        "lines": [line for line in lines if line],
        "contacts": [contact for contact in (agency["email"], agency["phone"]) if contact],
    }
