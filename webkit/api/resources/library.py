"""What quotations and invoices begin with: texts and templates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from pydantic import BeforeValidator, Field

from webkit.api.operations import Call, Operation, Param
from webkit.api.paging import of_all
from webkit.api.resources.quotations import OfferIn
from webkit.api.resources.shared import slashed
from webkit.api.shapes import Currency, Exact, Input, View
from webkit.core.kernel.forms import Line, Text
from webkit.invoices import beginnings
from webkit.invoices import service as invoices
from webkit.pricing.terms import Amount, Percent
from webkit.quotations import library
from webkit.quotations.models import BlockKind
from webkit.quotations.offer import Offer
from webkit.quotations.views import BlockView, TemplateView


class Cut(View):
    """What is taken off: a percentage, or an amount in minor units."""

    percent: Exact | None = None
    amount_minor: int | None = Field(None, validation_alias="amount")


def _cut(given: object) -> object:
    """Either of them has its own name only."""
    if isinstance(given, Percent):
        return {"percent": given.percent}
    return {"amount": given.amount} if isinstance(given, Amount) else given


class BlockIn(Input):
    """A text, of a scope of work or of terms."""

    kind: BlockKind
    title: Line(200, 1)  # type: ignore[valid-type]
    text: Text(8000, 1)  # type: ignore[valid-type]


class BlockChange(Input):
    """The same, of the kind that it is."""

    title: Line(200, 1)  # type: ignore[valid-type]
    text: Text(8000, 1)  # type: ignore[valid-type]


class Block(View):
    """A text that is written once and used in many quotations."""

    id: UUID
    kind: BlockKind
    title: str
    text: str
    revision: int
    archived: bool


class TemplateNew(Input):
    """A template that begins empty."""

    title: Line(200, 1)  # type: ignore[valid-type]


class TemplateIn(Input):
    """A template. Sections and terms may name a text by its id in `block`."""

    title: Line(200, 1)  # type: ignore[valid-type]
    offer: OfferIn
    valid_days: int | None = Field(None, ge=1, le=365)


class TemplateLine(View):
    """What a quotation can begin with."""

    id: UUID
    title: str
    valid_days: int | None
    archived: bool


class Template(TemplateLine):
    """The same with what it says."""

    offer: Offer
    revision: int


class NameIn(Input):
    """What it is called; what stood under this name is replaced."""

    name: Line(100, 1)  # type: ignore[valid-type]


class InvoiceTemplate(View):
    """What an invoice can begin with."""

    id: UUID
    name: str
    lines: int


class LineOf(View):
    """A row of it; `discount` is a percentage of it, or an amount in minor units."""

    description: str
    quantity: Exact
    unit: str
    unit_price: Exact = Field(validation_alias="price")
    rate: str
    discount: Annotated[Cut | None, BeforeValidator(_cut)]


class WholeInvoiceTemplate(InvoiceTemplate):
    """The same with what it says."""

    title: str
    payment_days: int
    note: str
    currency: Currency
    rows: list[LineOf]


def _blocks(call: Call) -> list[BlockView]:
    kind = call.query.get("kind")
    return library.blocks(BlockKind(kind) if kind else None)


def _block(call: Call) -> BlockView:
    return library.block(call.id("block_id"))


def _add_block(call: Call) -> BlockView:
    given: BlockIn = call.body
    return library.block(library.add_block(given.kind, given.title, given.text, key=call.key))


def _change_block(call: Call) -> BlockView:
    known = _block(call)
    library.change_block(known.id, known.revision, call.body.title, call.body.text)
    return _block(call)


def _put_away_block(call: Call) -> None:
    library.put_away_block(call.id("block_id"))


def _templates(_call: Call) -> list[TemplateView]:
    return library.templates()


def _template(call: Call) -> TemplateView:
    return library.template(call.id("quotation_template_id"))


def _add_template(call: Call) -> TemplateView:
    return library.template(library.add_template(call.body.title, key=call.key))


def _change_template(call: Call) -> TemplateView:
    given, known = call.body, _template(call)
    offer = Offer.from_dict(given.offer.model_dump(mode="json"))
    with slashed("/offer"):
        library.change_template(known.id, known.revision, given.title, offer, given.valid_days)
    return _template(call)


def _duplicate_template(call: Call) -> TemplateView:
    return library.template(library.duplicate_template(call.id("quotation_template_id"), key=call.key))


def _put_away_template(call: Call) -> None:
    library.put_away_template(call.id("quotation_template_id"))


def _invoice_templates(_call: Call) -> Sequence[Any]:
    return beginnings.templates()


def _invoice_template(call: Call) -> dict[str, Any]:
    template_id = call.id("invoice_template_id")
    found = beginnings.from_template(template_id)
    known = next(each for each in beginnings.templates() if each.id == template_id)
    told = {name: getattr(found, name) for name in ("title", "payment_days", "note", "currency")}
    return {"id": template_id, "name": known.name, "lines": len(found.lines), **told, "rows": found.lines}


def _keep(call: Call) -> Any:
    name = call.body.name
    beginnings.keep_template(invoices.get(call.id("invoice_id")), name)
    return next(each for each in beginnings.templates() if each.name == name)


def _delete(call: Call) -> None:
    beginnings.delete_template(call.id("invoice_template_id"))


BLOCKS, TEMPLATES = "/quotation-texts", "/quotation-templates"
BLOCK, TEMPLATE = f"{BLOCKS}/{{block_id}}", f"{TEMPLATES}/{{quotation_template_id}}"
SEE, EDIT = "quotation_library.view", "quotation_library.edit"
KIND = Param("kind", "Of this kind.", {"type": "string", "enum": [each.value for each in BlockKind]})
OPERATIONS = (
    Operation("quotation_library.texts", "GET", BLOCKS, SEE, "List texts of quotations", of_all(_blocks), paged=True,
              params=(KIND,), answer=Block),
    Operation("quotation_library.add_text", "POST", BLOCKS, EDIT, "Add a text", _add_block, body=BlockIn, answer=Block,
              code=201),
    Operation("quotation_library.text", "GET", BLOCK, SEE, "Read a text", _block, answer=Block),
    Operation("quotation_library.replace_text", "PUT", BLOCK, EDIT, "Change a text", _change_block, body=BlockChange,
              answer=Block, about="It changes quotations that are begun later."),
    Operation("quotation_library.archive_text", "DELETE", BLOCK, EDIT, "Offer a text no more", _put_away_block,
              code=204),
    Operation("quotation_library.list", "GET", TEMPLATES, SEE, "List templates of quotations", of_all(_templates),
              paged=True, answer=TemplateLine),
    Operation("quotation_library.create", "POST", TEMPLATES, EDIT, "Begin a template", _add_template,
              body=TemplateNew, answer=Template, code=201),
    Operation("quotation_library.get", "GET", TEMPLATE, SEE, "Read a template", _template, answer=Template),
    Operation("quotation_library.replace", "PUT", TEMPLATE, EDIT, "Change a template", _change_template,
              body=TemplateIn, answer=Template),
    Operation("quotation_library.duplicate", "POST", f"{TEMPLATE}/duplicate", EDIT, "Make a copy of a template",
              _duplicate_template, answer=Template, code=201),
    Operation("quotation_library.archive", "DELETE", TEMPLATE, EDIT, "Offer a template no more", _put_away_template,
              code=204),
    Operation("invoices.templates", "GET", "/invoice-templates", "invoices.create", "List what invoices can begin with",
              of_all(_invoice_templates), paged=True, answer=InvoiceTemplate),
    Operation("invoices.template", "GET", "/invoice-templates/{invoice_template_id}", "invoices.create",
              "Read a template", _invoice_template, answer=WholeInvoiceTemplate),
    Operation("invoices.keep_template", "POST", "/invoices/{invoice_id}/template", "invoices.create",
              "Keep what it says as a template", _keep, body=NameIn, answer=InvoiceTemplate),
    Operation("invoices.delete_template", "DELETE", "/invoice-templates/{invoice_template_id}", "invoices.create",
              "Delete a template", _delete, code=204),
)  # fmt: skip
