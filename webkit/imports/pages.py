"""What the templates about imports receive."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import url_for

from webkit.core.extensions import LazyText
from webkit.core.kernel.forms import FormState
from webkit.core.kernel.i18n import format_date, format_decimal
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.core.values import dataclass
from webkit.imports import fields, reading, values
from webkit.imports.models import ImportRow, Kind, Outcome, Step
from webkit.imports.numbers import Continuation
from webkit.imports.reading import Table
from webkit.imports.service import ROWS, SAMPLE, ImportView

Options = list[tuple[str, str]]
KINDS: dict[Kind, LazyText] = {Kind.CLIENTS: _l("Clients"), Kind.INVOICES: _l("Invoices")}
STATES: dict[str, tuple[LazyText, str]] = {
    "uploaded": (_l("Columns to be named"), "draft"),
    "checking": (_l("Being looked through"), "running"),
    "checked": (_l("Looked through"), "waiting"),
    "running": (_l("Being imported"), "running"),
    "done": (_l("Imported"), "done"),
    "undoing": (_l("Being taken back"), "running"),
    "undone": (_l("Taken back"), "withdrawn"),
    "failed": (_l("Cannot be read"), "failed"),
}
"""What a state is called, and how it looks."""
OUTCOMES: dict[str, tuple[LazyText, str]] = {
    "new": (_l("New"), "open"),
    "same": (_l("Here already"), "ignored"),
    "changed": (_l("Different"), "waiting"),
    "refused": (_l("Refused"), "refused"),
}
KEPT = (_l("Stayed"), "waiting")
_LATER = {Step.KEPT: KEPT, Step.UNDONE: STATES["undone"]}
VIEWS = ("all", "new", "changed", "same", "refused", "noted", "kept")


@dataclass(frozen=True, slots=True)
class ListPage:
    imports: list[ImportView]
    kinds: dict[Kind, LazyText]
    states: dict[str, tuple[LazyText, str]]
    older: str | None
    is_first: bool


@dataclass(frozen=True, slots=True)
class ColumnsPage:
    """How a file is read, with its first lines; `offered` are the fields with their columns."""

    found: ImportView
    form: FormState
    labels: dict[str, str]
    columns: tuple[str, ...]
    sample: list[list[str]]
    offered: list[tuple[str, str, bool]]
    places: Options
    encodings: Options
    separators: Options
    decimals: Options
    orders: Options
    states: Options
    currencies: Options
    countries: Options
    needs_dates: bool


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A record of the file, and where what it became is found."""

    line: int
    title: str
    word: LazyText
    look: str
    reason: str
    url: str


@dataclass(frozen=True, slots=True)
class ShowPage:
    """How far an import is, and what becomes of its records."""

    found: ImportView
    kind: LazyText
    word: LazyText
    look: str
    rows: list[ShownRow]
    views: list[tuple[str, str, bool, int | None]]
    which: str
    more: str | None
    numbers: Continuation | None


def columns(found: ImportView, table: Table, form: FormState, countries: Any, currencies: Any) -> ColumnsPage:
    """The page on which columns are named."""
    kind = found.kind
    offered = [(f"column_{each.key}", str(each.label), each.required) for each in fields.FIELDS[kind]]
    encoding = form.value("encoding")
    return ColumnsPage(
        found=found,
        form=form,
        labels={**{name: label for name, label, _required in offered}, **_labels()},
        columns=table.columns,
        sample=[_fit(row.cells, len(table.columns)) for row in table.rows[:SAMPLE]],
        offered=offered,
        places=[(str(place), _with_example(table, place)) for place in range(len(table.columns))],
        encodings=_encodings(encoding),
        separators=[(",", _("Comma ,")), (";", _("Semicolon ;")), ("\t", _("Tab")), ("|", _("Bar |"))],
        decimals=[(values.POINT, _("With a point: 1,234.56")), (values.COMMA, _("With a comma: 1.234,56"))],
        orders=_orders(table, form),
        states=[("open", _("Still to be paid")), ("paid", _("Paid")), ("credited", _("Credited"))],
        currencies=list(currencies),
        countries=list(countries),
        needs_dates=kind is Kind.INVOICES,
    )


def _labels() -> dict[str, str]:
    return {
        "decimal": _("Amounts are written"),
        "order": _("Dates are written"),
        "currency": _("Currency where the file says none"),
        "country": _("Country where the file says none"),
        "state": _("These invoices are"),
        "encoding": _("Encoding"),
        "separator": _("Cells are separated by"),
    }


def _encodings(chosen: str) -> Options:
    offered = {label: key for key, label in reversed(reading.ENCODINGS.items())}
    if chosen in reading.ENCODINGS:
        offered[reading.ENCODINGS[chosen]] = chosen
    return [(key, label) for label, key in reversed(offered.items())]


def _orders(table: Table, form: FormState) -> Options:
    """Each way to write a date, with what the first one of the file means in it."""
    place = form.value("column_issue_date")
    cells = [row.cells[int(place)] for row in table.rows if place.isdigit() and int(place) < len(row.cells)]
    example = next((cell.strip() for cell in cells if cell.strip()), "")
    names = {"dmy": _("Day, month, year"), "mdy": _("Month, day, year"), "ymd": _("Year, month, day")}
    return [(order, f"{name}{_read_so(example, order)}") for order, name in names.items()]


def _read_so(example: str, order: str) -> str:
    if not example:
        return ""
    try:
        read = format_date(values.day(example, order))
    except values.Wrong:
        return ": " + _("%(text)s is no date", text=example[:30])
    return ": " + _("%(text)s is %(day)s", text=example[:30], day=read)


def _with_example(table: Table, place: int) -> str:
    cells = (row.cells[place].strip() for row in table.rows if place < len(row.cells))
    example = next((" ".join(cell.split())[:30] for cell in cells if cell), "")
    return f"{table.columns[place]} ({example})" if example else table.columns[place]


def _fit(cells: Sequence[str], width: int) -> list[str]:
    return [cell[:80] for cell in [*cells, *[""] * width][:width]]


def show(found: ImportView, rows: list[ImportRow], which: str, numbers: Continuation | None) -> ShowPage:
    """The page of an import."""
    word, look = STATES[found.state.value]
    shown = rows[:ROWS]
    more = url_for("imports.show", import_id=found.id, view=which, after=shown[-1].line) if len(rows) > ROWS else None
    return ShowPage(
        found=found, kind=KINDS[found.kind], word=word, look=look, rows=[_row(found, row) for row in shown],
        views=_views(found, which), which=which, more=more, numbers=numbers,
    )  # fmt: skip


def _row(found: ImportView, row: ImportRow) -> ShownRow:
    word, look = _LATER.get(row.step) or OUTCOMES[row.outcome.value]
    if row.step is Step.UNDONE and row.outcome not in (Outcome.NEW, Outcome.CHANGED):
        word, look = OUTCOMES[row.outcome.value]  # there was nothing to take back
    if row.outcome is Outcome.NEW and row.step is Step.DONE:
        look = "done"
    is_here = row.target_id is not None and row.step is not Step.UNDONE
    return ShownRow(row.line, row.title, word, look, row.reason, _url(found.kind, row.target_id) if is_here else "")


def _url(kind: Kind, target: UUID | None) -> str:
    if kind is Kind.CLIENTS:
        return url_for("clients.show", client_id=target)
    return url_for("invoices.show", invoice_id=target)


def _views(found: ImportView, which: str) -> list[tuple[str, str, bool, int | None]]:
    words = {name: str(word) for name, (word, _look) in OUTCOMES.items()}
    words |= {"all": _("All"), "noted": _("With a note"), "kept": str(KEPT[0])}
    counts = dict(found.counts) | {"all": sum(found.count(each.value) for each in Outcome)}
    return [
        (url_for("imports.show", import_id=found.id, view=name), words[name], name == which, counts.get(name, 0))
        for name in VIEWS
        if counts.get(name) or name == which or name == "all"
    ]


def size(count: int) -> str:
    """Bytes as people say them."""
    return _("%(n)s kB", n=format_decimal(max(1, count // 1024)))
