"""Each operation of the API asks for the permission that the page asks for where people do the same."""

from __future__ import annotations

from webkit.api.table import OPERATIONS
from webkit.core.access import Policy
from webkit.core.kernel.i18n import lazy_gettext as _l

POLICY = Policy(
    _l("API"),
    demands={f"api.{each.endpoint}": each.permission for each in OPERATIONS if each.in_agency},
)
