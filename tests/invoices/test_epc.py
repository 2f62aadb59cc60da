"""The code a bank's app reads a transfer from: the payload its rules ask for, and nothing where they do not hold."""

from __future__ import annotations

import re
from typing import Any

import pytest
import segno
from flask import Flask

from webkit.core.kernel import iban
from webkit.invoices import epc

BANK = {"account_name": "Northwind Studio S.r.l.", "iban": "IT60X0542811101000000123456", "bic": "BLOPIT22", "text": ""}


def doc(*, currency: str = "EUR", number: str = "INV-2026-0112", **bank: str) -> dict[str, Any]:
    agency = {"name": "Northwind", "legal_name": "Northwind Studio", "bank": BANK | bank}
    return {"agency": agency, "currency": currency, "number": number}


def drawn(svg: str) -> list[list[bool]]:
    """The modules of the picture, read back from its path."""
    size = int(re.findall(r'viewBox="0 0 (\d+)', svg)[0])
    dark = [[False] * size for _ in range(size)]
    path = re.findall(r'stroke="#000" d="([^"]+)"', svg)[0]
    x = y = 0.0
    for command, first, second in re.findall(r"([Mmh])\s*(-?[\d.]+)(?:[ ]*(-?[\d.]+))?", path):
        if command == "h":
            for column in range(int(x), int(x) + int(first)):
                dark[int(y)][column] = True
            x += int(first)
        else:
            x, y = (0.0, 0.0) if command == "M" else (x, y)
            x, y = x + float(first), y + float(second)
    return dark


def test_the_payload_follows_the_rules_to_the_letter(app: Flask) -> None:
    lines = [
        "BCD",
        "002",
        "1",
        "SCT",
        "BLOPIT22",
        BANK["account_name"],
        BANK["iban"],
        "EUR6051.2",
        "",
        "",
        "INV-2026-0112",
    ]
    expected = segno.make_qr("\n".join(lines).encode(), error="m", boost_error=False)
    with app.test_request_context():
        picture = str(epc.code(doc(), 605120))
    quiet = [[bool(module) for module in row] for row in expected.matrix_iter(border=4)]
    assert drawn(picture) == quiet
    assert "style=" not in picture and 'role="img"' in picture


@pytest.mark.parametrize(("minor", "given"), [(1, True), (99_999_999_999, True), (0, False), (100_000_000_000, False)])
def test_amounts_have_bounds(minor: int, given: bool) -> None:
    assert (epc.transfer(doc(), minor) is not None) is given


@pytest.mark.parametrize(
    "changes",
    [
        {"currency": "CHF"},
        {"iban": ""},
        {"iban": "IT60X0542811101000000123457"},
        {"iban": "BR1500000000000010932840814P2"},
        {"account_name": "N" * 71},
        {"account_name": "東" * 70, "number": "I" * 100},
        {"number": ""},
        {"number": "I" * 141},
    ],
)
def test_no_code_where_a_rule_does_not_hold(changes: dict[str, str]) -> None:
    assert epc.transfer(doc(**changes), 100) is None
    assert str(epc.code(doc(**changes), 100)) == ""


def test_what_was_typed_cannot_begin_another_field() -> None:
    found = epc.transfer(
        doc(account_name="A\nB", iban="it60 x054 2811 1010 0000 0123 456", bic="X", number="I\r\n1"), 1
    )
    assert found is not None
    assert (found["name"], found["text"], found["iban"], "bic" in found) == ("A B", "I 1", BANK["iban"], False)


@pytest.mark.parametrize(
    ("text", "valid", "sepa"),
    [
        ("DE89370400440532013000", True, True),
        ("MT84MALT011000012345MTLCAST001S", True, True),
        ("BR1500000000000010932840814P2", True, False),
        ("DE89370400440532013001", False, False),
        ("DE89", False, False),
        ("DE89é704004405320130", False, False),
    ],
)
def test_accounts(text: str, valid: bool, sepa: bool) -> None:
    assert (iban.is_valid(text), iban.is_sepa(text)) == (valid, sepa)
    assert iban.plain(iban.grouped(text)) == iban.plain(text)
