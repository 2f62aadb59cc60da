"""Looking at a domain: whether its record stands there, and whether the platform answers under its name.

The record makes it active or lost. Only then is the page visited, because a proxy gets its certificate for active names
alone. Links are written with a name while both is so; where one is not, with the platform's.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from webkit.agencies import service as agencies
from webkit.core.kernel import audit, clock, hosts, outbound
from webkit.core.kernel.db import release, writing
from webkit.core.kernel.errors import Conflict, DomainError
from webkit.core.kernel.events import ref
from webkit.core.values import dataclass
from webkit.domains import models, names, notices, records
from webkit.domains.models import AgencyDomain, DomainState, Problem

PROOF = "/.well-known/webkit-domain"
PREFIX = "webkit-domain="
ASKED_SECONDS, VISITED_SECONDS, LARGEST = 2.5, 2.5, 200
UNHURRIED_SECONDS = 20.0
"""A visit may take so long where nobody waits: a proxy may be getting the certificate for it."""
SOON, LATER = timedelta(minutes=10), timedelta(days=1)
HURRY = timedelta(days=3)
"""So long after a change it is looked at often, while something is missing."""
PATIENCE = timedelta(days=7)
"""So long a domain stays active although no resolver says anything about its record."""


@dataclass(frozen=True, slots=True)
class Look:
    """What is looked at: answers about another name, or an older record, count for nothing."""

    host: str
    token: str


def value(token: str) -> str:
    """What its record says."""
    return PREFIX + token


def check(resolver: records.Resolver = records.look_up, seconds: float = VISITED_SECONDS) -> None:
    """Look at the current agency's domain; nothing if it has none. Asks the network: not inside a write."""
    row = models.own()
    if row is None:
        return
    look = Look(row.host, row.token)
    release()
    found = _found(look, resolver)
    try:
        active = _judge(look, found)
    except Conflict:  # another agency has proven it while we looked
        active = _judge(look, Problem.TAKEN)
    if active:
        _note(look, _answers(look, seconds))


def _found(look: Look, resolver: records.Resolver) -> Problem:
    try:
        said = resolver(names.record(look.host), ASKED_SECONDS)
    except records.NoAnswer:
        return Problem.SILENT
    return Problem.NONE if value(look.token) in {each.strip() for each in said} else Problem.MISSING


def _judge(look: Look, found: Problem) -> bool:
    """Keep what was found about the record; whether the domain is active now. Raises Conflict."""
    with writing():
        row, moment = _meant(look), clock.now()
        if row is None:
            return False
        if found is Problem.NONE and row.state is not DomainState.ACTIVE and models.is_taken(row.host):
            found = Problem.TAKEN
        if found is Problem.TAKEN:
            models.hasten(row.host, moment)
        row.problem, row.checked_at = found, moment
        if found is Problem.NONE:
            row.proven_at = moment
            _become(row, DomainState.ACTIVE)
        elif row.state is DomainState.ACTIVE and _is_over(row, found, moment):
            _become(row, DomainState.LOST)
            notices.lost(row)
        _plan(row, moment)
        models.flush()
        return row.state is DomainState.ACTIVE


def _is_over(row: AgencyDomain, found: Problem, moment: datetime) -> bool:
    if found is Problem.SILENT:
        return row.proven_at is None or moment - row.proven_at > PATIENCE
    return True


def _answers(look: Look, seconds: float) -> bool:
    """Whether whoever opens the name comes to this platform, by way of the proxy and its certificate."""
    try:
        answer = outbound.fetch(hosts.at(look.host) + PROOF, seconds=seconds, most=LARGEST, redirects=0)
    except DomainError:
        return False
    return answer.status == 200 and answer.content.decode("utf-8", "replace").strip() == look.token


def _note(look: Look, leads: bool) -> None:
    with writing():
        row, moment = _meant(look), clock.now()
        if row is None or row.state is not DomainState.ACTIVE:
            return
        if not leads and row.problem == Problem.NONE:
            row.problem = Problem.ASTRAY
        if row.leads is not leads:
            row.leads, row.changed_at = leads, moment
            agencies.write_links_with(row.host if leads else "")
            _trace("domain.leads_here" if leads else "domain.leads_astray", row)
        _plan(row, moment)


def _meant(look: Look) -> AgencyDomain | None:
    """The row, locked, if it is still the one that was looked at."""
    row = models.own(lock=True)
    return row if row is not None and (row.host, row.token) == (look.host, look.token) else None


def _become(row: AgencyDomain, state: DomainState) -> None:
    """Inside a write."""
    if row.state is state:
        return
    row.state, row.changed_at, row.leads = state, clock.now(), False
    if state is DomainState.LOST:
        agencies.write_links_with("")
    _trace(f"domain.{state}", row)
    hosts.changed()


def _plan(row: AgencyDomain, moment: datetime) -> None:
    hurries = not row.leads and moment - row.changed_at < HURRY
    row.next_at = moment + (SOON if hurries else LATER)


def _trace(action: str, row: AgencyDomain) -> None:
    audit.log(action, subject=ref("agency", row.agency_id), detail={"host": row.host})


def put_off() -> bool:
    """Whether the current agency's domain is due; if so it is not for a while: a job looks at it now."""
    row = models.own(lock=True)
    if row is None or row.next_at > clock.now():
        return False
    row.next_at = clock.now() + SOON
    return True
