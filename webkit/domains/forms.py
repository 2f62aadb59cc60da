"""What can be typed about a domain."""

from __future__ import annotations

from webkit.core.kernel.forms import Form, Line


class DomainForm(Form):
    host: Line(253, minimum=1)  # type: ignore[valid-type]
