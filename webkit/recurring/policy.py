"""Who may do what with plans and reminders."""

from __future__ import annotations

from webkit.core.access import ALL, Permission, Policy
from webkit.core.kernel.i18n import lazy_gettext as _l

POLICY = Policy(
    _l("Recurring invoices"),
    (
        Permission("recurring.view", _l("See plans"), member=ALL),
        Permission("recurring.edit", _l("Make, change and pause plans"), member=ALL),
        Permission(
            "recurring.end",
            _l("End plans"),
            refusal=_l("Only owners and admins end a plan. You can pause it."),
        ),
        Permission(
            "reminders.settings",
            _l("Decide how clients are reminded"),
            refusal=_l("Only owners and admins decide how clients are reminded."),
        ),
        Permission("reminders.client", _l("Decide whether one client is reminded"), member=ALL),
    ),
    {
        "recurring": ("recurring.view", "recurring.edit"),
        "recurring.new": "recurring.edit",
        "recurring.edit": "recurring.edit",
        "recurring.end": "recurring.end",
        "reminders": "reminders.settings",
        "reminders.client": "reminders.client",
        "reminders.save_client": "reminders.client",
    },
)
