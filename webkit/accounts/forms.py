"""What can be typed about people and their sign-in."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from webkit.accounts import passwords
from webkit.agencies.forms import AgencyForm
from webkit.core.kernel import i18n
from webkit.core.kernel.forms import Email, Form, Line, wrong
from webkit.core.kernel.i18n import gettext as _


def _language(value: str) -> str:
    if value not in i18n.LOCALES:
        raise wrong(_("Please choose one of the offered values."))
    return value


Password = Line(passwords.LONGEST)


class SetupForm(AgencyForm):
    """The first owner and the first agency."""

    setup_code: Line(64) = ""  # type: ignore[valid-type]
    name: Line(100, minimum=2)  # type: ignore[valid-type]
    email: Email
    password: Password  # type: ignore[valid-type]


class SignInForm(Form):
    email: Email
    password: Password  # type: ignore[valid-type]


class LinkForm(Form):
    email: Email


class PersonForm(Form):
    name: Line(100, minimum=2)  # type: ignore[valid-type]
    locale: Annotated[str, AfterValidator(_language)] = ""


class PasswordForm(Form):
    old: Password = ""  # type: ignore[valid-type]
    new: Password  # type: ignore[valid-type]


class ResetForm(Form):
    new: Password  # type: ignore[valid-type]


class EmailForm(Form):
    new_email: Email


class CodeForm(Form):
    code: Line(40)  # type: ignore[valid-type]


class PasskeyForm(Form):
    name: Line(60, minimum=1)  # type: ignore[valid-type]
    passkey: Annotated[str, Field(max_length=16_000)]


class PhoneForm(Form):
    phone: Line(24)  # type: ignore[valid-type]


class IssuerForm(Form):
    """An agency's own issuer; without a secret the one before stays."""

    label: Line(40, minimum=2)  # type: ignore[valid-type]
    issuer: Line(255, minimum=8)  # type: ignore[valid-type]
    client_id: Line(255, minimum=1)  # type: ignore[valid-type]
    client_secret: Line(500) = ""  # type: ignore[valid-type]
