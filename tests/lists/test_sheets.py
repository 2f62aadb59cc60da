"""Sheets: real numbers and days, exact amounts, and no text that becomes a formula."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from datetime import UTC, date, datetime

import pytest

from webkit.core.kernel import sheets
from webkit.core.kernel.sheets import Amount, Column, Format

COLUMNS = (Column("Name"), Column("=Total"), Column("Day"), Column("Moment"))
MOMENT = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
ROWS = (
    ("=HYPERLINK(1)", Amount(-123456, "EUR"), date(2026, 11, 22), MOMENT),
    ("-5", Amount(7, "JPY"), None, None),
    ("Caffè", Amount(10**15, "KWD"), None, None),
)


def written(form: Format, **options: bool) -> bytes:
    into = io.BytesIO()
    assert sheets.write(into, form, "Inv: 1/2", COLUMNS, ROWS, timezone="Europe/Rome", **options) == 3
    return into.getvalue()


def test_csv_is_plain_and_harmless() -> None:
    content = written(Format.CSV, bom=False)
    assert list(csv.reader(io.StringIO(content.decode()))) == [
        ["Name", "'=Total", "Day", "Moment"],
        ["'=HYPERLINK(1)", "-1234.56", "2026-11-22", "2026-11-22 00:30"],
        ["'-5", "7", "", ""],
        ["Caffè", "1000000000000.000", "", ""],
    ]
    assert written(Format.CSV, bom=True) == b"\xef\xbb\xbf" + content


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "|", "%"])
def test_no_text_is_a_formula(start: str) -> None:
    assert sheets.guarded(f"{start}1+1") == f"'{start}1+1"


def test_xlsx_has_numbers_and_days() -> None:
    with zipfile.ZipFile(io.BytesIO(written(Format.XLSX))) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        names = book.read("xl/workbook.xml").decode()
        looks = book.read("xl/styles.xml").decode()
    assert "<f>" not in sheet and "=HYPERLINK(1)" in sheet
    assert re.search(r'<c r="B2" s="\d+"><v>-1234.56</v>', sheet) and re.search(r'<c r="B3" s="\d+"><v>7</v>', sheet)
    assert "1000000000000.000" in sheet, "more digits than a float has stay a text"
    assert re.search(r'<c r="C2" s="\d+"><v>46348</v>', sheet)
    assert 'name="Inv 12"' in names and "#,##0.00" in looks and "yyyy-mm-dd" in looks


def test_no_text_is_a_formula_with_another_separator() -> None:
    assert sheets.guarded("Acme;=1+1") == "Acme;'=1+1"
    assert sheets.guarded("a|b\t @c; d") == "a|b\t '@c; d"
