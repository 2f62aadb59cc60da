"""What somebody has decided about a file: how it is written, and which of its columns holds what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, field
from typing import Any

from webkit.core.kernel.currencies import is_currency
from webkit.core.kernel.i18n import gettext as _
from webkit.core.values import dataclass
from webkit.imports import fields, reading, values
from webkit.imports.models import Kind

STATES = ("open", "paid", "credited")


@dataclass(frozen=True, slots=True)
class Reading:
    """Decisions about a file; an empty one has not been made. `columns` are places by field, of `width` columns.

    `update` says what becomes of a client who is here already: stay, or say what the file says.
    """

    encoding: str
    separator: str
    decimal: str = ""
    order: str = ""
    currency: str = ""
    country: str = ""
    state: str = ""
    update: bool = False
    columns: Mapping[str, int] = field(default_factory=dict)
    width: int = reading.MOST_COLUMNS

    def to_dict(self) -> dict[str, Any]:
        """For keeping."""
        return asdict(self)

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> Reading:
        """What was kept."""
        return cls(**kept)

    def missing(self, kind: Kind) -> dict[str, str]:
        """What has to be decided before the file can be read, as sentences by the field of the form."""
        wrong = {
            f"column_{each.key}": _("This has to be in the file: choose its column.")
            for each in fields.FIELDS[kind]
            if each.required and each.key not in self.columns
        }
        shapes = {each.shape for each in fields.FIELDS[kind] if each.key in self.columns}
        if self.decimal not in (values.POINT, values.COMMA) and shapes & {"amount", "number", "percent"}:
            wrong["decimal"] = _("Please say how amounts are written: the file could be read in two ways.")
        if self.order not in values.ORDERS and "date" in shapes:
            wrong["order"] = _("Please say how dates are written: the file could be read in two ways.")
        return wrong | (self._missing_of_invoices() if kind is Kind.INVOICES else {})

    def _missing_of_invoices(self) -> dict[str, str]:
        wrong = {}
        if not self._has(fields.WHOM):
            wrong["column_client_name"] = _("Whose invoices are these? Choose the client’s name, e-mail or tax number.")
        if not (self._has(("total", "line_amount")) or {"net", "tax"} <= self.columns.keys()):
            wrong["column_total"] = _("What do the invoices come to? Choose the total, or the amounts of the lines.")
        if not self._has(fields.TAXED):
            wrong["column_tax"] = _(
                "What of the total is tax? Choose the tax, the total without tax, or the tax of lines."
            )
        if not self._has(fields.PAID) and self.state not in STATES:
            wrong["state"] = _("The file does not tell what was paid: say it for all of these invoices.")
        if "currency" not in self.columns and not is_currency(self.currency):
            wrong["currency"] = _("Please choose one of the offered values.")
        return wrong

    def _has(self, keys: Sequence[str]) -> bool:
        return any(key in self.columns for key in keys)


def proposed(kind: Kind, table: reading.Table, encoding: str, separator: str, like: Reading | None) -> Reading:
    """What is most likely right: as the last file with these headings was read, or as the file itself proves."""
    if like is not None and max(like.columns.values(), default=0) < len(table.columns):
        kept = like.to_dict() | {"encoding": encoding, "separator": separator, "width": len(table.columns)}
        return Reading.from_dict(kept)
    columns = fields.recognised(kind, table.columns)
    decimal, order = proven(kind, table, columns)
    return Reading(encoding, separator, decimal, order, columns=columns, width=len(table.columns))


def proven(kind: Kind, table: reading.Table, columns: Mapping[str, int]) -> tuple[str, str]:
    """How amounts and how dates are written, as far as these columns prove it."""
    shapes = {each.key: each.shape for each in fields.FIELDS[kind]}
    amounts = [columns[key] for key in columns if shapes[key] in ("amount", "number")]
    dates = [columns[key] for key in columns if shapes[key] == "date"]
    return values.decimal_sign(_cells(table, amounts)), values.order_of(_cells(table, dates))


def _cells(table: reading.Table, columns: Sequence[int]) -> list[str]:
    return [
        row.cells[column] for row in table.rows for column in columns if column < len(row.cells) and row.cells[column]
    ]
