"""What may be typed into an invoice."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from webkit.core.kernel.forms import DecimalText, Form, Line, MoneyText, Text
from webkit.core.kernel.i18n import gettext as _
from webkit.invoices.crediting import Extent
from webkit.invoices.figures import LineInput
from webkit.pricing.typed import UNITS, HabitsForm, price_of, share_or_amount

MAX_LINES = 100


class FiguresForm(HabitsForm):
    """What is decided about the figures of a whole invoice. A discount is `10 %` or an amount."""

    discount: Line(40) = ""  # type: ignore[valid-type]
    discount_reason: Line(160) = ""  # type: ignore[valid-type]
    charge: Line(40) = ""  # type: ignore[valid-type]
    charge_reason: Line(160) = ""  # type: ignore[valid-type]


class InvoiceForm(FiguresForm):
    """The head of an invoice and its figures; its lines come as parallel lists, one entry for each row."""

    client_id: UUID
    title: Line(200, 1)  # type: ignore[valid-type]
    payment_days: int = Field(14, ge=0, le=365)
    note: Text(2000) = ""  # type: ignore[valid-type]
    once: Line(64) = ""  # type: ignore[valid-type]
    revision: int = Field(0, ge=0, lt=2**31 - 1)


class LineForm(Form):
    """One row. An entirely empty row is left out."""

    description: Line(500, 1)  # type: ignore[valid-type]
    quantity: DecimalText = Decimal(1)
    unit: Literal["", *UNITS] = ""  # type: ignore[valid-type]
    price: Line(60, 1)  # type: ignore[valid-type]
    discount: Line(40) = ""  # type: ignore[valid-type]
    rate: Line(32) = ""  # type: ignore[valid-type]

    def read(self, currency: str, place: str) -> LineInput:
        """The line this means. Raises PricingError, naming the field and the line by its place."""
        return LineInput(
            description=self.description,
            quantity=self.quantity,
            price=price_of(self.price, currency, place),
            rate=self.rate,
            unit=self.unit,
            discount=share_or_amount(self.discount, currency, "discount", place),
        )


class TemplateForm(Form):
    """What a template is called."""

    name: Line(100, 1)  # type: ignore[valid-type]


class RefundForm(Form):
    """How much of a payment is to be given back."""

    amount: MoneyText
    note: Line(200) = ""  # type: ignore[valid-type]
    once: Line(64) = ""  # type: ignore[valid-type]


class CreditForm(Form):
    """How much of an invoice is credited, and why. Quantities come beside it, one for each line."""

    extent: Extent
    reason: Line(500, 3)  # type: ignore[valid-type]
    amount: MoneyText | None = None
    once: Line(64) = ""  # type: ignore[valid-type]


class QuantityForm(Form):
    """How much of a line is credited; nothing is none."""

    quantity: DecimalText | None = None


Row = dict[str, str]
COLUMNS = ("description", "quantity", "unit", "price", "discount", "rate")
SPARE = MAX_LINES + 20
"""So many rows are looked at, empty ones among them."""


def rows(given: Any) -> list[Row]:
    """Every row of the line editor as it was sent; `given` is the request's form."""
    columns = {name: given.getlist(f"line_{name}")[:SPARE] for name in COLUMNS}
    length = max((len(values) for values in columns.values()), default=0)
    return [
        {name: values[index] if index < len(values) else "" for name, values in columns.items()}
        for index in range(length)
    ]


def is_said(row: Row) -> bool:
    """Whether something was typed into a row: then it is a line, or says what is missing. Choices alone are none."""
    return any(row[name].strip() for name in ("description", "quantity", "price", "discount"))


def change(typed: list[Row], act: str) -> list[Row]:
    """The rows after a button of theirs: `up:2`, `down:2`, `copy:2`, `remove:2`; anything else changes nothing."""
    verb, at = (*act.split(":"), "")[:2]
    if not at.isdecimal() or len(at) > 3 or int(at) >= len(typed):
        return typed
    place, changed = int(at), list(typed)
    row = changed.pop(place)
    if verb == "copy":
        changed[place:place] = [row, dict(row)]
    elif verb in ("up", "down"):
        changed.insert(max(0, place + (1 if verb == "down" else -1)), row)
    elif verb != "remove":
        changed.insert(place, row)
    return changed


def too_many(lines: int) -> str | None:
    """A sentence when there are more lines than an invoice takes, or none at all."""
    if lines > MAX_LINES:
        return _("An invoice takes at most %(n)d lines.", n=MAX_LINES)
    return None if lines else _("An invoice needs at least one line.")
