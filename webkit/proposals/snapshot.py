"""The document as the client gets it: one JSON from which page, PDF and acceptance are made, frozen when it is sent."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from webkit.ai_runs import figures
from webkit.core.kernel import i18n
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.money import format_money
from webkit.core.values import dataclass
from webkit.pricing import Interval, Split
from webkit.pricing.rounding import plain
from webkit.pricing.show import taken_off
from webkit.proposals import bills
from webkit.proposals.contents import SECTIONS, Contents
from webkit.proposals.offer import Offer, OfferLine, Prices, choose, deposit_of, only

VERSION = 1
TEMPLATE = "pdf/proposal/1.html"
KIND, ACCEPTED = "proposal", "proposal_accepted"

Doc = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Everything a document is made of."""

    id: UUID
    title: str
    number: str
    version: int
    language: str
    author: str
    written: date
    valid_until: date | None
    contents: Contents
    offer: Offer
    full: Prices
    deposit_percent: Decimal | None
    contract_template_id: UUID | None
    agency: Mapping[str, Any]
    client: Mapping[str, Any]
    audit: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """A document with some of its options: what it costs and how that reads."""

    chosen: tuple[str, ...]
    prices: Prices
    deposit: Split | None
    bills: list[bills.Row]

    @property
    def amounts(self) -> list[tuple[int, str]]:
        """What is to be paid, tax included: one time, and a month."""
        words = {Interval.ONCE: _("one time"), Interval.MONTHLY: _("a month")}
        return [(priced.totals.gross, words[each]) for each, priced in self.prices.by_interval().items()]


def compose(source: Source) -> Doc:
    """The document with the options ticked that staff ticked, in the document's own language."""
    with i18n.use_locale(source.language, str(source.agency["timezone"])):
        contents = source.contents
        doc: Doc = {
            "snapshot": VERSION,
            "cover": True,
            "id": str(source.id),
            "title": source.title,
            "number": source.number,
            "version": source.version,
            "language": source.language,
            "currency": source.full.once.currency,
            "author": source.author,
            "written": source.written.isoformat(),
            "valid_until": source.valid_until.isoformat() if source.valid_until else None,
            "contents": _clean({**contents.to_dict(), "headings": {key: contents.heading(key) for key in SECTIONS}}),
            "offer": source.offer.to_dict(),
            "prices": {"all": source.full.to_dict()},
            "deposit_percent": plain(source.deposit_percent) if source.deposit_percent is not None else None,
            "contract_template": str(source.contract_template_id) if source.contract_template_id else None,
            "agency": dict(source.agency),
            "client": dict(source.client),
            "audit": dict(source.audit) if source.audit else None,
            "acceptance": None,
        }
        doc["options"] = _options(source.offer, source.full)
        return settle(doc, source.offer.picked)


def settle(doc: Doc, chosen: Collection[str]) -> Doc:
    """The document with exactly these options."""
    choice = choice_of(doc, chosen)
    return {
        **doc,
        "chosen": list(choice.chosen),
        "prices": {**doc["prices"], "chosen": choice.prices.to_dict()},
        "bills": choice.bills,
    }


def choice_of(doc: Doc, chosen: Collection[str]) -> Choice:
    """What the document costs with these options; ids that are none of its options are left out."""
    offer, options = Offer.from_dict(doc["offer"]), [option["id"] for option in doc["options"]]
    kept = only(options, chosen)
    prices = choose(Prices.from_dict(doc["prices"]["all"]), options, kept)
    percent = deposit_percent(doc)
    deposit = deposit_of(prices, percent)
    return Choice(kept, prices, deposit, bills.bills(prices, offer.lines, deposit, percent))


def deposit_percent(doc: Doc) -> Decimal | None:
    """The part of the one-time total that is paid first."""
    return Decimal(doc["deposit_percent"]) if doc["deposit_percent"] is not None else None


def valid_until(doc: Doc) -> date | None:
    """The last day on which it can be accepted."""
    return date.fromisoformat(doc["valid_until"]) if doc["valid_until"] else None


def option_names(doc: Doc, chosen: Collection[str]) -> list[str]:
    """The chosen options as people call them."""
    return [option["name"] for option in doc["options"] if option["id"] in chosen]


def amount_text(choice: Choice, currency: str) -> str:
    """“€15,738.00 one time and €585.60 a month”."""
    told = [f"{format_money(amount, currency)} {per}" for amount, per in choice.amounts]
    return _(" and ").join(told) or format_money(0, currency)


def consent(doc: Doc) -> str:
    """The sentence that whoever accepts agrees to."""
    client = doc["client"]["name"]
    return _("I accept this proposal for %(client)s, with the options and the amount named here.", client=client)


def _clean(said: Any) -> Any:
    """Texts as a client may read them: no citation gets out, whoever wrote it."""
    if isinstance(said, str):
        return figures.scrub(said)
    if isinstance(said, dict):
        return {name: _clean(each) for name, each in said.items()}
    return [_clean(each) for each in said] if isinstance(said, list) else said


def _options(offer: Offer, full: Prices) -> list[dict[str, Any]]:
    return [_option(line, full) for line in offer.options]


def _option(line: OfferLine, full: Prices) -> dict[str, Any]:
    monthly = line.interval is Interval.MONTHLY
    priced = full.monthly if monthly else full.once
    mine = priced.line(line.id)
    said = (line.text, bills.quantity_text(line, priced.currency), *taken_off(mine, priced.currency))
    return {
        "id": line.id,
        "name": line.name,
        "text": ". ".join(filter(None, said)),
        "amount": mine.amount,
        "per": _("a month") if monthly else _("one time"),
    }
