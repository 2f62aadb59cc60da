"""Who may do what with consultations."""

from __future__ import annotations

from webkit.consultations.models import Consultation
from webkit.core.access import ALL, OWN, Permission, Policy
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.core.kernel.tenancy import authors_of

POLICY = Policy(
    _l("Consultations"),
    (
        Permission("consultations.view", _l("See consultations"), member=OWN, can_be_own=True),
        Permission("consultations.create", _l("Begin consultations"), member=ALL),
        Permission("consultations.edit", _l("Write consultations"), member=OWN, can_be_own=True),
        Permission("consultations.delete", _l("Archive consultations"), member=OWN, can_be_own=True),
        Permission(
            "consultations.choices",
            _l("Change what can be chosen"),
            refusal=_l("Only an owner or an admin changes what can be chosen. Nothing was changed."),
        ),
    ),
    {
        "consultations": ("consultations.view", "consultations.edit"),
        "consultations.new": "consultations.create",
        "consultations.create": "consultations.create",
        "consultations.edit": "consultations.edit",
        "consultations.resume": "consultations.edit",
        "consultations.archive": "consultations.delete",
        "consultations.unarchive": "consultations.delete",
        "consultations.choices": "consultations.choices",
        "consultations.set_choices": "consultations.choices",
    },
    {"consultations": "consultations.view"},
    {"consultation_id": authors_of(Consultation, "consultation_id")},
)
