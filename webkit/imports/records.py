"""From lines of a file to what could be stored: a client for each line, an invoice for all lines of its number."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from webkit.agencies import service as agencies
from webkit.clients import service as clients
from webkit.core.kernel.errors import DomainError
from webkit.core.kernel.forms import bind
from webkit.core.kernel.i18n import gettext as _
from webkit.core.values import dataclass
from webkit.imports import fields, values
from webkit.imports.figures import Sums, Told, settle
from webkit.imports.forms import NumberForm
from webkit.imports.models import Kind
from webkit.imports.reading import Row
from webkit.imports.settings import Reading

T = TypeVar("T")
CLIENT = {"client_name": "name", "client_email": "email", "client_tax_id": "tax_id", "client_country": "country"}
TITLE = 200


@dataclass(frozen=True, slots=True)
class Record:
    """What a client or an invoice of the file says. Without `content` it is refused, `reason` says why.

    `rows` are its lines as they stand in the file.
    """

    line: int
    title: str
    content: dict[str, Any] | None
    reason: str
    notes: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads records as somebody has said they are to be read."""

    kind: Kind
    reading: Reading
    payment_days: int

    def records(self, rows: Iterable[Row]) -> Iterator[Record]:
        """Every record of the file, in the order in which they begin."""
        groups = ((row,) for row in rows) if self.kind is Kind.CLIENTS else self._by_number(rows)
        read = self._client if self.kind is Kind.CLIENTS else self._invoice
        return (self._record(group, read) for group in groups)

    def _by_number(self, rows: Iterable[Row]) -> Iterator[tuple[Row, ...]]:
        found: dict[str, list[Row]] = {}
        for row in rows:
            number = self._cell(row, "number")
            found.setdefault(number or f"\0{row.line}", []).append(row)
        return map(tuple, found.values())

    def _record(
        self, group: Sequence[Row], read: Callable[[Sequence[Row]], tuple[dict[str, Any], tuple[str, ...]]]
    ) -> Record:
        key = "name" if self.kind is Kind.CLIENTS else "number"
        first = group[0]
        title = self._cell(first, key)[:TITLE] or _("Line %(line)s", line=first.line)
        try:
            for row in group:
                self._demand_width(row)
            content, notes = read(group)
        except DomainError as error:
            return Record(first.line, title, None, error.message, (), tuple(group))
        except (ArithmeticError, ValueError):
            # Bounds are checked where a cell is read. Whatever passed them spoils no other record.
            return Record(first.line, title, None, _("It cannot be read."), (), tuple(group))
        return Record(first.line, title, content, "", notes, tuple(group))

    def _demand_width(self, row: Row) -> None:
        if any(cell.strip() for cell in row.cells[self.reading.width :]):
            raise DomainError(_("Line %(line)s has more cells than there are headings.", line=row.line))

    def _cell(self, row: Row, key: str) -> str:
        place = self.reading.columns.get(key)
        return values.plain(row.cells[place]) if place is not None and place < len(row.cells) else ""

    def _client(self, group: Sequence[Row]) -> tuple[dict[str, Any], tuple[str, ...]]:
        row = group[0]
        given = {key: self._cell(row, key) for key in self.reading.columns}
        told = {key for key, cell in given.items() if cell}
        read = client_values(given, self.reading.country)
        return {"values": read, "told": sorted(told | {"country"} if "country" in told else told)}, ()

    def _invoice(self, group: Sequence[Row]) -> tuple[dict[str, Any], tuple[str, ...]]:
        first = group[0]
        self._demand_agreement(group)
        head = _labelled(Kind.INVOICES, "number", lambda: _number(self._cell(first, "number")))
        currency = self._of(first, "currency", values.currency) or self.reading.currency
        if not currency:
            raise DomainError(_("There is no currency."))
        issued = self._of(first, "issue_date", self._day)
        if issued is None:
            raise DomainError(_("There is no date."))
        title = self._text(first, "title") or self._text(first, "line_text") or _("Invoice %(number)s", number=head)
        sums = Sums(*(self._money(first, key, currency) for key in ("net", "tax", "total")))
        settled = settle(self._lines(group, currency), sums, currency, title)
        paid_on = self._of(first, "paid_on", self._day)
        balance = self._balance(first, settled.total, currency)
        state = self._state(first, settled.total, balance, paid_on)
        content = {
            "number": head,
            "issue_date": issued.isoformat(),
            "due_date": (self._of(first, "due_date", self._day) or issued + timedelta(self.payment_days)).isoformat(),
            "currency": currency,
            "state": state,
            "paid": settled.total - balance if state == "open" and balance else 0,
            "paid_on": paid_on.isoformat() if paid_on else "",
            "title": title.splitlines()[0][:TITLE],
            "note": self._text(first, "note"),
            "total": settled.total,
            "lines": [
                [line.description, str(line.quantity), str(line.unit_price), str(line.percent), line.net, line.tax]
                for line in settled.lines
            ],
            "client": self._whose(first),
        }
        return content, settled.notes

    def _demand_agreement(self, group: Sequence[Row]) -> None:
        """Lines of one invoice say the same of the whole; without columns for lines there is only one."""
        first = group[0]
        has_lines = any(key in self.reading.columns for key in fields.LINES)
        for row in group[1:]:
            if not has_lines:
                raise DomainError(_("This number stands in line %(line)s too.", line=row.line))
            for key in (
                "issue_date",
                "client_name",
                "client_email",
                "client_tax_id",
                "total",
                "net",
                "tax",
                "currency",
            ):
                mine, other = self._cell(first, key), self._cell(row, key)
                if other and mine != other:
                    said = {"line": row.line, "field": str(fields.of(Kind.INVOICES, key).label)}
                    raise DomainError(_("Line %(line)s says something else in “%(field)s”.", **said))

    def _lines(self, group: Sequence[Row], currency: str) -> list[Told]:
        if not any(key in self.reading.columns for key in fields.LINES):
            return []
        return [
            Told(
                text=self._text(row, "line_text"),
                quantity=self._of(row, "line_quantity", self._number),
                price=self._of(row, "line_price", self._number),
                amount=self._money(row, "line_amount", currency),
                percent=self._of(row, "line_percent", lambda cell: values.percent(cell, self.reading.decimal)),
                tax=self._money(row, "line_tax", currency),
            )
            for row in group
        ]

    def _balance(self, row: Row, total: int, currency: str) -> int | None:
        """What is still to pay, told as such or as what was paid; None where the file does not tell it."""
        balance, paid = self._money(row, "balance", currency), self._money(row, "paid", currency)
        if paid is not None and not 0 <= paid <= total:
            raise DomainError(_("More was paid than it comes to, or less than nothing."))
        if balance is not None and balance > total:
            raise DomainError(_("More is still to pay than it comes to."))
        return balance if balance is not None or paid is None else total - paid

    def _state(self, row: Row, total: int, balance: int | None, paid_on: date | None) -> str:
        """Open, paid or credited: as the file says it, or as what is still to pay shows."""
        said = self._of(row, "state", values.state) or ""
        if said == "part":
            if not balance or balance == total:
                raise DomainError(
                    _("It is paid in part, and the file does not tell how much. Add a column of what is still to pay.")
                )
            return "open"
        if said == "credited" or (said == "paid" and not balance):
            return said
        if said == "paid" or (said == "open" and balance == 0 and total):
            raise DomainError(_("Its state and what is still to pay contradict each other."))
        if said:
            return said
        if balance is not None:
            return "open" if balance else "paid"
        if "paid_on" in self.reading.columns and "state" not in self.reading.columns:
            return "paid" if paid_on else "open"
        return self.reading.state or "open"

    def _whose(self, row: Row) -> dict[str, Any]:
        given = {name: self._cell(row, key) for key, name in CLIENT.items()}
        if not any(given[name] for name in ("name", "email", "tax_id")):
            raise DomainError(_("Whose invoice is it? Neither name nor e-mail nor tax number of a client is told."))
        if not given["name"]:
            return {"told": given, "values": None}
        return {"told": given, "values": client_values(given, self.reading.country)}

    def _of(self, row: Row, key: str, read: Callable[[str], T]) -> T | None:
        cell = self._cell(row, key)
        return _labelled(self.kind, key, lambda: read(cell)) if cell else None

    def _money(self, row: Row, key: str, currency: str) -> int | None:
        return self._of(row, key, lambda cell: values.amount(cell, self.reading.decimal, currency))

    def _number(self, cell: str) -> Decimal:
        return values.number(cell, self.reading.decimal)

    def _day(self, cell: str) -> date:
        return values.day(cell, self.reading.order)

    def _text(self, row: Row, key: str) -> str:
        return self._of(row, key, _printable) or ""


def client_values(given: dict[str, str], country: str) -> dict[str, Any]:
    """The columns of a client. Raises DomainError naming what is wrong with which."""
    wanted = dict(given)
    if written := given.get("country"):
        wanted["country"] = agencies.country_code(written) or written
    wanted["country"] = wanted.get("country") or country
    read, wrong = clients.read(wanted)
    if wrong:
        labels = {field.key: str(field.label) for field in fields.CLIENTS}
        raise DomainError(" ".join(f"{labels.get(key, key)}: {sentence}" for key, sentence in wrong.items()))
    return read


def _labelled(kind: Kind, key: str, read: Callable[[], T]) -> T:
    """What is read, or what is wrong with it under the name of its field."""
    try:
        return read()
    except DomainError as error:
        said = {"field": fields.of(kind, key).label, "problem": error.message}
        raise DomainError(_("%(field)s: %(problem)s", **said)) from None


def _number(cell: str) -> str:
    if not cell:
        raise values.Wrong(_("Please fill this in."))
    return _checked("number", cell)


def _printable(cell: str) -> str:
    return _checked("text", cell)


def _checked(name: str, cell: str) -> str:
    bound = bind(NumberForm, {name: cell})
    if not bound.ok:
        raise values.Wrong(bound.state.error(name))
    return str(getattr(bound.data, name))
