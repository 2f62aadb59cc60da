"""What is typed beside the answers themselves."""

from __future__ import annotations

from uuid import UUID

from webkit.core.kernel.forms import Form, Line


class NewForm(Form):
    """A consultation that begins, with or without a client."""

    client_id: UUID | None = None
    once: Line(64) = ""  # type: ignore[valid-type]
