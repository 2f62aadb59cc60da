"""The editor's form: rows that come and go, texts as typed, and the draft they mean.

A field of a row is called `lines-0-price`. Nothing typed is dropped: what cannot be read is shown again, with why.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any
from uuid import UUID

from pydantic import Field, ValidationError
from werkzeug.datastructures import MultiDict

from webkit.core.kernel import ids
from webkit.core.kernel.forms import DecimalText, Form, FormState, Line, decimal_text, sentence
from webkit.core.kernel.money import MoneyError, money_text, parse_money
from webkit.pricing import Amount, Percent, PricingError
from webkit.pricing.terms import Written
from webkit.pricing.typed import share_or_amount, share_or_amount_text
from webkit.proposals.contents import SECTIONS, Contents
from webkit.proposals.offer import Discount, DiscountKind, Offer, OfferLine
from webkit.proposals.views import Draft, ProposalView

COLUMNS: dict[str, dict[str, str]] = {
    "issues": {"weight": "medium", "title": "", "text": "", "fix": ""},
    "standards": {"title": "", "text": ""},
    "pages": {"name": "", "text": "", "features": ""},
    "timeline": {"name": "", "start": "", "weeks": "", "text": ""},
    "steps": {"title": "", "text": ""},
    "lines": {
        "id": "",
        "name": "",
        "text": "",
        "quantity": "1",
        "unit": "",
        "price": "",
        "discount": "",
        "interval": "once",
        "choice": "required",
        "tax": "",
    },
}
"""Lists of the editor, their columns, and what a new row begins with."""
SILENT = {"id", "weight", "interval", "choice", "tax", "quantity"}
"""Columns that do not make a row worth keeping."""
TEXTS = ("summary", "opportunity", "investment", "closing")
HEAD = ("client_id", "title", "subtitle", "valid_until", "deposit_percent", "contract_template_id", "prices", *TEXTS)
DISCOUNT = ("discount-kind", "discount-value", "discount-on", "discount-note")
MOST_ROWS = 200

_NAME = re.compile(r"([a-z]+)-(\d{1,3})-([a-z]+)")

Row = dict[str, str]


class DraftForm(Form):
    """What the whole form must be."""

    client_id: UUID
    title: Line(200, 1)  # type: ignore[valid-type]
    valid_until: date | None = None
    deposit_percent: DecimalText | None = Field(None, gt=0, lt=100)
    contract_template_id: UUID | None = None
    contents: Contents
    offer: Offer


@dataclass(slots=True)
class Sheet:
    """What stands in the form: plain fields, and the rows of each list."""

    plain: Row = field(default_factory=dict)
    rows: dict[str, list[Row]] = field(default_factory=dict)
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
        names = (*HEAD, *DISCOUNT, *(f"heading-{section}" for section in SECTIONS))
        return cls({name: _newlines(form.get(name, "")) for name in names}, rows)

    @classmethod
    def stored(cls, proposal: ProposalView) -> Sheet:
        """The form of a proposal as it is kept."""
        contents = proposal.contents
        head = {name: getattr(contents, name) for name in ("subtitle", *TEXTS)} | {
            "client_id": str(proposal.client_id),
            "title": proposal.title,
            "valid_until": proposal.valid_until.isoformat() if proposal.valid_until else "",
            "deposit_percent": decimal_text(proposal.deposit_percent) if proposal.deposit_percent is not None else "",
            "contract_template_id": str(proposal.contract_template_id or ""),
        }
        headings = {f"heading-{section}": getattr(contents.headings, section) for section in SECTIONS}
        rows = {kind: [_row(kind, item) for item in getattr(contents, kind)] for kind in COLUMNS if kind != "lines"}
        rows["lines"] = [line_row(line, proposal.currency) for line in proposal.offer.lines]
        head["prices"] = proposal.offer.prices.value
        return cls(head | headings | _discount_fields(proposal.offer.discount, proposal.currency), rows)

    def do(self, act: str) -> None:
        """Change the rows: `add:lines`, `remove:lines:2`, `up:lines:2`, `down:lines:2`. Anything else does nothing."""
        verb, kind, at = (*act.split(":"), "", "")[:3]
        rows = self.rows.get(kind)
        if rows is None:
            return
        if verb == "add" and len(rows) < MOST_ROWS:
            rows.append(dict(COLUMNS[kind]))
        elif at.isdecimal() and int(at) < len(rows):
            row = rows.pop(int(at))
            if verb in ("up", "down"):
                rows.insert(max(0, int(at) + (1 if verb == "down" else -1)), row)
            elif verb != "remove":
                rows.insert(int(at), row)

    def read(self, currency: str) -> Draft | None:
        """The draft this means; None when something is wrong, which `errors` then says."""
        given: dict[str, Any] = {name: self.plain.get(name, "") for name in HEAD}
        given["contents"] = self._contents()
        given["offer"] = {
            "lines": self._prices(currency),
            "discount": self._discount(currency),
            "prices": self.plain.get("prices") or Written.NET,
        }
        try:
            form = DraftForm.model_validate(given)
        except ValidationError as error:
            for problem in error.errors():
                self.errors.setdefault(self._field(problem["loc"]), sentence(problem))
            return None
        return None if self.errors else Draft(**{each.name: getattr(form, each.name) for each in fields(Draft)})

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

    def _kept(self, kind: str) -> list[tuple[int, Row]]:
        """Rows somebody wrote something into, with the place at which they stand."""
        return [
            (at, row)
            for at, row in enumerate(self.rows.get(kind, ()))
            if any(value.strip() for column, value in row.items() if column not in SILENT)
        ]

    def _contents(self) -> dict[str, Any]:
        return {
            **{name: self.plain.get(name, "") for name in ("subtitle", *TEXTS)},
            "headings": {section: self.plain.get(f"heading-{section}", "") for section in SECTIONS},
            "issues": [row for _at, row in self._kept("issues")],
            "standards": [row for _at, row in self._kept("standards")],
            "pages": [row | {"features": _lines(row["features"])} for _at, row in self._kept("pages")],
            "timeline": self._phases(),
            "steps": [row for _at, row in self._kept("steps")],
        }

    def _phases(self) -> list[dict[str, Any]]:
        """Phases in weeks; one without a first week follows the one before it."""
        phases, following = [], 1
        for _at, row in self._kept("timeline"):
            phase = row | {"start": row["start"].strip() or str(following), "weeks": row["weeks"].strip() or "1"}
            if phase["start"].isdecimal() and phase["weeks"].isdecimal():
                following = int(phase["start"]) + int(phase["weeks"])
            phases.append(phase)
        return phases

    def _prices(self, currency: str) -> list[dict[str, Any]]:
        lines = []
        seen: set[str] = set()
        for at, row in self._kept("lines"):
            if not row["id"] or row["id"] in seen:
                row["id"] = ids.token()[:12]
            seen.add(row["id"])
            price = self._money(f"lines-{at}-price", row["price"], currency)
            less = self._less(f"lines-{at}-discount", row["discount"], currency)
            lines.append({**row, "price": price, "quantity": row["quantity"].strip() or "1", "discount": less})
        return lines

    def _discount(self, currency: str) -> dict[str, Any] | None:
        kind, value = self.plain.get("discount-kind", ""), self.plain.get("discount-value", "").strip()
        if not kind:
            return None
        on, note = self.plain.get("discount-on") or "once", self.plain.get("discount-note", "")
        given: dict[str, Any] = {"kind": kind, "on": on, "note": note}
        if kind == DiscountKind.AMOUNT.value:
            return given | {"amount": self._money("discount-value", value, currency)}
        return given | {"percent": value.removesuffix("%").strip() or "0"}

    def _money(self, name: str, text: str, currency: str) -> int:
        if not text.strip():
            return 0
        try:
            return parse_money(text, currency)
        except MoneyError as refusal:
            self.errors.setdefault(name, refusal.message)
            return 0

    def _less(self, name: str, text: str, currency: str) -> Percent | Amount | None:
        try:
            return share_or_amount(text, currency, "discount")
        except PricingError as refusal:
            self.errors.setdefault(name, refusal.message)
            return None

    def _field(self, location: tuple[int | str, ...]) -> str:
        """The form's name for a place in the draft."""
        parts = [part for part in location if part not in ("contents", "offer")]
        first = str(parts[0]) if parts else ""
        if first == "headings":
            return f"heading-{parts[-1]}"
        if first == "discount":
            last = str(parts[-1])
            return f"discount-{last if last in ('kind', 'on', 'note') else 'value'}"
        if first in COLUMNS and len(parts) > 2:
            at = self._kept(first)[int(parts[1])][0]
            return f"{first}-{at}-{parts[2]}"
        return first


def line_row(line: OfferLine, currency: str) -> Row:
    """A line as it stands in the form."""
    return {column: str(getattr(line, column)) for column in COLUMNS["lines"]} | {
        "price": money_text(line.price, currency),
        "quantity": decimal_text(line.quantity),
        "discount": share_or_amount_text(line.discount, currency),
    }


def _row(kind: str, item: Form) -> Row:
    row = {column: getattr(item, column) for column in COLUMNS[kind]}
    return {column: "\n".join(value) if isinstance(value, tuple) else str(value) for column, value in row.items()}


def _discount_fields(discount: Discount | None, currency: str) -> Row:
    if discount is None:
        return dict.fromkeys(DISCOUNT, "")
    is_percent = discount.kind is DiscountKind.PERCENT
    value = decimal_text(discount.percent) if is_percent else money_text(discount.amount, currency)
    return dict(zip(DISCOUNT, (discount.kind.value, value, discount.on.value, discount.note), strict=True))


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _newlines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
