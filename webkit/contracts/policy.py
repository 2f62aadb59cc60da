"""Who may do what with contracts. Templates bind the agency: owners and admins only."""

from __future__ import annotations

from webkit.contracts.models import Contract
from webkit.core.access import ALL, OWN, Permission, Policy
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.core.kernel.tenancy import authors_of

_TEMPLATES = _l("Only owners and admins change contract templates.")
_CANCEL = _l("Only owners and admins cancel contracts.")

POLICY = Policy(
    _l("Contracts"),
    (
        Permission("contracts.view", _l("See contracts"), member=OWN, can_be_own=True),
        Permission("contracts.create", _l("Draft contracts"), member=ALL),
        Permission("contracts.edit", _l("Change contracts"), member=OWN, can_be_own=True),
        Permission("contracts.send", _l("Send contracts"), member=OWN, can_be_own=True),
        Permission("contracts.cancel", _l("Cancel contracts"), refusal=_CANCEL),
        Permission("contract_templates.view", _l("See contract templates"), member=ALL),
        Permission("contract_templates.edit", _l("Change contract templates"), refusal=_TEMPLATES),
    ),
    {
        "contracts": ("contracts.view", "contracts.edit"),
        "contracts.new": "contracts.create",
        "contracts.create": "contracts.create",
        "contracts.from_quotation": "contracts.create",
        "contracts.edit": "contracts.edit",
        "contracts.send": "contracts.send",
        "contracts.cancel": "contracts.edit",
        "contract_templates": "contract_templates.edit",
        "contract_templates.index": "contract_templates.view",
    },
    {"contracts": "contracts.view"},
    {"contract_id": authors_of(Contract, "contract_id")},
)
