"""What is typed about money."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from pydantic import Field

from webkit.core.kernel.errors import Invalid
from webkit.core.kernel.forms import DecimalText, Form, Line, MoneyText, Text
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.money import is_currency, parse_money
from webkit.invoices.service import Payable
from webkit.receipts.service import Method, RecordInput

PART = "part-"


class MoneyForm(Form):
    """What recording and giving back have in common."""

    method: Method
    day: date
    currency: Line(3, 3)  # type: ignore[valid-type]
    amount: MoneyText
    reference: Line(140) = ""  # type: ignore[valid-type]
    note: Text(500) = ""  # type: ignore[valid-type]
    once: Line(64) = ""  # type: ignore[valid-type]


class RecordForm(MoneyForm):
    """Money that came; `rate` where it is in another currency than the agency's."""

    rate: DecimalText | None = Field(default=None)


class ApplyForm(Form):
    """So much of the credit for that invoice."""

    invoice: UUID
    amount: MoneyText
    once: Line(64) = ""  # type: ignore[valid-type]


class RateForm(Form):
    """What one unit of a currency was worth in the agency's."""

    source: Line(64, 3)  # type: ignore[valid-type]
    rate: DecimalText


def minor(text: str, currency: str, field: str = "amount") -> int:
    """The amount that was typed. Raises Invalid at its field."""
    if not is_currency(currency):
        raise Invalid({"currency": _("Please choose one of the offered values.")})
    try:
        return parse_money(text, currency)
    except ValueError as error:
        raise Invalid({field: str(error)}) from None


def parts(typed: Mapping[str, str], open_: list[Payable]) -> dict[UUID, int]:
    """What is to be paid of each invoice, in its currency. Raises Invalid with every field that is no amount, and for
    an invoice that was open when the form was shown and is not any more: nobody's money becomes credit unsaid."""
    wrong: dict[str, str] = {}
    found: dict[UUID, int] = {}
    known = {f"{PART}{each.id}": each for each in open_}
    for name in typed:
        if not name.startswith(PART) or not (text := typed[name].strip()):
            continue
        if (each := known.get(name)) is None:
            wrong["amount"] = _("An invoice that you chose is no longer open. Look again at what this pays.")
            continue
        try:
            found[each.id] = minor(text[:40], each.currency, name)
        except Invalid as error:
            wrong |= error.errors
    if wrong:
        raise Invalid(wrong)
    return found


def recorded(client_id: UUID, given: RecordForm, typed: Mapping[str, str], open_: list[Payable]) -> RecordInput:
    """What was typed, in minor units. Raises Invalid with every field that is no amount."""
    wrong: dict[str, str] = {}
    pays: dict[UUID, int] = {}
    amount = 0
    try:
        pays = parts(typed, open_)
    except Invalid as error:
        wrong |= error.errors
    try:
        amount = minor(given.amount, given.currency)
    except Invalid as error:
        wrong |= error.errors
    if wrong:
        raise Invalid(wrong)
    return RecordInput(
        client_id, given.method, given.day, given.currency, amount, given.reference, given.note, given.rate, pays
    )
