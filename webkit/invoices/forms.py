"""What may be typed into an invoice."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import Field

from webkit.core.kernel.forms import DecimalText, Form, Line, MoneyText, Text
from webkit.core.kernel.i18n import gettext as _
from webkit.invoices.crediting import Extent

MAX_LINES = 100


class InvoiceForm(Form):
    """The head of an invoice; its lines come as parallel lists, one entry for each row."""

    client_id: UUID
    title: Line(200, 1)  # type: ignore[valid-type]
    payment_days: int = Field(14, ge=0, le=365)
    note: Text(2000) = ""  # type: ignore[valid-type]
    once: Line(64) = ""  # type: ignore[valid-type]
    revision: int = Field(0, ge=0, le=2**31 - 1)


class LineForm(Form):
    """One row. An entirely empty row is left out."""

    description: Line(500, 1)  # type: ignore[valid-type]
    quantity: DecimalText = Decimal(1)
    price: DecimalText
    rate: Line(32) = ""  # type: ignore[valid-type]


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


COLUMNS = ("description", "quantity", "price", "rate")


def rows(given: Any) -> list[dict[str, str]]:
    """The typed rows of the line editor, empty ones left out; `given` is the request's form."""
    columns = {name: given.getlist(f"line_{name}")[: MAX_LINES + 1] for name in COLUMNS}
    length = max((len(values) for values in columns.values()), default=0)
    all_rows = [
        {name: values[index] if index < len(values) else "" for name, values in columns.items()}
        for index in range(length)
    ]
    return [row for row in all_rows if row["description"].strip() or row["price"].strip()]


def too_many(typed: list[dict[str, str]]) -> str | None:
    """A sentence when there are more rows than an invoice takes, or none at all."""
    if len(typed) > MAX_LINES:
        return _("An invoice takes at most %(n)d lines.", n=MAX_LINES)
    return None if typed else _("An invoice needs at least one line.")
