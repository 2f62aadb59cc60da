"""Lists, some at a time: read on behind a row, never counted, never skipped."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from werkzeug.datastructures import MultiDict

from webkit.api.operations import DEFAULT_SIZE, Call
from webkit.core.kernel.errors import Invalid
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.lists import find, frame, page, parse

NONE_OF_THE_LIST = frozenset({"limit", "cursor"})


def cursor(last: UUID) -> str:
    """Where to read on, as callers keep it: nothing to be made or changed by them."""
    return base64.urlsafe_b64encode(last.bytes).decode().rstrip("=")


def place(call: Call) -> UUID | None:
    """The row to read on behind. Raises Invalid for what we never gave."""
    text = call.query.get("cursor")
    if text is None:
        return None
    try:
        found = UUID(bytes=base64.b64decode(f"{text}==", altchars=b"-_", validate=True))
    except ValueError:
        raise Invalid({"?cursor": _("This cursor is none of ours. Begin without one.")}) from None
    return found


def number_place(call: Call) -> int | None:
    """The same where rows have numbers."""
    found = place(call)
    return None if found is None else found.int


def size(call: Call) -> int:
    """How many are wanted."""
    wanted: int = call.query.get("limit", DEFAULT_SIZE)
    return wanted


def of_list(name: str, shape: Callable[[Sequence[Any]], Sequence[Any]]) -> Callable[[Call], Any]:
    """Reads one of the lists that pages have, filtered and sorted as there; `shape` makes views of rows."""

    def run(call: Call) -> Any:
        spec, here = find(name), frame.here()
        given = {key: value for key, value in call.query.items() if key not in NONE_OF_THE_LIST}
        if (after := place(call)) is not None:
            given["after"] = str(after)
        asked = parse(spec, MultiDict(given), here)
        if asked.problems:
            raise Invalid({"?": " ".join(asked.problems)})
        found = page(spec, asked, here, size(call))
        return {"data": list(shape(found.rows)), "next": cursor(found.older) if found.older else None}

    return run


def of_rows(read: Callable[[Call, int, UUID | None], Sequence[Any]]) -> Callable[[Call], Any]:
    """Reads a list that is asked for as so many rows after one of them."""

    def run(call: Call) -> Any:
        wanted = size(call)
        rows = read(call, wanted + 1, place(call))
        more = len(rows) > wanted
        rows = rows[:wanted]
        return {"data": list(rows), "next": cursor(rows[-1].id) if more else None}

    return run


def of_numbered(read: Callable[[Call, int, int | None], Sequence[Any]], number: str = "seq") -> Callable[[Call], Any]:
    """The same of rows that have a number."""

    def run(call: Call) -> Any:
        wanted = size(call)
        rows = read(call, wanted + 1, number_place(call))
        more = len(rows) > wanted
        rows = rows[:wanted]
        return {"data": list(rows), "next": cursor(UUID(int=getattr(rows[-1], number))) if more else None}

    return run


def of_all(read: Callable[[Call], Sequence[Any]]) -> Callable[[Call], Any]:
    """A list that is short by nature: it is read whole and told some at a time."""

    def run(call: Call) -> Any:
        rows, start = list(read(call)), number_place(call) or 0
        end = start + size(call)
        return {"data": rows[start:end], "next": cursor(UUID(int=end)) if len(rows) > end else None}

    return run
