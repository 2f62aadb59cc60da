"""What can be typed about people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field
from werkzeug.datastructures import MultiDict

from webkit.core.kernel.forms import Email, Form, Line

Key = Annotated[str, Field(max_length=40)]
PERMISSION = "may:"
"""Before the name of a permission in the form of a role."""


class InviteForm(Form):
    email: Email
    role: Key


class RoleOfForm(Form):
    role: Key


class OfferForm(Form):
    to: Key


class SecondStepForm(Form):
    days: int = Field(14, ge=0, le=365)


class RoleForm(Form):
    name: Line(60, minimum=2)  # type: ignore[valid-type]


class NewPersonForm(Form):
    name: Line(100, minimum=2)  # type: ignore[valid-type]
    password: Line(256)  # type: ignore[valid-type]


def chosen(given: MultiDict[str, str]) -> dict[str, str]:
    """How far each permission was chosen to go."""
    return {name.removeprefix(PERMISSION): value for name, value in given.items() if name.startswith(PERMISSION)}


def shown(permissions: Mapping[str, str]) -> dict[str, str]:
    """The same as fields of a form."""
    return {PERMISSION + name: value for name, value in permissions.items()}
