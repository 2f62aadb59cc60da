"""What can be typed about endpoints."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from webkit.core.kernel.forms import Form, Line, Url

Kind = Annotated[str, Field(max_length=64)]


class EndpointForm(Form):
    url: Url
    description: Line(200) = ""  # type: ignore[valid-type]
    kinds: Annotated[tuple[Kind, ...], Field(max_length=300)] = ()


class RangeForm(Form):
    since: date
    until: date
    failed: bool = False
