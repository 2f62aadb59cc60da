"""Who may do what: members see and change their own proposals, owners and admins every one."""

from __future__ import annotations

from webkit.core.access import ALL, OWN, Permission, Policy
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.core.kernel.tenancy import authors_of
from webkit.proposals.models import Proposal

_REFUSED = _l("Only the author, an owner or an admin changes this proposal. You can duplicate it. Nothing was changed.")

POLICY = Policy(
    _l("Proposals"),
    (
        Permission("proposals.view", _l("See proposals"), member=OWN, can_be_own=True),
        Permission("proposals.create", _l("Write proposals"), member=ALL),
        Permission("proposals.edit", _l("Change proposals"), member=OWN, can_be_own=True, refusal=_REFUSED),
        Permission("proposals.delete", _l("Delete drafts of proposals"), member=OWN, can_be_own=True, refusal=_REFUSED),
        Permission("proposals.send", _l("Send proposals"), member=OWN, can_be_own=True, refusal=_REFUSED),
    ),
    {
        "proposals": ("proposals.view", "proposals.edit"),
        "proposals.new": "proposals.create",
        "proposals.create": "proposals.create",
        "proposals.duplicate": "proposals.view",
        "proposals.edit": "proposals.edit",
        "proposals.delete": "proposals.delete",
        "proposals.ask_send": "proposals.send",
        "proposals.send": "proposals.send",
        "proposal_writing": "proposals.edit",
    },
    {"proposals": "proposals.view"},
    {"proposal_id": authors_of(Proposal, "proposal_id")},
)
