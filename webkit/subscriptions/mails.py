"""What the owner of an agency is told about its subscription by mail of the platform."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from webkit.accounts import service as accounts
from webkit.agencies import service as agencies
from webkit.core.kernel.i18n import format_date, use_locale
from webkit.core.kernel.runtime import current
from webkit.messaging import service as messaging
from webkit.subscriptions.tiers import TIERS


def unpaid(tier: str) -> None:
    """A payment for the platform has failed. Inside the write that notes it."""
    _to_owner("subscription_unpaid", tier)


def trial_ends(tier: str, until: datetime, after: str) -> None:
    """The trial is over soon; `after` is the tier that is left. Inside a write."""
    here = agencies.here()
    with use_locale(here.locale, here.timezone):
        _to_owner("trial_ending", tier, until=format_date(until), after=str(TIERS[after].label))


def _to_owner(template: str, tier: str, **more: Any) -> None:
    here = agencies.here()
    owner = next((each for each in accounts.members() if each.role == "owner"), None)
    if owner is None:
        return
    url = f"{current().settings.base_url}/{here.slug}/settings/subscription"
    with use_locale(here.locale, here.timezone):
        label = str(TIERS[tier].label) if tier in TIERS else ""
    context = {"name": owner.name, "agency_name": here.name, "tier": label, "url": url, **more}
    messaging.send_platform(template, owner.name, owner.email, context=context, locale=here.locale)
