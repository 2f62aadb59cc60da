"""What a client sends to sign."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from webkit.core.kernel.forms import Form, Line, wrong
from webkit.core.kernel.i18n import gettext as _
from webkit.signing import drawing
from webkit.signing.drawing import NotADrawing


class SignForm(Form):
    """Code, name, role, signature and consent. The signature is typed, or drawn where scripts run."""

    code: Line(12)  # type: ignore[valid-type]
    name: Line(120, 2)  # type: ignore[valid-type]
    title: Line(120, 2)  # type: ignore[valid-type]
    signature_method: Literal["type", "draw"] = "type"
    signature_typed: Line(120) = Field("", validate_default=True)  # type: ignore[valid-type]
    signature_drawn: str = Field("", validate_default=True, max_length=drawing.MAX_BYTES * 2)
    agree: Literal["yes"]

    @field_validator("code")
    @classmethod
    def _six_digits(cls, value: str) -> str:
        digits = "".join(value.split())
        if not (len(digits) == 6 and digits.isascii() and digits.isdigit()):
            raise wrong(_("The code has six digits."))
        return digits

    @field_validator("signature_typed")
    @classmethod
    def _typed(cls, value: str, info: ValidationInfo) -> str:
        if info.data.get("signature_method") == "type" and not value:
            raise wrong(_("Please type your name as your signature."))
        return value

    @field_validator("signature_drawn")
    @classmethod
    def _small_png(cls, value: str, info: ValidationInfo) -> str:
        if info.data.get("signature_method") != "draw":
            return ""
        if not value:
            raise wrong(_("Please sign in the box."))
        try:
            return drawing.read(value)
        except NotADrawing:
            raise wrong(_("This drawing could not be read. Please draw again, or type your name.")) from None
