"""Texts that are written once, and the templates that compose them: what quotations begin with.

A template names blocks, so that a changed block changes every quotation that is begun later; a quotation has copies.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from webkit.core.kernel import audit, entitlements, events, ids, once
from webkit.core.kernel.db import writes
from webkit.core.kernel.entitlements import Limit
from webkit.core.kernel.errors import Conflict, NotFound
from webkit.core.kernel.i18n import gettext as _
from webkit.quotations import models
from webkit.quotations.models import Block, BlockKind, QuotationTemplate
from webkit.quotations.offer import Offer
from webkit.quotations.views import BlockView, TemplateView


def blocks(kind: BlockKind | None = None) -> list[BlockView]:
    """The texts in use, by title."""
    return [BlockView.of(row) for row in models.blocks(kind)]


def block(block_id: UUID) -> BlockView:
    """One text. Raises NotFound."""
    return BlockView.of(_found(models.block(block_id)))


def templates() -> list[TemplateView]:
    """The templates in use, by title."""
    return [TemplateView.of(row) for row in models.templates()]


def template(template_id: UUID) -> TemplateView:
    """One template. Raises NotFound."""
    return TemplateView.of(_found(models.template(template_id)))


@writes
def add_block(kind: BlockKind, title: str, text: str, *, key: str = "") -> UUID:
    """A further text. The same `key` answers with the first one."""
    if made := once.result(key):
        return UUID(made)
    block_id = models.add(Block(kind=kind, title=title, text=text))
    once.keep(key, str(block_id))
    _log("quotation_block.created", block_id)
    return block_id


@writes
def change_block(block_id: UUID, revision: int, title: str, text: str) -> None:
    """Store a changed text. Raises Conflict when somebody else was faster."""
    _found(models.block(block_id))
    if not models.edit(Block, block_id, revision, title=title, text=text):
        raise _faster()
    _log("quotation_block.changed", block_id)


@writes
def put_away_block(block_id: UUID) -> None:
    """No longer offer a text; templates that name it keep it."""
    _found(models.block(block_id)).archived = True
    _log("quotation_block.archived", block_id)


@writes
def add_template(title: str, offer: Offer | None = None, valid_days: int | None = None, *, key: str = "") -> UUID:
    """A further template. The same `key` answers with the first one."""
    if made := once.result(key):
        return UUID(made)
    entitlements.within(Limit.TEMPLATES)
    stored = (offer or Offer()).to_dict()
    template_id = models.add(QuotationTemplate(title=title, offer=stored, valid_days=valid_days))
    once.keep(key, str(template_id))
    _log("quotation_template.created", template_id)
    return template_id


@writes
def change_template(template_id: UUID, revision: int, title: str, offer: Offer, valid_days: int | None) -> int:
    """Store a changed template; returns its next revision. Raises Conflict when somebody else was faster."""
    _found(models.template(template_id))
    values: dict[str, Any] = {"title": title, "offer": offer.to_dict(), "valid_days": valid_days}
    if not models.edit(QuotationTemplate, template_id, revision, **values):
        raise _faster()
    _log("quotation_template.changed", template_id)
    return revision + 1


@writes
def duplicate_template(template_id: UUID, *, key: str = "") -> UUID:
    """A further template that says the same."""
    source = template(template_id)
    title = _("%(title)s (Copy)", title=source.title[:180])
    return add_template(title, source.offer, source.valid_days, key=key)


@writes
def put_away_template(template_id: UUID) -> None:
    """No longer offer a template; quotations begun with it stay as they are."""
    _found(models.template(template_id)).archived = True
    _log("quotation_template.archived", template_id)


def resolved(offer: Offer) -> Offer:
    """A template's offer with the texts its blocks have now, as copies that no later change touches."""
    known = _blocks_of(offer)
    renamed = {section.id: ids.token()[:12] for section in offer.sections}
    return offer.model_copy(
        update={
            "sections": tuple(
                each.model_copy(update={"id": renamed[each.id], **_text(known.get(each.block) if each.block else None)})
                for each in offer.sections
            ),
            "lines": tuple(
                line.model_copy(update={"id": ids.token()[:12], "section": renamed.get(line.section, "")})
                for line in offer.lines
            ),
            "terms": tuple(
                each.model_copy(update=_text(known.get(each.block) if each.block else None)) for each in offer.terms
            ),
        }
    )


def filled(view: TemplateView) -> TemplateView:
    """A template with the texts its blocks have now written in, for its editor."""
    known = _blocks_of(view.offer)

    def shown(each: Any) -> Any:
        row = known.get(each.block) if each.block else None
        return each.model_copy(update={"title": row.title, "text": row.text}) if row else each

    offer = view.offer.model_copy(
        update={"sections": tuple(map(shown, view.offer.sections)), "terms": tuple(map(shown, view.offer.terms))}
    )
    return replace(view, offer=offer)


def _blocks_of(offer: Offer) -> dict[UUID, Block]:
    """The texts an offer names, by their ids."""
    named = [section.block for section in offer.sections] + [term.block for term in offer.terms]
    return models.blocks_named([block_id for block_id in named if block_id])


def _text(row: Block | None) -> dict[str, Any]:
    return {"block": None} | ({"title": row.title, "text": row.text} if row else {})


def _found(row: models.R | None) -> models.R:
    if row is None:
        raise NotFound(_("There is no such text or template."))
    return row


def _faster() -> Conflict:
    return Conflict(_("Somebody else changed this since you opened it. Your text is still here, not saved."))


def _log(action: str, row_id: UUID) -> None:
    audit.log(action, subject=events.ref(action.partition(".")[0], row_id))
