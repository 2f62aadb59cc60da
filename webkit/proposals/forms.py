"""What staff and clients may type outside the editor."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import Field

from webkit.core.kernel.forms import Email, Form, Line, Text
from webkit.proposals.offer import MOST_LINES


class NewForm(Form):
    """A proposal that begins."""

    client_id: UUID
    title: Line(200, 1)  # type: ignore[valid-type]
    once: Line(64) = ""  # type: ignore[valid-type]


class FromConsultationForm(Form):
    """A proposal that begins with what was said in a consultation."""

    consultation: UUID
    title: Line(200, 1)  # type: ignore[valid-type]


class SendForm(Form):
    """How a proposal leaves: by mail, or as a link that staff hand over themselves.

    `warned` is the address whose warning the sender has read.
    """

    by: Literal["mail", "link"] = "mail"
    to_name: Line(160) = ""  # type: ignore[valid-type]
    to_email: Email | None = None
    message: Text(2000) = ""  # type: ignore[valid-type]
    revision: int = Field(0, ge=0, lt=2**31 - 1)
    marked: Line(64) = ""  # type: ignore[valid-type]
    warned: Line(255) = ""  # type: ignore[valid-type]


class AcceptForm(Form):
    """A yes: to which frozen version, by whom, with which options."""

    seen: UUID
    name: Line(160, 1)  # type: ignore[valid-type]
    option: list[Line(32)] = Field(default_factory=list, max_length=MOST_LINES)  # type: ignore[valid-type]
    consent: Literal["yes"]


class DeclineForm(Form):
    """A no, with a reason if there is one."""

    seen: UUID
    reason: Text(2000) = ""  # type: ignore[valid-type]


class ChangesForm(Form):
    """What should be different."""

    seen: UUID
    notes: Text(2000, 10)  # type: ignore[valid-type]
