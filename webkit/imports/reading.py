"""Files as tables: which signs they are written in, what separates their cells, and the lines they stand in.

Everything is bounded, and what is no table is said to be none before anybody has to look at it.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from typing import BinaryIO

from webkit.core.kernel.errors import DomainError
from webkit.core.kernel.i18n import gettext as _
from webkit.core.values import dataclass

MOST_BYTES = 20 * 1024 * 1024
MOST_ROWS = 100_000
MOST_COLUMNS = 200
LONGEST_CELL = 20_000
HEAD = 64 * 1024
PIECE = 1024 * 1024
SEPARATORS = (",", ";", "\t", "|")
ENCODINGS = {
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "cp1252": "Windows-1252",
}
_OTHERS = {b"PK\x03\x04": "Excel", b"\xd0\xcf\x11\xe0": "Excel", b"%PDF": "PDF"}
_SAID = re.compile(r"sep=(.)\r?\n?", re.IGNORECASE)


class Unreadable(DomainError):
    """Not a table. The message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table; `line` is where it begins in the file, as editors count."""

    line: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Table:
    """The beginning of a file: headings, each once, and what stands under them."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def encoding_of(body: BinaryIO) -> str:
    """What the file is written in. Raises Unreadable for what is no text."""
    body.seek(0)
    head = body.read(HEAD)
    if not head.strip():
        raise Unreadable(_("This file is empty."), "file")
    for mark, name in _OTHERS.items():
        if head.startswith(mark):
            raise Unreadable(
                _("This is no CSV file but %(kind)s. Save the table as CSV, and choose that one.", kind=name), "file"
            )
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if wide := _without_mark(head):
        return wide
    for name in ("utf-8-sig", "cp1252"):
        if _is_all(body, name):
            return name
    raise Unreadable(_("This file is not a text. Export the table as CSV, and choose that one."), "file")


def _without_mark(head: bytes) -> str:
    """UTF-16 of a western text has a zero in every other byte."""
    odd, even = head[1::2].count(0), head[::2].count(0)
    half = len(head) // 2
    if half > 7 and odd > half * 0.4 and even < half * 0.1:
        return "utf-16-le"
    return "utf-16-be" if half > 7 and even > half * 0.4 and odd < half * 0.1 else ""


def _is_all(body: BinaryIO, encoding: str) -> bool:
    """Whether every byte is a sign of a text in this encoding."""
    body.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while piece := body.read(PIECE):
            if b"\0" in piece:
                return False
            decoder.decode(piece)
        decoder.decode(b"", True)
    except UnicodeError:
        return False
    return True


def text_of(head: bytes, encoding: str) -> str:
    """The beginning of a file as text; a sign that was cut off is left out."""
    try:
        return codecs.getincrementaldecoder(encoding)().decode(head)
    except UnicodeError:
        raise Unreadable(_("In this encoding the file cannot be read. Choose another one."), "encoding") from None


def separator_of(text: str) -> str:
    """What most likely separates the cells: what splits most lines into as many cells as the headings."""
    if said := _SAID.match(text):
        return said[1]
    lines = text.splitlines(keepends=True)[:50]
    scores = {each: _score(lines, each) for each in SEPARATORS}
    return max(SEPARATORS, key=lambda each: scores[each])


def _score(lines: list[str], separator: str) -> tuple[int, int]:
    try:
        widths = [len(cells) for cells in csv.reader(lines, delimiter=separator) if any(cells)]
    except csv.Error:
        return 0, 0
    if not widths or widths[0] < 2:
        return 0, 0
    return sum(width == widths[0] for width in widths), widths[0]


def beginning(head: bytes, encoding: str, separator: str, *, whole: bool, most: int = 400) -> Table:
    """Headings and first rows; the last one of a file that was cut is left out. Raises Unreadable."""
    text = text_of(head, encoding)
    found: list[Row] = []
    try:
        for row in _rows(io.StringIO(text, newline=""), separator):
            found.append(row)
            if len(found) > most:
                break
        else:
            found = found if whole else found[:-1]
    except Unreadable:
        if whole or len(found) < 2:
            raise
    if not found:
        raise Unreadable(_("The first line does not end. Is this a table?"), "file")
    columns = headings(found[0].cells)
    if len(found) == 1:
        raise Unreadable(_("There are headings in this file and nothing under them."), "file")
    return Table(columns, tuple(found[1:]))


def headings(cells: list[str]) -> tuple[str, ...]:
    """The names of the columns; one that occurs again is told apart, one without a name is called by its place."""
    names: list[str] = []
    for place, cell in enumerate(cells, start=1):
        name = " ".join(cell.split())[:100] or _("Column %(n)s", n=place)
        alike, number = name, 2
        while alike in names:
            alike, number = f"{name} ({number})", number + 1
        names.append(alike)
    while names and not cells[len(names) - 1].strip():
        names.pop()  # a separator at the end of the line
    return tuple(names)


def rows(body: BinaryIO, encoding: str, separator: str) -> Iterator[Row]:
    """Every line under the headings. Raises Unreadable where the table breaks off, naming the line."""
    body.seek(0)
    text = io.TextIOWrapper(body, encoding, newline="")
    try:
        found = _rows(text, separator)
        next(found, None)
        for count, row in enumerate(found, start=1):
            if count > MOST_ROWS:
                raise Unreadable(_("There are more than %(most)s lines. Divide the file, please.", most=MOST_ROWS))
            yield row
    except UnicodeError:
        raise Unreadable(_("In this encoding the file cannot be read to its end. Choose another one.")) from None
    finally:
        text.detach()


def _rows(text: io.TextIOBase, separator: str) -> Iterator[Row]:
    start = text.tell() if text.seekable() else 0
    first = text.readline(200)
    skipped = 1 if _SAID.fullmatch(first) else 0
    if not skipped:
        text.seek(start)
    reader = csv.reader(text, delimiter=separator, strict=True)
    before = 0
    try:
        for cells in reader:
            line, before = before + 1 + skipped, reader.line_num
            if not any(cell.strip() for cell in cells):
                continue
            _demand_bounds(line, cells)
            yield Row(line, cells)
    except csv.Error:
        where = before + 1 + skipped
        text_ = _(
            "From line %(line)s on this is no table: a quotation mark is not closed, or a cell has no end.", line=where
        )
        raise Unreadable(text_) from None


def _demand_bounds(line: int, cells: list[str]) -> None:
    if len(cells) > MOST_COLUMNS:
        raise Unreadable(_("Line %(line)s has more than %(most)s cells.", line=line, most=MOST_COLUMNS))
    if any("\0" in cell for cell in cells):
        raise Unreadable(_("Line %(line)s has a sign that is in no text. Is this a table?", line=line))
    if any(len(cell) > LONGEST_CELL for cell in cells):
        raise Unreadable(_("Line %(line)s has a cell of more than %(most)s signs.", line=line, most=LONGEST_CELL))
