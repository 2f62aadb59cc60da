"""What the templates about people receive."""

from __future__ import annotations

from typing import Any

from webkit.agencies import pages as agencies
from webkit.core.kernel.forms import FormState

REGIONAL = ("currency", "locale", "timezone", "tax_scheme")


def founding(form: FormState | None) -> dict[str, Any]:
    """The values of a form that founds an agency. What a country brings along is folded until something is wrong."""
    country = form.value("country") if form else ""
    region = agencies.proposed(country) if country else None
    return {
        "form": form,
        "choices": agencies.choices(),
        "region": region,
        "region_words": agencies.in_words(region) if region else "",
        "region_form": form if form and form.value("currency") else None,
        "region_open": form is not None and any(form.error(name) for name in REGIONAL),
    }
