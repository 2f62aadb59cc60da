"""What can be typed about an audit."""

from __future__ import annotations

from uuid import UUID

from webkit.core.capabilities.pagespeed import Strategy
from webkit.core.kernel.forms import Form, Line, Url


class AuditForm(Form):
    """A page of a client's site. The guard judges the address after this."""

    client_id: UUID
    url: Url
    strategy: Strategy = Strategy.MOBILE
    once: Line(64) = ""  # type: ignore[valid-type]
