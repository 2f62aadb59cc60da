"""Who may do what with mails."""

from __future__ import annotations

from webkit.core.access import Permission, Policy
from webkit.core.kernel.i18n import lazy_gettext as _l

_REFUSED = _l("Only owners and admins look through the mails of an agency.")

POLICY = Policy(
    _l("E-mail"),
    (
        Permission("email.view_logs", _l("See which mails were sent"), refusal=_REFUSED),
        Permission("email.resend", _l("Send mails again"), refusal=_REFUSED),
    ),
    {"messaging": ("email.view_logs", "email.resend")},
)
