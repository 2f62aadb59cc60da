"""Which days a statement is about."""

from __future__ import annotations

from datetime import date

from webkit.core.kernel.forms import Form, Line


class RangeForm(Form):
    """The first and the last day; without a first one everything before the last, without a last one until today."""

    since: date | None = None
    until: date | None = None
    once: Line(64) = ""  # type: ignore[valid-type]
