"""What is typed to take data along, or to delete it."""

from __future__ import annotations

from webkit.core.kernel.forms import Form, Line
from webkit.core.kernel.passphrases import LONGEST


class ExportForm(Form):
    passphrase: Line(LONGEST) | None = None  # type: ignore[valid-type]
    again: Line(LONGEST) | None = None  # type: ignore[valid-type]


class NameForm(Form):
    name: Line(100)  # type: ignore[valid-type]


class AddressForm(Form):
    email: Line(255)  # type: ignore[valid-type]


class ArrivalForm(Form):
    """The archive itself comes beside it."""

    passphrase: Line(LONGEST) | None = None  # type: ignore[valid-type]
