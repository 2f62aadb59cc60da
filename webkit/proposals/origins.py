"""How a proposal begins that was made from a consultation: its title, and what the client said as its first texts."""

from __future__ import annotations

from webkit.clients.service import ClientView
from webkit.consultations import service as consultations
from webkit.consultations.views import ConsultationView
from webkit.core.kernel import i18n
from webkit.core.kernel.i18n import gettext as _
from webkit.proposals.contents import NAME, Contents, Issue, Weight

PRESSING = frozenset({"high", "critical"})


def title(view: ConsultationView, client: ClientView) -> str:
    """A title to begin with, in the client's language."""
    with i18n.use_locale(client.locale):
        if view.answers.get("website_status") in ("refresh", "rebuild"):
            return _("A new website for %(name)s", name=client.name)[:200]
        return _("A website for %(name)s", name=client.name)[:200]


def contents(view: ConsultationView, client: ClientView) -> Contents:
    """The challenges as issues, the goals as the opportunity, in the client's language."""
    weight = Weight.HIGH if view.answers.get("urgency_level") in PRESSING else Weight.MEDIUM
    challenges = consultations.choice_words(view, "primary_challenges", client.locale)
    goals = consultations.choice_words(view, "primary_goals", client.locale)
    with i18n.use_locale(client.locale):
        opportunity = _("What you want to reach: %(goals)s.", goals=", ".join(goals)) if goals else ""
    issues = tuple(Issue(title=challenge[:NAME], weight=weight) for challenge in challenges)
    return Contents(issues=issues, opportunity=opportunity)
