"""What is typed about retainers."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from webkit.core.capabilities.subscriptions import Interval
from webkit.core.kernel.forms import Form, Line, Text


class RetainerForm(Form):
    """The head of a retainer; its lines come as those of an invoice."""

    client_id: UUID
    title: Line(200, 1)  # type: ignore[valid-type]
    note: Text(2000) = ""  # type: ignore[valid-type]
    interval: Interval = Interval.MONTH
    start: date | None = None
    once: Line(64) = ""  # type: ignore[valid-type]
