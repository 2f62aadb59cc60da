"""What can be sent about an import."""

from __future__ import annotations

from collections.abc import Mapping

from webkit.core.kernel.forms import Form, Line, Text
from webkit.imports import fields, reading, values
from webkit.imports.models import Kind
from webkit.imports.settings import STATES, Reading


class UploadForm(Form):
    """The file itself comes beside it."""

    kind: Kind
    once: Line(64) = ""  # type: ignore[valid-type]


class NumberForm(Form):
    """Cells that become texts: the number of an invoice, and whatever may have several lines."""

    number: Line(64) = ""  # type: ignore[valid-type]
    text: Text(20_000) = ""  # type: ignore[valid-type]


def written(kept: Reading) -> dict[str, object]:
    """Decisions as their form names them."""
    given = {name: value for name, value in kept.to_dict().items() if name not in ("columns", "width", "update")}
    columns = {f"column_{key}": place for key, place in kept.columns.items()}
    return {**given, **columns, "update": "1" if kept.update else ""}


def read(kind: Kind, typed: Mapping[str, str], before: Reading, width: int) -> Reading:
    """Decisions as they were sent; what was not offered is not decided."""
    return Reading(
        encoding=_among(typed, "encoding", reading.ENCODINGS, before.encoding),
        separator=_among(typed, "separator", reading.SEPARATORS, before.separator),
        decimal=_among(typed, "decimal", (values.POINT, values.COMMA)),
        order=_among(typed, "order", values.ORDERS),
        currency=typed.get("currency", "")[:3],
        country=typed.get("country", "")[:2],
        state=_among(typed, "state", STATES),
        update=typed.get("update") == "1",
        columns={
            each.key: place for each in fields.FIELDS[kind] if (place := _place(typed, each.key, width)) is not None
        },
        width=width,
    )


def _among(typed: Mapping[str, str], name: str, known: object, otherwise: str = "") -> str:
    value = typed.get(name, "")
    return value if value and value in known else otherwise  # type: ignore[operator]


def _place(typed: Mapping[str, str], key: str, width: int) -> int | None:
    place = typed.get(f"column_{key}", "")
    return int(place) if place.isascii() and place.isdigit() and len(place) < 5 and int(place) < width else None
