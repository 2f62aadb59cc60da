"""What a new invoice can begin with: another invoice, a template, and words that were used before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

from webkit.agencies import service as agencies
from webkit.catalogue import service as catalogue
from webkit.core.kernel import audit, events
from webkit.core.kernel.db import writes
from webkit.core.kernel.errors import Conflict, NotFound
from webkit.core.kernel.i18n import gettext as _
from webkit.core.values import dataclass
from webkit.invoices import figures as typed
from webkit.invoices import models
from webkit.invoices.figures import Figures, LineInput
from webkit.invoices.models import InvoiceTemplate
from webkit.invoices.views import InvoiceView
from webkit.pricing import unit_price
from webkit.pricing.terms import Written
from webkit.pricing.typed import price_text, with_tax

LATEST, MOST = 8, 120
"""So many invoices of a client are asked for words, and so many suggestions are made."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """What stands in the editor of a new invoice before somebody writes into it."""

    client_id: UUID | None = None
    title: str = ""
    lines: tuple[LineInput, ...] = ()
    figures: Figures | None = None
    payment_days: int | None = None
    note: str = ""
    currency: str = ""
    """In which its prices were written."""


@dataclass(frozen=True, slots=True)
class Template:
    """A template as it is listed."""

    id: UUID
    name: str
    lines: int


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Something that was written or offered before, as the fields of a row have it."""

    description: str
    price: str
    rate: str
    unit: str = ""


def like(invoice: InvoiceView) -> Beginning:
    """The same again, for the same client."""
    return Beginning(client_id=invoice.client_id, **_content(invoice))


def _content(invoice: InvoiceView) -> dict[str, Any]:
    """What an invoice says. One whose amounts were agreed on has lines of its own from here on."""
    if invoice.lines:
        lines, figures = tuple(map(typed.read_line, invoice.lines)), Figures.from_dict(invoice.figures)
    else:
        lines = typed.lines_of(invoice.priced)
        figures = typed.figures_of(invoice.priced, agencies.profile().habits)
    return {
        "title": invoice.title,
        "lines": lines,
        "figures": figures,
        "payment_days": invoice.payment_days,
        "note": invoice.note,
        "currency": invoice.currency,
    }


# --- templates ---------------------------------------------------------------------------------------------------


def templates() -> list[Template]:
    """All of the agency's, by name."""
    return [Template(row.id, row.name, len(row.content["lines"])) for row in models.templates()]


def from_template(template_id: UUID) -> Beginning:
    """What a template says. Raises NotFound."""
    row = _template(template_id)
    kept = row.content
    return Beginning(
        title=kept["title"],
        lines=tuple(map(typed.read_line, kept["lines"])),
        figures=Figures.from_dict(kept["figures"]),
        payment_days=kept["payment_days"],
        note=kept["note"],
        currency=kept["currency"],
    )


@writes
def keep_template(invoice: InvoiceView, name: str) -> bool:
    """Keep what an invoice says under a name, instead of what stood under it; True when that was something."""
    says = _content(invoice)
    content = {
        **says,
        "lines": [typed.stored_line(line) for line in says["lines"]],
        "figures": says["figures"].to_dict(),
    }
    every = models.templates()
    known = next((row for row in every if row.name == name), None)
    if known is not None:
        known.content = content
    elif len(every) >= models.MOST_TEMPLATES:
        raise Conflict(_("There are %(n)s templates. Delete one first.", n=models.MOST_TEMPLATES))
    else:
        models.add(InvoiceTemplate(name=name, content=content))
    audit.log("invoice.template_kept", subject=events.ref("invoice", invoice.id), detail={"name": name})
    return known is not None


@writes
def delete_template(template_id: UUID) -> None:
    """Throw a template away; invoices that began with it stay as they are. Raises NotFound."""
    models.delete(_template(template_id))


def _template(template_id: UUID) -> InvoiceTemplate:
    row = models.template(template_id)
    if row is None:
        raise NotFound(_("There is no such template."))
    return row


# --- suggestions -------------------------------------------------------------------------------------------------


def suggestions(client_id: UUID | None, currency: str, prices: Written = Written.NET) -> list[Suggestion]:
    """What was written for this client before, newest first, then what the catalogue offers; each text once.

    The catalogue's prices are without tax; where `prices` have it in them it is added.
    """
    found: dict[str, Suggestion] = {}
    earlier = models.recent_lines(client_id, currency, LATEST) if client_id else []
    for line in (typed.read_line(kept) for lines in earlier for kept in lines):
        price = price_text(line.price, currency)
        found.setdefault(line.description, Suggestion(line.description, price, line.rate, line.unit))
    at = _taxed() if prices is Written.GROSS else None
    offers = catalogue.offers(currency)
    items: tuple[catalogue.PackageView | catalogue.AddonView, ...] = (*offers.packages, *offers.addons)
    for item in items:
        for price_ in item.prices:
            text = _("%(name)s: set-up", name=item.name) if price_.part is catalogue.Part.SETUP else item.name
            minor = price_.minor if at is None else with_tax(price_.minor, *at(item.tax_rate))
            shown = price_text(unit_price(minor, currency), currency)
            found.setdefault(text, Suggestion(text, shown, item.tax_rate))
    return list(found.values())[:MOST]


def _taxed() -> Callable[[str], tuple[str, str, date]]:
    profile, today = agencies.profile(), agencies.today()
    return lambda rate: (profile.tax_scheme, rate or profile.tax_rate, today)
