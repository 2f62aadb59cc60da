"""What can be typed about a client."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from webkit.agencies.forms import Country, Locale, TaxNumber
from webkit.core.kernel.forms import Email, Form, Line, Text, Url


class ClientForm(Form):
    """A client; only the name is needed. Names are those of the columns."""

    name: Line(200)  # type: ignore[valid-type]
    contact_name: Line(100) = ""  # type: ignore[valid-type]
    email: Email | None = None
    phone: Line(40) = ""  # type: ignore[valid-type]
    website: Url | None = None
    street: Text(200) = ""  # type: ignore[valid-type]
    postcode: Line(20) = ""  # type: ignore[valid-type]
    city: Line(100) = ""  # type: ignore[valid-type]
    region: Line(100) = ""  # type: ignore[valid-type]
    country: Country
    tax_id: TaxNumber = ""  # type: ignore[valid-type]
    locale: Locale | None = None
    notes: Text(5000) = ""  # type: ignore[valid-type]
    payment_rule: Literal["", "net", "month_end", "receipt"] = ""
    payment_days: int | None = Field(None, ge=0, le=365)

    def values(self) -> dict[str, Any]:
        """Column names and values; an address of mail that is not there is none, because given ones are unique."""
        given = self.model_dump()
        return given | {"website": self.website or "", "locale": self.locale or ""}


class NotesForm(Form):
    notes: Text(5000) = ""  # type: ignore[valid-type]
