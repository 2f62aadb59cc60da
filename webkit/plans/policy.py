"""Who may bill what was agreed: whoever drafts invoices, of what they see."""

from __future__ import annotations

from webkit.core.access import OWN, Permission, Policy
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.core.kernel.tenancy import author_of

POLICY = Policy(
    _l("Billing of deals"),
    (
        Permission("billing_plans.view", _l("See how a deal is billed"), member=OWN, can_be_own=True),
        Permission("billing_plans.edit", _l("Bill a deal"), member=OWN, can_be_own=True),
    ),
    {"plans": ("billing_plans.view", "billing_plans.edit")},
    subjects={"source_id": lambda given: author_of(f"{given['kind']}:{given['source_id']}")},
)
