"""What the templates about people receive."""

from __future__ import annotations

from typing import Any

from webkit.agencies import pages as agencies
from webkit.core.kernel.forms import FormState
from webkit.core.kernel.i18n import gettext as _

REGIONAL = ("currency", "locale", "timezone", "tax_scheme")


def founding(form: FormState | None) -> dict[str, Any]:
    """The values of a form that founds an agency. What a country brings along is folded until something is wrong."""
    country = form.value("country") if form else ""
    region = agencies.proposed(country) if country else None
    return {
        "form": form,
        "labels": _labels(),
        "choices": agencies.choices(),
        "region": region,
        "region_words": agencies.in_words(region) if region else "",
        "region_form": form if form and form.value("currency") else None,
        "region_open": form is not None and any(form.error(name) for name in REGIONAL),
    }


def _labels() -> dict[str, str]:
    return {
        "setup_code": _("Setup code"),
        "name": _("Your name"),
        "email": _("Your e-mail"),
        "password": _("Password"),
        "agency_name": _("Name of the studio"),
        "slug": _("Address"),
        **{name: text for name, text in agencies.labels().items() if name in (*REGIONAL, "country", "brand")},
    }
