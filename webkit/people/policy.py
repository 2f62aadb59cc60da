"""Who may ask whom in, and decide what they may do."""

from __future__ import annotations

from webkit.core.access import ALL, NONE, Permission, Policy
from webkit.core.kernel.i18n import lazy_gettext as _l

_OWNER = _l("Only the owner decides who has which role.")

POLICY = Policy(
    _l("People"),
    (
        Permission("members.view", _l("See who works here"), member=ALL),
        Permission("members.invite", _l("Invite people"), refusal=_l("Only owners and admins invite people.")),
        Permission("members.remove", _l("Remove people"), refusal=_l("Only owners and admins remove people.")),
        Permission("members.change_role", _l("Change roles"), admin=NONE, delegable=False, refusal=_OWNER),
        Permission("roles.edit", _l("Make roles"), admin=NONE, delegable=False, refusal=_OWNER),
        Permission(
            "ownership.offer",
            _l("Give the agency away"),
            admin=NONE,
            delegable=False,
            refusal=_l("Only the owner can give the agency away."),
        ),
    ),
    {
        "team": ("members.view", "members.change_role"),
        "team.invite": "members.invite",
        "team.invite_again": "members.invite",
        "team.cancel_invitation": "members.invite",
        "team.remove": "members.remove",
        "team.leave": "home.view",
        "team.ask_leave": "home.view",
        "team.second_step": "settings.edit",
        "team.demand_second_step": "settings.edit",
        "team.end_second_step": "settings.edit",
        "roles": "roles.edit",
        "ownership": "ownership.offer",
        "ownership.show": "home.view",
        "ownership.accept": "home.view",
        "ownership.decline": "home.view",
    },
)
