"""Who sees cards of plugins: whoever sees what they are about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from webkit.core.access import Authors, Policy
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.core.kernel.tenancy import author_of

_PLACES = ("proposal", "contract", "invoice")


def _subject(given: Mapping[str, Any]) -> Authors:
    """Cards about the agency or a client are nobody's, so everybody's."""
    place = given["slot"]
    return author_of(f"{place}:{given['subject']}") if place in _PLACES else (None,)


POLICY = Policy(_l("Plugins"), demands={"extras": "home.view"}, subjects={"subject": _subject})
