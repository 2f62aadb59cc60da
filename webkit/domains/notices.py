"""What the owner of an agency is told when its domain was lost."""

from __future__ import annotations

from webkit.accounts import service as accounts
from webkit.agencies import service as agencies
from webkit.core.kernel.runtime import current
from webkit.domains import names
from webkit.domains.models import AgencyDomain
from webkit.messaging import service as messaging


def lost(row: AgencyDomain) -> None:
    """Inside the write that loses it."""
    here = agencies.here()
    context = {
        "agency_name": here.name,
        "host": names.shown(row.host),
        "record": names.record(row.host),
        "url": f"{current().settings.base_url}/{here.slug}/settings/domain",
    }
    for owner in (each for each in accounts.members() if each.role == "owner"):
        given = {**context, "name": owner.name}
        messaging.send_platform("domain_lost", owner.name, owner.email, context=given, locale=here.locale)
