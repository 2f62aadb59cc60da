"""Files of every kind of writing become tables, or are said to be none."""

from __future__ import annotations

import io

import pytest

from webkit.imports import reading
from webkit.imports.reading import Row, Unreadable

TEXT = "Name;Città\nCaffè Olmo;Forlì €\n"


@pytest.mark.parametrize(
    ("encoding", "seen"),
    [
        ("utf-8", "utf-8-sig"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("cp1252", "cp1252"),
    ],
)
def test_an_encoding_is_recognised(encoding: str, seen: str) -> None:
    body = io.BytesIO(TEXT.encode(encoding))
    found = reading.encoding_of(body)
    assert found == seen
    separator = reading.separator_of(reading.text_of(body.getvalue(), found))
    assert [row.cells for row in reading.rows(body, found, separator)] == [["Caffè Olmo", "Forlì €"]]


@pytest.mark.parametrize(
    ("text", "separator"),
    [
        ("a,b\n1,2\n", ","),
        ("a;b\n1,5;2,5\n", ";"),
        ("a\tb\n1,5\t2;5\n", "\t"),
        ("a|b\n1|2\n", "|"),
        ("sep=;\na,b;c\n1;2\n", ";"),
        ('"x, y";z\n"1, 2";3\n', ";"),
        ("alone\n1\n", ","),
    ],
)
def test_a_separator_is_recognised(text: str, separator: str) -> None:
    assert reading.separator_of(text) == separator


def test_lines_are_counted_as_editors_count_them() -> None:
    body = io.BytesIO(b'sep=;\r\na;b\r\n"x\r\ny";2\r\n\r\n;\r\n3;4\r\n')
    assert list(reading.rows(body, "utf-8-sig", ";")) == [Row(3, ["x\r\ny", "2"]), Row(7, ["3", "4"])]


def test_headings_are_told_apart() -> None:
    assert reading.headings(["Name", " Name ", "", "Name", ""]) == ("Name", "Name (2)", "Column 3", "Name (3)")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b" \n ", "empty"),
        (b"PK\x03\x04" + b"x" * 50, "Excel"),
        (b"%PDF-1.7 x", "PDF"),
        (bytes(range(256)) * 20, "not a text"),
        (b"a,b\n1,\0\n", "not a text"),
        (b"a,b\n", "nothing under them"),
        (b",,\n1,2,3\n", "nothing under them"),
        (b'a,b\n"never closed,2\n', "line 2"),
        (b"a,b\n" + b"x" * 1_000_000 + b",1\n", "ine 2"),
        (b"a,b\n" + b"x," * 300 + b"\n", "Line 2 has more than 200 cells"),
        (b"a,b\n" + b"x" * 30_000 + b",1\n", "Line 2 has a cell"),
    ],
)
def test_what_is_no_table_is_said_to_be_none(content: bytes, words: str) -> None:
    body = io.BytesIO(content)
    with pytest.raises(Unreadable, match=words):
        encoding = reading.encoding_of(body)
        separator = reading.separator_of(reading.text_of(content[: reading.HEAD], encoding))
        table = reading.beginning(content[: reading.HEAD], encoding, separator, whole=len(content) <= reading.HEAD)
        list(reading.rows(body, encoding, ","))
        pytest.fail(str(table))


def test_the_last_line_of_a_beginning_that_was_cut_is_left_out() -> None:
    table = reading.beginning(b"a,b\n1,2\n3,\xc3", "utf-8-sig", ",", whole=False)
    assert [row.cells for row in table.rows] == [["1", "2"]]


def test_there_are_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_ROWS", 2)
    with pytest.raises(Unreadable, match="more than 2 lines"):
        list(reading.rows(io.BytesIO(b"a\n1\n2\n3\n"), "utf-8-sig", ","))


def test_a_zero_is_in_no_text() -> None:
    body = io.BytesIO("Name;City\nOl\0mo;Roma\n".encode("utf-16"))
    with pytest.raises(Unreadable, match="Line 2"):
        list(reading.rows(body, "utf-16", ";"))
