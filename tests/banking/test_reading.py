"""Statements of banks: what is read, and what is refused before anything is built of it."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webkit.banking.matching import Suggestion, suggest
from webkit.banking.reading import MOST_BYTES, MOST_LINES, Line, Unreadable, identified, read
from webkit.invoices.service import Payable

CAMT = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt>
<Acct><Id><IBAN>IT60X0542811101000000123456</IBAN></Id></Acct>
{entries}
</Stmt></BkToCstmrStmt></Document>"""
ENTRY = """<Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{sign}</CdtDbtInd><Sts><Cd>{status}</Cd></Sts>
<BookgDt><Dt>2026-03-31</Dt></BookgDt><AcctSvcrRef>{key}</AcctSvcrRef><NtryDtls>{details}</NtryDtls></Ntry>"""
DETAIL = """<TxDtls>{amount}<RltdPties><Dbtr><Pty><Nm>Caffè Olmo S.r.l.</Nm></Pty></Dbtr>
<DbtrAcct><Id><IBAN>DE89370400440532013000</IBAN></Id></DbtrAcct></RltdPties>
<RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls>"""


def entry(amount: str = "122.00", sign: str = "CRDT", status: str = "BOOK", key: str = "B1", details: str = "") -> str:
    told = details or DETAIL.format(amount="", text="INV-2026-0001")
    return ENTRY.format(amount=amount, sign=sign, status=status, key=key, details=told)


def camt(*entries: str) -> bytes:
    return CAMT.format(entries="".join(entries)).encode()


def test_an_entry_says_who_when_and_what_for() -> None:
    (line,) = read(camt(entry()), "EUR")
    assert line == Line(
        date(2026, 3, 31), "EUR", 12_200, "Caffè Olmo S.r.l.", "DE89370400440532013000", "INV-2026-0001",
        "B1", "IT60X0542811101000000123456",
    )  # fmt: skip


def test_what_went_and_what_is_not_booked() -> None:
    lines = read(camt(entry(sign="DBIT"), entry(status="PDNG", key="B2")), "EUR")
    assert [line.amount_minor for line in lines] == [-12_200]


def test_a_collected_entry_is_told_part_by_part() -> None:
    parts = [
        DETAIL.format(amount=f'<Amt Ccy="EUR">{a}</Amt>', text=t) for a, t in (("100.00", "one"), ("22.00", "two"))
    ]
    assert [(each.amount_minor, each.text) for each in read(camt(entry(details="".join(parts))), "EUR")] == [
        (10_000, "one"), (2_200, "two"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b'<!DOCTYPE x [<!ENTITY a "b">]><Document/>', "document type"),
        ('<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE x><x/>'.encode("utf-16"), "headings|broken|document type"),
        (b"<Document>", "broken"),
        (b"<Document/>", "no statement"),
        (camt(entry(amount="12.345")), "amount that is none"),
        (camt(entry(amount="NaN")), "amount that is none"),
        (camt(entry(amount="-1")), "amount that is none"),
        (camt(entry(amount="1e999999")), "amount that is none"),
        (camt(entry(amount="1_0")), "amount that is none"),
        (b"<x:a/>", "broken"),
        (b'<a xmlns:x="u" xmlns:y="u" x:b="1" y:b="2"/>', "broken"),
        (b'<?xml version="1.0" encoding="big5"?><a/>', "broken"),
        (b'<?xml version="1.0" encoding="nobody-knows"?><a/>', "broken"),
        (b"Date,Amount\n" + b"2026-01-01,1\n" * (MOST_LINES + 1), "At most"),
        (camt(entry()).replace(b'"EUR"', b'"EUX"'), "currency nobody knows"),
        (camt(entry()).replace(b"2026-03-31", b"2026-13-31"), "day that is none"),
        (b"a,b\n1,2\n", "headings"),
        (b"Date,Amount\nyesterday,2\n", "Line 2"),
        (b"Date,Amount\n2026-01-01,much\n", "Line 2"),
        (b"x" * (MOST_BYTES + 1), "too large"),
    ],
)
def test_what_is_none_is_refused(body: bytes, says: str) -> None:
    with pytest.raises(Unreadable, match=says):
        read(body, "EUR")


def test_csv_by_its_headings() -> None:
    body = (
        "Buchungstag;Betrag;Währung;Auftraggeber;IBAN;Verwendungszweck\n31.03.2026;1.234,50;EUR;Olmo;DE89 3704;RF18\n"
    )
    (line,) = read(body.encode("cp1252"), "EUR")
    assert line == Line(date(2026, 3, 31), "EUR", 123_450, "Olmo", "DE893704", "RF18")
    assert [each.amount_minor for each in read(b"Date,Amount\n2026-03-31,-5.00\n31/03/2026,7.00\n", "EUR")] == [
        -500,
        700,
    ]


@pytest.mark.parametrize("typed", ["31.03.26", "31/3/2026", "2026/03/31", "31.03.2026 10:15", "2026-03-31T10:15:00"])
def test_days_as_banks_write_them(typed: str) -> None:
    (line,) = read(f"Date;Amount\n{typed};5\n".encode(), "EUR")
    assert line.day == date(2026, 3, 31)


def test_a_column_of_what_came_has_no_cell_for_what_went() -> None:
    body = b"Data;Addebiti;Accrediti\n31/03/2026;7,00;\n31/03/2026;;5,00\n"
    assert [each.amount_minor for each in read(body, "EUR")] == [0, 500]
    with pytest.raises(Unreadable, match="Line 2"):
        read(b"Date,Amount\n2026-03-31,\n", "EUR")


def test_a_name_that_says_there_is_none_tells_no_lines_apart() -> None:
    details = [DETAIL.format(amount="", text=text) for text in ("first", "second")]
    one, two = (identified(read(camt(entry(key="NONREF", details=each)), "EUR"))[0][0] for each in details)
    assert one != two


def test_parts_in_another_currency_are_not_what_came() -> None:
    parts = [DETAIL.format(amount=f'<Amt Ccy="USD">{a}</Amt>', text="part") for a in ("100.00", "22.00")]
    (line,) = read(camt(entry(details="".join(parts))), "EUR")
    assert (line.amount_minor, line.currency) == (12_200, "EUR")


def test_equal_lines_are_two_and_the_same_in_every_file() -> None:
    body = b"Date,Amount,Text\n2026-03-31,5.00,rent\n2026-03-31,5.00,rent\n"
    first, second = (identity for identity, _line in identified(read(body, "EUR")))
    assert first != second
    assert [identity for identity, _line in identified(read(body + b"2026-04-01,6.00,rent\n", "EUR"))][:2] == [
        first,
        second,
    ]


@given(st.binary(max_size=300))
def test_garbage_is_refused_or_read(body: bytes) -> None:
    for body_ in (body, b"<" + body, b"Date,Amount\n" + body):
        with suppress(Unreadable):
            assert all(isinstance(line, Line) for line in read(body_, "EUR"))


ONE, TWO = UUID(int=1), UUID(int=2)
NAMES = {ONE: "Caffè Olmo S.r.l.", TWO: "Harbour & Pine"}


def invoice(number: str, open_: int, client: UUID = ONE, currency: str = "EUR") -> Payable:
    return Payable(UUID(int=open_), client, number, "Work", currency, open_, open_, None)


def found(amount: int, text: str = "", name: str = "", payer: UUID | None = None) -> Suggestion | None:
    open_ = [invoice("INV-2026-0001", 12_200), invoice("INV-2026-0011", 5_000), invoice("H-77", 9_000, TWO)]
    return suggest(amount, "EUR", text, name, open_, NAMES, payer)


def parts(suggestion: Suggestion | None) -> list[tuple[str, int]]:
    return [(each.number, minor) for each, minor in suggestion.parts] if suggestion else []


def test_the_number_says_it() -> None:
    assert parts(found(12_200, "Invoice INV-2026-0001 thanks")) == [("INV-2026-0001", 12_200)]
    assert parts(found(15_000, "inv 2026 0001, INV20260011")) == [("INV-2026-0001", 12_200), ("INV-2026-0011", 2_800)]
    assert found(12_200, "INV-2026-00010") is None
    assert found(100, "H-77") is None, "too short to say anything"


def test_else_the_payer_and_the_amount() -> None:
    assert parts(found(5_000, name="CAFFE OLMO SRL")) == []
    assert parts(found(5_000, name="Caffè Olmo S.r.l. Milano")) == [("INV-2026-0011", 5_000)]
    assert parts(found(17_200, name="CAFFÈ OLMO SRL")) == [("INV-2026-0001", 12_200), ("INV-2026-0011", 5_000)]
    assert parts(found(9_000, payer=TWO)) == [("H-77", 9_000)]
    unknown = found(1, payer=TWO)
    assert unknown is not None and unknown.parts == () and not unknown.sure
    assert found(5_000) is None
