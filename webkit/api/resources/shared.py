"""What several kinds of documents have in common: figures, histories, files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from pydantic import Field, JsonValue, model_validator

from webkit.api.operations import Call, Operation
from webkit.api.paging import of_numbered
from webkit.api.shapes import Currency, Exact, Input, Number, Positive, View
from webkit.core.kernel import downloads, events, frozen
from webkit.core.kernel.errors import DomainError, Invalid
from webkit.core.kernel.forms import Email, Line, Text, wrong
from webkit.core.kernel.i18n import gettext as _
from webkit.pricing import Amount, Percent, PricingError
from webkit.pricing.terms import Category

PDF = "application/pdf"


class Reason(Input):
    """Why."""

    reason: Line(500, 3)  # type: ignore[valid-type]


class Cut(Input):
    """What is taken off: a percentage, or an amount in minor units."""

    percent: Number | None = None
    amount_minor: Positive | None = None

    @model_validator(mode="after")
    def _either(self) -> Cut:
        if (self.percent is None) == (self.amount_minor is None):
            raise wrong(_("Either a percentage or an amount, please."))
        return self

    def value(self, field: str) -> Percent | Amount:
        """For the kernel. Raises Invalid."""
        try:
            return Percent(self.percent) if self.percent is not None else Amount(self.amount_minor or 0)
        except PricingError as error:
            raise Invalid({f"/{field}": error.message}) from None


class SendIn(Input):
    """To whom the mail with the link goes; without `to_email` nothing is mailed: hand over the link yourself."""

    to_email: Email | None = None
    to_name: Line(160) = ""  # type: ignore[valid-type]
    message: Text(2000) = ""  # type: ignore[valid-type]


class Link(View):
    """Where the client reads it; null while the link is closed, or there is none yet."""

    url: str | None


class Rate(View):
    """A rate of tax, and why there is none where there is none."""

    category: Category
    percent: Exact
    reason: str
    code: str


class PricedLine(View):
    """A line as it was computed. `net`, `tax` and `gross` are what it leaves in the totals."""

    id: str
    description: str
    quantity: Exact
    unit: str
    unit_price: Exact
    rate: Rate
    amount_minor: int = Field(validation_alias="amount")
    net_minor: int = Field(validation_alias="net")
    tax_minor: int = Field(validation_alias="tax")
    gross_minor: int = Field(validation_alias="gross")


class Tax(View):
    """What one rate of tax comes to. In `base_minor` are a pension fund's contribution and stamp duty put on the bill;
    out of both sums is what deposit invoices had of them."""

    rate: Rate
    base_minor: int = Field(validation_alias="base")
    tax_minor: int = Field(validation_alias="tax")
    contribution_minor: int = Field(validation_alias="contribution")
    stamped_minor: int = Field(validation_alias="stamped")
    deducted_minor: int = Field(validation_alias="deducted")
    deducted_tax_minor: int = Field(validation_alias="deducted_tax")


class Totals(View):
    """What it all comes to. `payable_minor` is what is asked for: gross less what was paid before, is kept back by the
    client or paid by them to the state (`split_minor`), rounded to a coin."""

    subtotal_minor: int = Field(validation_alias="subtotal")
    discount_minor: int = Field(validation_alias="discount")
    charge_minor: int = Field(validation_alias="charge")
    net_minor: int = Field(validation_alias="net")
    tax_minor: int = Field(validation_alias="tax")
    gross_minor: int = Field(validation_alias="gross")
    prepaid_minor: int = Field(validation_alias="prepaid")
    withheld_minor: int = Field(validation_alias="withheld")
    split_minor: int = Field(validation_alias="split")
    rounding_minor: int = Field(validation_alias="rounding")
    payable_minor: int = Field(validation_alias="payable")


class Figures(View):
    """A computed document."""

    currency: Currency
    prices_include_tax: bool
    lines: list[PricedLine]
    taxes: list[Tax]
    totals: Totals


class Event(View):
    """Something that happened. `facts` depend on its kind; `personal` is what can be erased of it."""

    seq: int
    kind: str
    at: datetime
    subject: str
    facts: dict[str, JsonValue]
    personal: dict[str, JsonValue] | None
    hash: str


@contextmanager
def pointing() -> Iterator[None]:
    """Point at the line that the arithmetic refuses: it counts from 1, a pointer from 0."""
    names = {"price": "unit_price", "unit_price": "unit_price"}
    try:
        yield
    except PricingError as error:
        field = names.get(error.field or "", error.field or "")
        place = f"/lines/{int(error.line) - 1}" if error.line and error.line.isdecimal() else ""
        raise Invalid({f"{place}/{field}" if field else place or "/lines": error.message}) from None


@contextmanager
def slashed(below: str = "") -> Iterator[None]:
    """Fields of editors (`lines-0-price`) as pointers (`/offer/lines/0/price`)."""
    try:
        yield
    except Invalid as error:
        names = {name: name.replace("-", "/") for name in error.errors}
        found = {f"{below}/{names[name]}" if "-" in name else name: text for name, text in error.errors.items()}
        raise Invalid(found) from None


@contextmanager
def renamed(**names: str) -> Iterator[None]:
    """Fields as the API calls them, where the service knows them by the names that pages have."""
    try:
        yield
    except Invalid as error:
        raise Invalid({names.get(name, name): text for name, text in error.errors.items()}) from None
    except DomainError as error:
        error.field = names.get(error.field or "", error.field or "") or None
        raise


def history(kind: str, permission: str) -> Operation:
    """What happened to one document, the newest first."""
    argument = f"{kind}_id"

    def read(call: Call, limit: int, before: int | None) -> Any:
        return events.timeline(events.ref(kind, call.id(argument)), limit=limit, before=before)

    return Operation(
        f"{kind}s.events", "GET", f"/{kind}s/{{{argument}}}/events", permission, "What happened to it",
        of_numbered(read), paged=True, answer=Event,
    )  # fmt: skip


def pdf(kind: str, permission: str) -> Operation:
    """The PDF of a document as it was issued or sent, and sealed or accepted if it was."""
    argument = f"{kind}_id"

    def read(call: Call) -> Any:
        ends = (frozen.latest(f"{kind}{end}", call.id(argument)) for end in ("_sealed", "_accepted", ""))
        return downloads.pdf(next(filter(None, ends), None))

    return Operation(
        f"{kind}s.pdf", "GET", f"/{kind}s/{{{argument}}}/pdf", permission, "Download its PDF",
        read, media=PDF, about="Where files are kept elsewhere the answer is a redirect to where it is.",
    )  # fmt: skip
