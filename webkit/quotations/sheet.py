"""The editor's form: parts of the work with their lines, terms, texts as typed, and the draft they mean.

A field of a row is called `lines-0-price`. Nothing typed is dropped: what cannot be read is shown again, with why.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import Field, TypeAdapter, ValidationError
from werkzeug.datastructures import MultiDict

from webkit.core.kernel import ids
from webkit.core.kernel.forms import DecimalText, Form, FormState, Line, Text, decimal_text, sentence
from webkit.core.kernel.money import MoneyError, money_text, parse_money
from webkit.pricing import Amount, Percent, PricingError
from webkit.pricing.terms import Written
from webkit.pricing.typed import price_of, price_text, share_or_amount, share_or_amount_text
from webkit.quotations.offer import Discount, DiscountKind, Offer, QuoteLine, Section, Term
from webkit.quotations.views import BlockView, Draft, QuotationView, TemplateView

COLUMNS: dict[str, dict[str, str]] = {
    "sections": {"id": "", "title": "", "text": "", "block": ""},
    "lines": {
        "id": "",
        "section": "",
        "name": "",
        "text": "",
        "quantity": "1",
        "unit": "",
        "price": "",
        "discount": "",
        "choice": "required",
        "tax": "",
    },
    "terms": {"title": "", "text": "", "block": ""},
}
"""Lists of the editor, their columns, and what a new row begins with."""
SILENT = {"id", "section", "choice", "tax", "quantity"}
"""Columns that do not make a line worth keeping."""
HEAD = ("client_id", "title", "site", "valid_until", "valid_days", "memo", "notes", "prices")
DISCOUNT = ("discount-kind", "discount-value", "discount-note")
MOST_ROWS = 200

_NAME = re.compile(r"([a-z]+)-(\d{1,3})-([a-z]+)")
_EXACT: TypeAdapter[Decimal] = TypeAdapter(DecimalText)

Row = dict[str, str]


class DraftForm(Form):
    """What the form of a quotation must be."""

    client_id: UUID
    title: Line(200, 1)  # type: ignore[valid-type]
    site: Text(500) = ""  # type: ignore[valid-type]
    valid_until: date | None = None
    memo: Text(4000) = ""  # type: ignore[valid-type]
    offer: Offer


class TemplateForm(Form):
    """What the form of a template must be."""

    title: Line(200, 1)  # type: ignore[valid-type]
    valid_days: int | None = Field(None, ge=1, le=365)
    offer: Offer


@dataclass(slots=True)
class Sheet:
    """What stands in the form: plain fields, and the rows of each list."""

    plain: Row = field(default_factory=dict)
    rows: dict[str, list[Row]] = field(default_factory=lambda: {kind: [] for kind in COLUMNS})
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def typed(cls, form: MultiDict[str, str]) -> Sheet:
        """A form as it was sent."""
        found: dict[str, dict[int, Row]] = {kind: {} for kind in COLUMNS}
        for name, value in form.items():
            place = _NAME.fullmatch(name)
            if place and place[3] in COLUMNS.get(place[1], {}):
                found[place[1]].setdefault(int(place[2]), {})[place[3]] = _newlines(value)
        rows = {kind: [COLUMNS[kind] | by[at] for at in sorted(by)][:MOST_ROWS] for kind, by in found.items()}
        sheet = cls({name: _newlines(form.get(name, "")) for name in (*HEAD, *DISCOUNT)}, rows)
        sheet._tie()
        return sheet

    @classmethod
    def stored(cls, quotation: QuotationView) -> Sheet:
        """The form of a quotation as it is kept."""
        head = {
            "client_id": str(quotation.client_id),
            "title": quotation.title,
            "site": quotation.site,
            "valid_until": quotation.valid_until.isoformat() if quotation.valid_until else "",
            "memo": quotation.memo,
        }
        return cls._of(quotation.offer, quotation.currency, head)

    @classmethod
    def of_template(cls, template: TemplateView, currency: str) -> Sheet:
        """The form of a template as it is kept."""
        head = {"title": template.title, "valid_days": str(template.valid_days or "")}
        return cls._of(template.offer, currency, head)

    @classmethod
    def _of(cls, offer: Offer, currency: str, head: Row) -> Sheet:
        rows = {
            "sections": [_row("sections", section) for section in offer.sections],
            "lines": [line_row(line, currency) for line in offer.lines],
            "terms": [_row("terms", term) for term in offer.terms],
        }
        whole = {"notes": offer.notes, "prices": offer.prices.value, **_discount_fields(offer.discount, currency)}
        sheet = cls({**head, **whole}, rows)
        sheet._tie()
        return sheet

    def do(self, act: str) -> None:
        """Change the rows: `add:sections`, `add:lines:<section>`, `remove:lines:2`, `up:terms:2`, `down:terms:2`."""
        verb, kind, at = (*act.split(":"), "", "")[:3]
        rows = self.rows.get(kind)
        if rows is None:
            return
        if verb == "add" and len(rows) < MOST_ROWS:
            rows.append(COLUMNS[kind] | _fresh(kind, at))
        elif at.isdecimal() and int(at) < len(rows):
            if verb == "remove":
                self._remove(kind, int(at))
            elif verb in ("up", "down"):
                self._shift(kind, int(at), -1 if verb == "up" else 1)

    def put_in(self, lines: list[QuoteLine], section: str, currency: str) -> None:
        """Add lines from elsewhere to a section."""
        self.rows["lines"] += [line_row(line, currency) | {"section": section} for line in lines]
        self._tie()

    def put_block(self, block: BlockView, *, by_name: bool) -> None:
        """Add a reusable text; a template names it, a quotation gets a copy."""
        kind = "sections" if block.kind.value == "scope" else "terms"
        row = COLUMNS[kind] | _fresh(kind, "") | {"title": block.title, "text": block.text}
        self.rows[kind].append(row | {"block": str(block.id) if by_name else ""})

    def read(self, currency: str) -> Draft | None:
        """The draft this means; None when something is wrong, which `errors` then says."""
        form = self._check(DraftForm, currency)
        if form is None:
            return None
        return Draft(
            client_id=form.client_id,
            title=form.title,
            site=form.site,
            offer=form.offer,
            memo=form.memo,
            valid_until=form.valid_until,
        )

    def read_template(self, currency: str) -> TemplateForm | None:
        """The template this means; None when something is wrong, which `errors` then says."""
        form: TemplateForm | None = self._check(TemplateForm, currency)
        return form

    @property
    def prices(self) -> Written:
        """How the prices are written."""
        return Written.GROSS if self.plain.get("prices") == Written.GROSS else Written.NET

    @property
    def state(self) -> FormState:
        """For the components: every field by its name."""
        raw = {name: [value] for name, value in self.plain.items()}
        for kind, rows in self.rows.items():
            for at, row in enumerate(rows):
                raw |= {f"{kind}-{at}-{column}": [value] for column, value in row.items()}
        return FormState(raw, self.errors)

    def places(self) -> list[tuple[int, str, list[int]]]:
        """Each section's place and id, with the places of its lines."""
        lines = list(enumerate(self.rows["lines"]))
        return [
            (at, row["id"], [place for place, line in lines if line["section"] == row["id"]])
            for at, row in enumerate(self.rows["sections"])
        ]

    def _tie(self) -> None:
        """Every section has an id of its own, every line a section there is."""
        sections, seen = self.rows["sections"], set[str]()
        if not sections and self.rows["lines"]:
            sections.append(dict(COLUMNS["sections"]))
        for row in sections:
            if not row["id"] or row["id"] in seen:
                row["id"] = ids.token()[:12]
            seen.add(row["id"])
        for line in self.rows["lines"]:
            if line["section"] not in seen:
                line["section"] = sections[0]["id"]

    def _remove(self, kind: str, at: int) -> None:
        gone = self.rows[kind].pop(at)
        if kind == "sections":
            self.rows["lines"] = [line for line in self.rows["lines"] if line["section"] != gone["id"]]

    def _shift(self, kind: str, at: int, step: int) -> None:
        """Change places with the neighbour; a line with the next one of its section."""
        rows, to = self.rows[kind], at + step
        while kind == "lines" and 0 <= to < len(rows) and rows[to]["section"] != rows[at]["section"]:
            to += step
        if 0 <= to < len(rows):
            rows[at], rows[to] = rows[to], rows[at]

    def _check(self, form: type[Any], currency: str) -> Any:
        given: dict[str, Any] = {name: self.plain.get(name, "") for name in HEAD}
        given["offer"] = {
            "sections": self.rows["sections"],
            "lines": self._lines(currency),
            "discount": self._discount(currency),
            "terms": [row for _at, row in self._kept("terms")],
            "notes": self.plain.get("notes", ""),
            "prices": self.plain.get("prices") or Written.NET,
        }
        try:
            read = form.model_validate(given)
        except ValidationError as error:
            for problem in error.errors():
                self.errors.setdefault(self._field(problem["loc"]), sentence(problem))
            return None
        return None if self.errors else read

    def _kept(self, kind: str) -> list[tuple[int, Row]]:
        """Rows somebody wrote something into, with the place at which they stand."""
        return [
            (at, row)
            for at, row in enumerate(self.rows.get(kind, ()))
            if kind == "sections" or any(value.strip() for column, value in row.items() if column not in SILENT)
        ]

    def _lines(self, currency: str) -> list[dict[str, Any]]:
        lines, seen = [], set[str]()
        for at, row in self._kept("lines"):
            if not row["id"] or row["id"] in seen:
                row["id"] = ids.token()[:12]
            seen.add(row["id"])
            price = self._price(f"lines-{at}-price", row["price"], currency)
            quantity = self._number(f"lines-{at}-quantity", row["quantity"] or "1")
            less = self._less(f"lines-{at}-discount", row["discount"], currency)
            lines.append({**row, "price": price, "quantity": quantity, "discount": less})
        return lines

    def _discount(self, currency: str) -> dict[str, Any] | None:
        kind, value = self.plain.get("discount-kind", ""), self.plain.get("discount-value", "").strip()
        if not kind:
            return None
        given: dict[str, Any] = {"kind": kind, "note": self.plain.get("discount-note", "")}
        if kind == DiscountKind.AMOUNT.value:
            return given | {"amount": self._money("discount-value", value, currency)}
        return given | {"percent": self._number("discount-value", value.removesuffix("%").strip() or "0")}

    def _price(self, name: str, text: str, currency: str) -> Decimal:
        """A unit price: an amount of money, or one with more places than the currency has."""
        if not text.strip():
            return Decimal(0)
        try:
            return price_of(text, currency)
        except PricingError as refusal:
            self.errors.setdefault(name, refusal.message)
            return Decimal(0)

    def _less(self, name: str, text: str, currency: str) -> Percent | Amount | None:
        try:
            return share_or_amount(text, currency, "discount")
        except PricingError as refusal:
            self.errors.setdefault(name, refusal.message)
            return None

    def _number(self, name: str, text: str) -> Decimal:
        try:
            return _EXACT.validate_python(text)
        except ValidationError as error:
            self.errors.setdefault(name, sentence(error.errors()[0]))
            return Decimal(1)

    def _money(self, name: str, text: str, currency: str) -> int:
        if not text.strip():
            return 0
        try:
            return parse_money(text, currency)
        except MoneyError as refusal:
            self.errors.setdefault(name, refusal.message)
            return 0

    def _field(self, location: tuple[int | str, ...]) -> str:
        """The form's name for a place in the draft."""
        parts = [part for part in location if part != "offer"]
        first = str(parts[0]) if parts else ""
        if first == "discount":
            last = str(parts[-1])
            return f"discount-{last if last in ('kind', 'note') else 'value'}"
        if first in COLUMNS and len(parts) > 2:
            at = self._kept(first)[int(parts[1])][0]
            return f"{first}-{at}-{parts[2]}"
        return first


def line_row(line: QuoteLine, currency: str) -> Row:
    """A line as it stands in the form."""
    return {column: str(getattr(line, column)) for column in COLUMNS["lines"]} | {
        "price": price_text(line.price, currency),
        "quantity": decimal_text(line.quantity),
        "discount": share_or_amount_text(line.discount, currency),
    }


def _row(kind: str, item: Section | Term) -> Row:
    return {column: str(getattr(item, column) or "") for column in COLUMNS[kind]}


def _fresh(kind: str, section: str) -> Row:
    if kind == "lines":
        return {"section": section}
    return {"id": ids.token()[:12]} if kind == "sections" else {}


def _discount_fields(discount: Discount | None, currency: str) -> Row:
    if discount is None:
        return dict.fromkeys(DISCOUNT, "")
    is_percent = discount.kind is DiscountKind.PERCENT
    value = decimal_text(discount.percent) if is_percent else money_text(discount.amount, currency)
    return dict(zip(DISCOUNT, (discount.kind.value, value, discount.note), strict=True))


def _newlines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
