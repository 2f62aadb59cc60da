"""Clients and invoices out of files: sent, looked through, brought in, and taken back."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from webkit.api.operations import Call, Operation, Param
from webkit.api.paging import of_numbered, of_rows
from webkit.api.resources.files import NAME
from webkit.api.shapes import Input, View
from webkit.core.kernel import i18n
from webkit.core.kernel.errors import Invalid
from webkit.core.kernel.forms import Line
from webkit.core.kernel.i18n import gettext as _
from webkit.imports import fields, numbers, reading, service, values
from webkit.imports.models import ImportState, Kind, Outcome, Step
from webkit.imports.pages import VIEWS
from webkit.imports.reading import Unreadable
from webkit.imports.service import ImportView
from webkit.imports.settings import STATES, Reading


class ReadingIn(Input):
    """How a file is read, and which column holds what: places from 0 by field. `state` is that of all invoices where
    the file does not tell; `update`: clients who are here already say what the file says."""

    encoding: Literal[*reading.ENCODINGS]  # type: ignore[valid-type]
    separator: Literal[*reading.SEPARATORS]  # type: ignore[valid-type]
    decimal: Literal["", values.POINT, values.COMMA] = ""  # type: ignore[valid-type]
    order: Literal["", *values.ORDERS] = ""  # type: ignore[valid-type]
    currency: Line(3) = ""  # type: ignore[valid-type]
    country: Line(2) = ""  # type: ignore[valid-type]
    state: Literal["", *STATES] = ""  # type: ignore[valid-type]
    update: bool = False
    columns: dict[Line(40), int] = Field(max_length=reading.MOST_COLUMNS)  # type: ignore[valid-type]


class ReadingView(View):
    """The same as it is."""

    encoding: str
    separator: str
    decimal: str
    order: str
    currency: str
    country: str
    state: str
    update: bool
    columns: dict[str, int]


class Import(View):
    """An import. `counts` are records by what they are to us; `reason` is why it failed."""

    id: UUID
    kind: Kind
    state: ImportState
    filename: str
    size: int
    reading: ReadingView
    counts: dict[str, int]
    total: int
    done: int
    reason: str
    created_at: datetime
    finished_at: datetime | None
    undo_until: datetime | None


class WholeImport(Import):
    """The same with the headings of its file, and the fields that its columns can be."""

    headings: list[str]
    fields: list[str]


class Record(View):
    """A record of the file, by its first line. `target_id` is what it became."""

    line: int
    title: str
    outcome: Outcome
    step: Step
    reason: str
    noted: bool
    target_id: UUID | None


class NextNumber(View):
    """The number that the next invoice gets."""

    number: str


@contextmanager
def _pointing() -> Iterator[None]:
    try:
        yield
    except Unreadable as error:
        raise Invalid({"/": error.message}) from None
    except Invalid as error:
        raise Invalid({name.replace("column_", "/columns/", 1): text for name, text in error.errors.items()}) from None


def _page(_call: Call, limit: int, before: UUID | None) -> Sequence[ImportView]:
    return service.page(limit, before)


def _get(call: Call) -> dict[str, Any]:
    return _whole(service.get(call.id("import_id")))


def _whole(found: ImportView) -> dict[str, Any]:
    told = Import.model_validate(found).model_dump()
    keys = [each.key for each in fields.FIELDS[found.kind]]
    return {**told, "headings": list(service.table(found.id).columns), "fields": keys}


def _upload(call: Call) -> dict[str, Any]:
    kind, body = Kind(call.query["kind"]), io.BytesIO(call.body)
    with _pointing():
        locale = i18n.current_locale()
        made = service.upload(kind, call.query["name"], body, len(call.body), call.actor, locale, call.key)
    return _whole(service.get(made))


def _read(call: Call) -> dict[str, Any]:
    given: ReadingIn = call.body
    found = service.get(call.id("import_id"))
    with _pointing():
        width = len(service.table(found.id, given.encoding, given.separator).columns)
        known = {each.key for each in fields.FIELDS[found.kind]}
        wrong = {
            f"/columns/{key}": _("There is no such column.")
            for key, place in given.columns.items()
            if key not in known or not 0 <= place < width
        }
        if wrong:
            raise Invalid(wrong)
        service.look_through(found.id, Reading(**given.model_dump(), width=width))
    return _get(call)


def _rows(call: Call, limit: int, after: int | None) -> Sequence[Any]:
    import_id = service.get(call.id("import_id")).id
    return service.rows(import_id, call.query.get("which", "all"), min(after or 0, 2**31 - 1), limit - 1)


def _run(call: Call) -> dict[str, Any]:
    service.bring_in(call.id("import_id"), call.actor)
    return _get(call)


def _undo(call: Call) -> dict[str, Any]:
    service.take_back(call.id("import_id"), call.actor)
    return _get(call)


def _go_on(call: Call) -> dict[str, str]:
    service.get(call.id("import_id"))
    return {"number": numbers.go_on()}


def _delete(call: Call) -> None:
    service.delete(call.id("import_id"))


ALL, ONE, RUN = "/imports", "/imports/{import_id}", "imports.run"
KIND = Param("kind", "What the file holds.", {"type": "string", "enum": [each.value for each in Kind]}, required=True)
WHICH = Param("which", "Only these records.", {"type": "string", "enum": list(VIEWS)})
OPERATIONS = (
    Operation("imports.list", "GET", ALL, RUN, "List imports", of_rows(_page), paged=True, answer=Import),
    Operation("imports.upload", "POST", ALL, RUN, "Send a file", _upload, takes=reading.MOST_BYTES,
              params=(KIND, NAME), answer=WholeImport, code=201, apart=True,
              about="CSV. It says how the file would be read; nothing is brought in yet."),
    Operation("imports.get", "GET", ONE, RUN, "Read how far it is", _get, answer=WholeImport),
    Operation("imports.read", "PUT", f"{ONE}/reading", RUN, "Say how it is read, and have it looked through", _read,
              body=ReadingIn, answer=WholeImport),
    Operation("imports.rows", "GET", f"{ONE}/rows", RUN, "List records and what becomes of them",
              of_numbered(_rows, "line"), paged=True,
              params=(WHICH,), answer=Record),
    Operation("imports.run", "POST", f"{ONE}/run", RUN, "Bring in what was looked through", _run, answer=WholeImport),
    Operation("imports.undo", "POST", f"{ONE}/undo", RUN, "Take it back", _undo, answer=WholeImport,
              about="Everything that was not used since, for 30 days."),
    Operation("imports.numbers", "POST", f"{ONE}/numbers", RUN, "Let numbers of invoices follow on it", _go_on,
              answer=NextNumber),
    Operation("imports.delete", "DELETE", ONE, RUN, "Forget an import of which nothing is in the books", _delete,
              code=204, apart=True),
)  # fmt: skip
