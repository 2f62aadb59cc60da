"""What was refused, as a file to be mended and brought in again."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence

from webkit.core.kernel import sheets
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.sheets import Column, Format
from webkit.imports.models import ImportRow


def refused(columns: Sequence[str], rows: Iterable[ImportRow]) -> bytes:
    """Where each stood, why it was refused, and its cells; no cell of it is taken for a formula."""
    labels = [Column(_("Line")), Column(_("Reason")), *map(Column, columns)]
    out = io.BytesIO()
    sheets.write(out, Format.CSV, "", labels, _lines(rows), timezone="UTC")
    return out.getvalue()


def _lines(rows: Iterable[ImportRow]) -> Iterator[list[str]]:
    for row in rows:
        for place, cells in enumerate((row.content or {}).get("cells") or [[row.title]]):
            yield ["" if place else str(row.line), "" if place else row.reason, *cells]
