"""What may be typed into a credit note, and into the question how much money goes back."""

from __future__ import annotations

from uuid import UUID

from webkit.core.kernel.forms import DecimalText, Form, Line, MoneyText
from webkit.invoices.crediting import Extent


class CreditForm(Form):
    """How much of an invoice is credited, and why; quantities come beside it, one for each line. With `give_back` money
    goes back too: `return_amount` of `payment_id`, or as much as is credited."""

    extent: Extent
    reason: Line(500, 3)  # type: ignore[valid-type]
    amount: MoneyText | None = None
    give_back: bool = False
    payment_id: UUID | None = None
    return_amount: MoneyText | None = None
    once: Line(64) = ""  # type: ignore[valid-type]


class QuantityForm(Form):
    """How much of a line is credited; nothing is none."""

    quantity: DecimalText | None = None


class RefundForm(Form):
    """How much of a payment is to be given back."""

    amount: MoneyText
    note: Line(200) = ""  # type: ignore[valid-type]
    once: Line(64) = ""  # type: ignore[valid-type]
