"""Reads what banks give out: CAMT.053 (XML) and CSV with headings. Pure, and bounded.

A file that declares a document type or entities is refused before anything of it is built: banks send none.
"""

from __future__ import annotations

import csv
import io
import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from hashlib import sha256
from itertools import islice
from xml.parsers import expat

from webkit.core.kernel.currencies import MAX_MINOR, exponent, is_currency
from webkit.core.kernel.errors import DomainError
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.money import parse_money
from webkit.core.values import dataclass

MOST_BYTES = 5 * 1024 * 1024
MOST_LINES = 5_000
CREDITS = ("credit", "accrediti")
"""Headings of amounts that came: their cells are empty where money went."""
NO_KEYS = ("NONREF", "NOTPROVIDED")
"""What banks write where they have no name for an entry."""
AMOUNT = re.compile(r"\+?[0-9]{1,18}(\.[0-9]{0,5})?")
"""How the standard writes one."""
DAY = re.compile(r"(?P<day>\d{1,2})([./-])(?P<month>\d{1,2})\2(?P<year>\d{4}|\d{2})(?!\d).*", re.ASCII)
YEAR_FIRST = re.compile(r"(?P<year>\d{4})([./-])(?P<month>\d{1,2})\2(?P<day>\d{1,2})(?!\d).*", re.ASCII)
COLUMNS = {
    "day": ("date", "booking date", "value date", "buchungstag", "data", "data contabile", "data valuta", "datum"),
    "amount": ("amount", "betrag", "importo", "montant", "importe", *CREDITS),
    "currency": ("currency", "währung", "valuta", "divisa", "devise", "moneda"),
    "name": (
        "name",
        "payer",
        "counterparty",
        "debtor",
        "auftraggeber",
        "ordinante",
        "begünstigter/zahlungspflichtiger",
    ),
    "iban": ("iban", "account", "kontonummer/iban", "counterparty iban"),
    "text": ("text", "description", "reference", "purpose", "verwendungszweck", "causale", "descrizione", "details"),
}
"""How banks call what we look for."""


class Unreadable(DomainError):
    """Not a statement. The message says why."""


@dataclass(frozen=True, slots=True)
class Line:
    """Money that moved: what went is below nothing. `key` is the bank's own name for it, if it has one."""

    day: date
    currency: str
    amount_minor: int
    name: str = ""
    iban: str = ""
    text: str = ""
    key: str = ""
    account: str = ""

    @property
    def facts(self) -> str:
        """What tells it from others."""
        told = (self.account, self.day.isoformat(), self.currency, str(self.amount_minor), self.key)
        own = () if self.key else (self.name, self.iban, self.text)
        return "\x1f".join((*told, *own))


def identified(lines: list[Line]) -> list[tuple[str, Line]]:
    """Each line with an identity that it has in every file: the second of two equal ones is the second everywhere."""
    seen: Counter[str] = Counter()
    found = []
    for line in lines:
        seen[line.facts] += 1
        found.append((sha256(f"{line.facts}\x1f{seen[line.facts]}".encode()).hexdigest(), line))
    return found


def read(body: bytes, currency: str) -> list[Line]:
    """All lines of a file. Raises Unreadable."""
    if len(body) > MOST_BYTES:
        raise Unreadable(_("This file is too large for a statement: at most %(most)d MB.", most=MOST_BYTES // 2**20))
    found = _camt(body) if body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") else _csv(body, currency)
    lines = list(islice(found, MOST_LINES + 1))
    if len(lines) > MOST_LINES:
        raise Unreadable(_("At most %(most)d lines at once, please.", most=MOST_LINES))
    return lines


def _plain(body: bytes) -> ET.Element:
    """The root of an XML file that declares nothing."""

    def refuse(*_args: object) -> None:
        raise Unreadable(_("This file declares a document type. Statements of banks have none."))

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(body, True)
        return ET.fromstring(body)  # noqa: S314 - has no document type and no entities
    except (expat.ExpatError, ET.ParseError, ValueError, LookupError):  # the last two: an encoding nobody can read
        raise Unreadable(_("This XML cannot be read: it is broken or cut off.")) from None


def _camt(body: bytes) -> Iterator[Line]:
    statements = _plain(body).findall(".//{*}BkToCstmrStmt/{*}Stmt")
    if not statements:
        raise Unreadable(_("This is no statement in CAMT.053."))
    for statement in statements:
        account = _text(statement, "{*}Acct/{*}Id/{*}IBAN") or _text(statement, "{*}Acct/{*}Id/{*}Othr/{*}Id")
        for entry in statement.findall("{*}Ntry"):
            if (_text(entry, "{*}Sts/{*}Cd") or _text(entry, "{*}Sts")) in ("BOOK", ""):
                yield from _entry(entry, account)


def _entry(entry: ET.Element, account: str) -> Iterator[Line]:
    """One booking; a collected one is told of payment by payment where the bank says them all."""
    amount = entry.find("{*}Amt")
    if amount is None:
        raise Unreadable(_("An entry of this statement has no amount."))
    day = _text(entry, "{*}BookgDt/{*}Dt") or _text(entry, "{*}BookgDt/{*}DtTm") or _text(entry, "{*}ValDt/{*}Dt")
    sign = 1 if _text(entry, "{*}CdtDbtInd") == "CRDT" else -1
    whole = Line(_iso(day), *_amount(amount, sign), key=_key(entry, "{*}AcctSvcrRef"), account=account)
    parts = entry.findall("{*}NtryDtls/{*}TxDtls")
    amounts = [part.find("{*}Amt") for part in parts]
    single = [_amount(each, sign) for each in amounts if each is not None]
    told = len(single) == len(parts) > 1 and sum(minor for _c, minor in single) == whole.amount_minor
    told = told and all(currency == whole.currency for currency, _minor in single)
    if not told:
        yield _told(whole, parts[0] if len(parts) == 1 else entry)
        return
    for place, (part, (_currency, minor)) in enumerate(zip(parts, single, strict=True)):
        key = _key(part, "{*}Refs/{*}AcctSvcrRef") or (f"{whole.key}/{place}" if whole.key else "")
        yield _told(replace(whole, amount_minor=minor, key=key), part)


def _key(element: ET.Element, path: str) -> str:
    """The bank's own name; nothing where it only says that it has none."""
    name = _text(element, path)
    return "" if name.upper() in NO_KEYS else name


def _told(line: Line, part: ET.Element) -> Line:
    texts = [each.text or "" for each in part.findall(".//{*}RmtInf/{*}Ustrd")]
    texts += [each.text or "" for each in part.findall(".//{*}CdtrRefInf/{*}Ref")]
    end = _text(part, ".//{*}Refs/{*}EndToEndId")
    texts += [end] if end not in ("", "NOTPROVIDED") else []
    texts += [_text(part, "{*}AddtlNtryInf")] if not texts else []
    name = _text(part, ".//{*}RltdPties/{*}Dbtr/{*}Nm") or _text(part, ".//{*}RltdPties/{*}Dbtr/{*}Pty/{*}Nm")
    iban = _text(part, ".//{*}RltdPties/{*}DbtrAcct/{*}Id/{*}IBAN")
    return replace(line, name=one_line(name, 200), iban=one_line(iban, 34), text=one_line(" ".join(texts), 1000))


def _text(element: ET.Element, path: str) -> str:
    found = element.find(path)
    return (found.text or "").strip() if found is not None else ""


def one_line(text: str, most: int) -> str:
    """A text on one line, without what cannot be shown, and cut."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:most]


def _amount(element: ET.Element, sign: int) -> tuple[str, int]:
    currency = element.get("Ccy", "")
    if not is_currency(currency):
        raise Unreadable(_("This statement has an amount in a currency nobody knows: %(code)s", code=currency[:10]))
    text = (element.text or "").strip()
    minor = Decimal(text).scaleb(exponent(currency)) if AMOUNT.fullmatch(text) else Decimal(-1)
    if minor != minor.to_integral_value() or not 0 <= minor <= MAX_MINOR:
        raise Unreadable(_("This statement has an amount that is none: %(text)s", text=text[:40]))
    return currency, sign * int(minor)


def _iso(text: str) -> date:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise Unreadable(_("This statement has a day that is none: %(text)s", text=text[:40])) from None


def _csv(body: bytes, currency: str) -> Iterator[Line]:
    text = _decoded(body)
    head = text.split("\n", 1)[0]
    separator = max(";,\t", key=head.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        names = [" ".join(cell.lower().split()) for cell in next(rows, [])]
        columns = {key: next((names.index(n) for n in known if n in names), None) for key, known in COLUMNS.items()}
        if columns["day"] is None or columns["amount"] is None:
            raise Unreadable(_("The first line needs headings, at least “Date” and “Amount”."))
        sides = names[columns["amount"]] in CREDITS
        for number, row in enumerate(rows, 2):
            if any(cell.strip() for cell in row):
                yield _row({key: _cell(row, at) for key, at in columns.items()}, number, currency, sides=sides)
    except csv.Error:
        raise Unreadable(_("This is no CSV file.")) from None


def _decoded(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("cp1252", errors="replace")


def _cell(row: list[str], at: int | None) -> str:
    return row[at].strip() if at is not None and at < len(row) else ""


def _row(cells: dict[str, str], number: int, usual: str, *, sides: bool) -> Line:
    """One line; with `sides` what went has a column of its own, and none here."""
    code = cells["currency"].upper() or usual
    typed = cells["amount"].replace("\N{MINUS SIGN}", "-") or ("0" if sides else "")
    went = typed.startswith("-") or typed.endswith("-")
    try:
        minor = parse_money(typed.strip("+-").strip(), code) if is_currency(code) else -1
        day = _day(cells["day"])
    except ValueError:
        minor, day = -1, date.min
    if minor < 0:
        raise Unreadable(_("Line %(n)d cannot be read: is it a day, an amount and a currency?", n=number))
    return Line(
        day, code, -minor if went else minor,
        one_line(cells["name"], 200), one_line(cells["iban"].replace(" ", ""), 34), one_line(cells["text"], 1000),
    )  # fmt: skip


def _day(text: str) -> date:
    """2026-03-31, 31.03.2026, 31/03/26: the day first, unless the year is. Raises ValueError."""
    found = YEAR_FIRST.fullmatch(text) or DAY.fullmatch(text)
    if found is None:
        raise ValueError(text)
    year = int(found["year"])
    return date(year if year > 99 else 2000 + year, int(found["month"]), int(found["day"]))
