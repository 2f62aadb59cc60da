"""Who may do what: members see and change their own quotations, owners and admins every one."""

from __future__ import annotations

from webkit.core.access import ALL, OWN, Permission, Policy
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.core.kernel.tenancy import authors_of
from webkit.quotations.models import Quotation

_REFUSED = _l("Only the author, an owner or an admin changes this quotation. You can duplicate it. Nothing was done.")
_LIBRARY = _l("Only owners and admins change the texts and templates of quotations.")

POLICY = Policy(
    _l("Quotations"),
    (
        Permission("quotations.view", _l("See quotations"), member=OWN, can_be_own=True),
        Permission("quotations.create", _l("Write quotations"), member=ALL),
        Permission("quotations.edit", _l("Change quotations"), member=OWN, can_be_own=True, refusal=_REFUSED),
        Permission(
            "quotations.delete", _l("Delete drafts of quotations"), member=OWN, can_be_own=True, refusal=_REFUSED
        ),
        Permission("quotations.send", _l("Send quotations"), member=OWN, can_be_own=True, refusal=_REFUSED),
        Permission("quotation_library.view", _l("See texts and templates of quotations"), member=ALL),
        Permission("quotation_library.edit", _l("Change texts and templates of quotations"), refusal=_LIBRARY),
    ),
    {
        "quotations": ("quotations.view", "quotations.edit"),
        "quotations.new": "quotations.create",
        "quotations.create": "quotations.create",
        "quotations.duplicate": "quotations.view",
        "quotations.edit": "quotations.edit",
        "quotations.delete": "quotations.delete",
        "quotations.ask_send": "quotations.send",
        "quotations.send": "quotations.send",
        "quotations.remind": "quotations.send",
        "quotation_files": ("quotations.view", "quotations.edit"),
        "quotation_library": "quotation_library.edit",
        "quotation_library.index": "quotation_library.view",
    },
    {"quotations": "quotations.view"},
    {"quotation_id": authors_of(Quotation, "quotation_id")},
)
