"""What is typed, or rather pressed."""

from __future__ import annotations

from typing import Literal

from webkit.core.kernel.forms import Form, Text


class ChoiceForm(Form):
    """A tier and how often it is paid."""

    tier: Literal["starter", "growth", "enterprise"]
    interval: Literal["month", "year"]


class ChangeForm(ChoiceForm):
    """The same, for the price that was shown `at` a moment."""

    at: Text(40)  # type: ignore[valid-type]
