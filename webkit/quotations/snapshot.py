"""The document as the client gets it: one JSON from which page, PDF and acceptance are made, frozen when it is sent."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from webkit.core.kernel import i18n
from webkit.core.kernel.attachments import Attached
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.money import exponent, format_money
from webkit.core.values import dataclass
from webkit.pricing import Priced, find
from webkit.pricing.show import SumRow, sum_rows, taken_off
from webkit.quotations.offer import Choice, Offer, QuoteLine, choose, only, work_alone

VERSION = 1
TEMPLATE = "pdf/quotation/1.html"
KIND, ACCEPTED = "quotation", "quotation_accepted"

Doc = dict[str, Any]
Row = dict[str, Any]
"""label, amount (minor units) and perhaps note, tag and kind; plain JSON, kept as it was shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Everything a document is made of."""

    id: UUID
    title: str
    number: str
    version: int
    language: str
    author: str
    site: str
    written: date
    valid_until: date | None
    offer: Offer
    full: Priced
    agency: Mapping[str, Any]
    client: Mapping[str, Any]
    files: tuple[Attached, ...] = ()


@dataclass(frozen=True, slots=True)
class Chosen:
    """A document with some of its options: what it costs and how that reads."""

    chosen: tuple[str, ...]
    priced: Priced
    rows: list[Row]

    @property
    def total(self) -> int:
        """What is to be paid, tax included."""
        return self.priced.totals.payable


def compose(source: Source) -> Doc:
    """The document with the options ticked that staff ticked, in the document's own language."""
    with i18n.use_locale(source.language, str(source.agency["timezone"])):
        offer, full = source.offer, source.full
        doc: Doc = {
            "snapshot": VERSION,
            "id": str(source.id),
            "title": source.title,
            "number": source.number,
            "version": source.version,
            "language": source.language,
            "currency": full.currency,
            "author": source.author,
            "site": source.site,
            "written": source.written.isoformat(),
            "valid_until": source.valid_until.isoformat() if source.valid_until else None,
            "sections": [_section(section, offer, full) for section in offer.sections],
            "options": [_option(line, full) for line in offer.options],
            "terms": [{"title": term.title, "text": term.text} for term in offer.terms],
            "notes": offer.notes,
            "attachments": [file.shown() for file in source.files],
            "full": full.to_dict(),
            "agency": dict(source.agency),
            "client": dict(source.client),
            "acceptance": None,
        }
        return settle(doc, offer.picked)


def settle(doc: Doc, chosen: Collection[str]) -> Doc:
    """The document with exactly these options."""
    choice = choice_of(doc, chosen)
    return {**doc, "chosen": list(choice.chosen), "priced": choice.priced.to_dict(), "rows": choice.rows}


def choice_of(doc: Doc, chosen: Collection[str]) -> Chosen:
    """What the document costs with these options; ids that are none of its options are left out."""
    full, options = Priced.from_dict(doc["full"]), [option["id"] for option in doc["options"]]
    kept = only(options, chosen)
    priced = choose(full, options, kept)
    return Chosen(kept, priced, _rows(doc, full, priced, kept))


def valid_until(doc: Doc) -> date | None:
    """The last day on which it can be accepted."""
    return date.fromisoformat(doc["valid_until"]) if doc["valid_until"] else None


def option_names(doc: Doc, chosen: Collection[str]) -> list[str]:
    """The chosen options as people call them."""
    return [option["name"] for option in doc["options"] if option["id"] in chosen]


def tax_note(priced: Priced) -> str:
    """“IVA included”, where there is any."""
    return _("%(tax)s included", tax=_(find(priced.scheme).tax_name)) if priced.totals.tax else ""


def consent(doc: Doc) -> str:
    """The sentence that whoever accepts agrees to."""
    client = doc["client"]["name"]
    return _(
        "I accept this quotation for %(client)s, with the options, the amount and the terms named here.", client=client
    )


def reference(doc: Doc) -> str:
    """“Quotation QUO-2026-001”, in the document's own language: what a bill calls it by."""
    with i18n.use_locale(doc["language"], doc["agency"]["timezone"]):
        return _("Quotation %(number)s", number=doc["number"])


def _section(section: Any, offer: Offer, full: Priced) -> dict[str, Any]:
    lines = [_line(line, full) for line in offer.of(section.id) if line.choice is Choice.REQUIRED]
    return {"title": section.title, "text": section.text, "lines": lines}


def _line(line: QuoteLine, full: Priced) -> Row:
    """A line as it is printed; a price with more places than the currency has is a text."""
    priced = full.line(line.id)
    return {
        "name": line.name,
        "note": " · ".join(filter(None, (line.text, *taken_off(priced, full.currency)))),
        "quantity": f"{i18n.format_decimal(line.quantity)} {line.unit}".strip(),
        "price": price_shown(line.price, full.currency),
        "amount": priced.amount,
        "single": line.quantity == 1 and not line.unit,
    }


def price_shown(price: Decimal, currency: str) -> int | str:
    """A unit price in minor units, or as a text where it is finer than these."""
    minor = price.scaleb(exponent(currency))
    return int(minor) if minor == minor.to_integral_value() else f"{i18n.format_decimal(price)} {currency}"


def _option(line: QuoteLine, full: Priced) -> dict[str, Any]:
    priced = full.line(line.id)
    count = "" if line.quantity == 1 and not line.unit else _counted(line, full.currency)
    return {
        "id": line.id,
        "name": line.name,
        "text": ". ".join(filter(None, (line.text.rstrip("."), count, *taken_off(priced, full.currency)))),
        "amount": priced.amount,
        "per": _("without tax") if full.totals.tax and not full.prices_include_tax else _("one time"),
    }


def _counted(line: QuoteLine, currency: str) -> str:
    """“3 doors at €400.00”."""
    price = price_shown(line.price, currency)
    counted = f"{i18n.format_decimal(line.quantity)} {line.unit}".strip()
    shown = format_money(price, currency) if isinstance(price, int) else price
    return _("%(counted)s at %(price)s", counted=counted, price=shown)


def _rows(doc: Doc, full: Priced, priced: Priced, chosen: Collection[str]) -> list[Row]:
    """How the choice adds up: the work, each chosen option, then everything the kernel says."""
    rows: list[Row] = []
    if doc["options"]:
        options = [option["id"] for option in doc["options"]]
        if len(full.lines) > len(options):
            rows.append({"label": _("The work described above"), "amount": work_alone(full, options)})
        rows += [
            {"label": option["name"], "amount": option["amount"], "tag": _("option")}
            for option in doc["options"]
            if option["id"] in chosen
        ]
    return [*rows, *(_plain(row) for row in sum_rows(priced))]


def _plain(row: SumRow) -> Row:
    return {name: value for name, value in asdict(row).items() if value != "" or name == "label"}
