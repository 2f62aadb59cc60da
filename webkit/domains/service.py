"""An agency's own domain: naming one, looking at it, taking it away, and what others may know of it."""

from __future__ import annotations

from webkit.agencies import service as agencies
from webkit.core.kernel import audit, clock, entitlements, hosts, ids, ratelimit, tenancy
from webkit.core.kernel.db import writes
from webkit.core.kernel.entitlements import Feature
from webkit.core.kernel.events import ref
from webkit.core.kernel.runtime import current
from webkit.domains import checking, models, names
from webkit.domains.models import AgencyDomain, DomainState, Problem
from webkit.domains.views import DomainView

LOOKS, WINDOW = 20, 15 * 60


def shown() -> DomainView | None:
    """The current agency's domain, with what is to be written for it."""
    row = models.own()
    if row is None:
        return None
    return DomainView(
        host=row.host,
        shown=names.shown(row.host),
        state=row.state,
        problem=Problem(row.problem),
        leads=row.leads,
        in_use=row.leads and is_sold(),
        address=hosts.at(row.host),
        record=names.record(row.host),
        value=checking.value(row.token),
        proven_at=row.proven_at,
        checked_at=row.checked_at,
    )


def is_sold() -> bool:
    """Whether the current agency's tier sells it."""
    return entitlements.has(Feature.CUSTOM_DOMAIN)


def platform() -> str:
    """The name that a domain is made to lead to."""
    return hosts.own(current().settings)[0]


@writes
def name(text: str) -> None:
    """Name the current agency's domain. Raises DomainError, NotInTier. Another one has to be proven anew; what was sent
    with the one before leads nowhere any more."""
    entitlements.require(Feature.CUSTOM_DOMAIN)
    host, row, moment = names.normal(text), models.own(lock=True), clock.now()
    if row is not None and row.host == host:
        return
    fresh = {"host": host, "token": ids.token(), "state": DomainState.WAITING, "leads": False, "problem": Problem.NONE}
    fresh |= {"changed_at": moment, "next_at": moment + checking.SOON, "proven_at": None, "checked_at": None}
    if row is None:
        models.add(AgencyDomain(agency_id=tenancy.agency_id(), **fresh))
    else:
        for column, given in fresh.items():
            setattr(row, column, given)
    _trace("domain.named", host)


@writes
def remove() -> None:
    """The current agency has no domain any more; links are written with the platform's name."""
    row = models.own(lock=True)
    if row is not None:
        models.remove(row)
        _trace("domain.removed", row.host)


def look() -> None:
    """Look at it now, for somebody who waits for that. Raises TooMany."""
    ratelimit.hit(f"domain/{tenancy.agency_id()}", LOOKS, WINDOW)
    checking.check()


def token_here() -> str:
    """What proves that the platform answers under the name of the current agency's domain; "" where it has none."""
    row = models.own()
    return row.token if row is not None and row.state is DomainState.ACTIVE else ""


def _trace(action: str, host: str) -> None:
    agencies.write_links_with("")
    audit.log(action, subject=ref("agency", tenancy.agency_id()), detail={"host": host})
    hosts.changed()
