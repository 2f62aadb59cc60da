"""Who may make statements: they name every invoice of a client."""

from __future__ import annotations

from webkit.core.access import Permission, Policy
from webkit.core.kernel.i18n import lazy_gettext as _l

_REFUSED = _l("Only owners and admins make statements: they name every invoice of a client.")

POLICY = Policy(
    _l("Statements"),
    (Permission("statements.make", _l("Make and send statements"), refusal=_REFUSED),),
    {"statements": "statements.make"},
)
