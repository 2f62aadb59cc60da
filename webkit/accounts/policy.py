"""Who decides that the people of an agency sign in with its own issuer."""

from __future__ import annotations

from webkit.core.access import NONE, Permission, Policy
from webkit.core.kernel.i18n import lazy_gettext as _l

POLICY = Policy(
    _l("Own sign-in"),
    (
        Permission(
            "issuer.manage",
            _l("Choose the agency’s own sign-in"),
            admin=NONE,  # whoever holds the issuer may come in as anybody who has linked an account there
            delegable=False,
            refusal=_l("Only the owner decides about the agency’s own sign-in."),
        ),
    ),
    {"agency_issuer": "issuer.manage"},
)
