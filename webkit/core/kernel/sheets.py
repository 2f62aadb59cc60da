"""Tables that leave the house as CSV or XLSX: real numbers and dates, exact amounts, no text that is a formula."""

from __future__ import annotations

import csv
import enum
import io
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from webkit.core.extensions import LazyText
from webkit.core.kernel.currencies import exponent
from webkit.core.values import dataclass

BOM = "\ufeff"
EXACT_DIGITS = 15
"""A spreadsheet's number is a float: with more digits it would be another one, so it stays a text."""
_CELL_WITHIN = re.compile(r"([;\t|]\s*)(?=[=+\-@])")
_STARTS_A_FORMULA = re.compile(r"[\t\r\n]|[\s\ufeff\u200b-\u200f]*[=+\-@|%＝＋－＠]")
"""Also behind what nobody sees, and as Japanese spreadsheets read them."""


class Format(enum.StrEnum):
    """How a sheet is written."""

    CSV = "csv"
    XLSX = "xlsx"


MEDIA = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a sheet and how wide it is, in characters."""

    label: LazyText
    width: int = 14


@dataclass(frozen=True, slots=True)
class Amount:
    """Money in a cell."""

    minor: int
    currency: str

    @property
    def digits(self) -> int:
        """Decimal places of its currency."""
        return exponent(self.currency)

    @property
    def exact(self) -> Decimal:
        """The same as a decimal with all the places of its currency."""
        return Decimal(self.minor).scaleb(-self.digits)


Cell = str | int | Decimal | Amount | date | datetime | None


def write(
    into: BinaryIO,
    form: Format,
    title: str,
    columns: Sequence[Column],
    rows: Iterable[Sequence[Cell]],
    *,
    timezone: str,
    bom: bool = True,
) -> int:
    """Write a sheet row by row and say how many rows it has. Memory does not grow with it."""
    if form is Format.CSV:
        return _csv(into, columns, rows, timezone, bom)
    return _xlsx(into, title, columns, rows, timezone)


def guarded(text: str) -> str:
    """A text that no spreadsheet takes for a formula: an apostrophe in front says so.

    There is one too behind what separates cells in other countries' spreadsheets: Excel goes by its own separator, and
    a first line that names ours would make it forget the encoding.
    """
    within = _CELL_WITHIN.sub(r"\1'", text)
    return f"'{within}" if _STARTS_A_FORMULA.match(text) else within


def _csv(into: BinaryIO, columns: Sequence[Column], rows: Iterable[Sequence[Cell]], timezone: str, bom: bool) -> int:
    text = io.TextIOWrapper(into, encoding="utf-8", newline="", write_through=True)
    if bom:
        text.write(BOM)  # or else Excel reads another encoding
    writer, count, zone = csv.writer(text), 0, ZoneInfo(timezone)
    writer.writerow([guarded(str(column.label)) for column in columns])
    for count, row in enumerate(rows, start=1):  # noqa: B007  counted for the answer
        writer.writerow([_plain(cell, zone) for cell in row])
    text.detach()
    return count


def _plain(cell: Cell, zone: ZoneInfo) -> str:
    """Amounts with a point, days as YYYY-MM-DD: what every program reads."""
    if isinstance(cell, Amount):
        return f"{cell.exact:f}"
    if isinstance(cell, datetime):
        return cell.astimezone(zone).strftime("%Y-%m-%d %H:%M")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    return guarded(cell) if isinstance(cell, str) else "" if cell is None else str(cell)


def _xlsx(into: BinaryIO, title: str, columns: Sequence[Column], rows: Iterable[Sequence[Cell]], timezone: str) -> int:
    from xlsxwriter import Workbook  # type: ignore[import-untyped]  # here: only those who export load it

    texts_stay_texts = {"strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
    book = Workbook(into, {"constant_memory": True, **texts_stay_texts})
    sheet = book.add_worksheet(_sheet_name(title))
    pen = _Pen(book, sheet, ZoneInfo(timezone))
    for at, column in enumerate(columns):
        sheet.set_column(at, at, column.width)
        sheet.write_string(0, at, str(column.label), pen.head)
    sheet.freeze_panes(1, 0)
    count = 0
    for count, row in enumerate(rows, start=1):
        for at, cell in enumerate(row):
            pen.cell(count, at, cell)
    book.close()
    return count


def _sheet_name(title: str) -> str:
    """At most 31 characters, without those a sheet's name may not have."""
    return "".join(sign for sign in title if sign not in "[]:*?/\\'")[:31] or "1"


class _Pen:
    """Writes cells, each with the look of what it is."""

    def __init__(self, book: Any, sheet: Any, zone: ZoneInfo) -> None:
        self._book, self._sheet, self._zone = book, sheet, zone
        self.head = book.add_format({"bold": True})
        self._day = book.add_format({"num_format": "yyyy-mm-dd"})
        self._moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        self._amounts: dict[int, Any] = {}

    def cell(self, row: int, at: int, cell: Cell) -> None:
        """Write one cell. An empty one is left out."""
        if isinstance(cell, Amount):
            self._number(row, at, cell.exact, self._amount(cell.digits))
        elif isinstance(cell, datetime):
            self._sheet.write_datetime(row, at, cell.astimezone(self._zone).replace(tzinfo=None), self._moment)
        elif isinstance(cell, date):
            self._sheet.write_datetime(row, at, cell, self._day)
        elif isinstance(cell, int | Decimal):
            self._number(row, at, Decimal(cell), None)
        elif cell:
            self._sheet.write_string(row, at, cell)

    def _number(self, row: int, at: int, number: Decimal, look: Any) -> None:
        if len(number.as_tuple().digits) > EXACT_DIGITS:
            self._sheet.write_string(row, at, f"{number:f}", look)
        else:
            self._sheet.write_number(row, at, number, look)

    def _amount(self, digits: int) -> Any:
        if digits not in self._amounts:
            pattern = "#,##0." + "0" * digits if digits else "#,##0"
            self._amounts[digits] = self._book.add_format({"num_format": pattern})
        return self._amounts[digits]
