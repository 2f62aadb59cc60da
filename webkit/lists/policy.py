"""Who may do what with lists: everybody with the rows they see."""

from __future__ import annotations

from webkit.core.access import ALL, Permission, Policy
from webkit.core.kernel.i18n import lazy_gettext as _l

POLICY = Policy(
    _l("Lists"),
    (
        Permission("lists.use", _l("Filter lists and keep views"), member=ALL),
        Permission("lists.export", _l("Take lists along"), member=ALL),
        Permission("lists.act", _l("Act on many rows at once"), member=ALL),
    ),
    {
        "lists": "lists.use",
        "lists.export": "lists.export",
        "lists.start": "lists.act",
        "lists.ask": "lists.act",
        "list_views": "lists.use",
        "list_tasks": "lists.use",
    },
)
