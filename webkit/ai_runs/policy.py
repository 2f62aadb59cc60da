"""Who may follow what is written for them, and steer it: whoever sees what it is written for."""

from __future__ import annotations

from webkit.ai_runs.models import author_of_run
from webkit.core.access import ALL, OWN, Permission, Policy
from webkit.core.kernel.i18n import lazy_gettext as _l

POLICY = Policy(
    _l("Writing with AI"),
    (
        Permission("ai.use", _l("Have texts written"), member=OWN, can_be_own=True),
        Permission("ai.usage", _l("See what was used"), member=ALL),
    ),
    {"ai_runs": "ai.use", "ai_runs.index": "ai.usage"},
    subjects={"run_id": author_of_run},
)
