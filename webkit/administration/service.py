"""What the platform's own people can do."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from webkit.accounts import seat_models, seats
from webkit.accounts import service as accounts
from webkit.accounts.seat_models import SitIn
from webkit.administration.policy import DECIDE, MAY, ROLES, SUPERADMIN
from webkit.agencies import service as agencies
from webkit.core.kernel import audit, clock, entrances, i18n, tenancy
from webkit.core.kernel.db import release, writes, writing
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import Conflict, DomainError, Forbidden, NotFound
from webkit.core.kernel.events import ref
from webkit.core.kernel.i18n import gettext as _
from webkit.core.values import dataclass
from webkit.messaging import service as messaging
from webkit.subscriptions import service as subscriptions

PAGE = 50
SIT_IN = timedelta(hours=4)


@dataclass(frozen=True, slots=True)
class AgencyLine:
    """An agency in the list."""

    agency: AgencyView
    people: int
    tier: str


@dataclass(frozen=True, slots=True)
class UserLine:
    """Somebody in the list."""

    id: UUID
    name: str
    email: str
    created_at: datetime
    role: str
    suspended: str


def role_of(user_id: UUID) -> str:
    """superadmin or staff; "" for everybody else. Asked with each request, so that it counts at once."""
    return seat_models.staff_role(user_id) or ""


def may(role: str, what: str) -> bool:
    """Whether a role on the platform includes something."""
    return what in MAY.get(role, frozenset())


def demand(role: str, what: str) -> None:
    """Raises Forbidden."""
    if not may(role, what):
        raise Forbidden(_("Only superadmins decide this."))


def demand_deciding(role: str) -> None:
    """Raises Forbidden for whoever only looks and helps."""
    demand(role, DECIDE)


def agency_lines(words: str, before: UUID | None, *, closed: bool = False) -> list[AgencyLine]:
    """The newest agencies whose name or address holds this, one more than a page has."""
    found = agencies.search(words, limit=PAGE + 1, before=before, closed=closed)
    release()
    with tenancy.platform("how many people work in each agency"):
        counts = seat_models.head_counts(each.id for each in found)
    return [AgencyLine(each, counts.get(each.id, 0), subscriptions.of(each.id).tier) for each in found]


def agency(agency_id: UUID) -> AgencyView:
    """One of them. Raises NotFound."""
    if (found := agencies.by_id(agency_id)) is None:
        raise NotFound(_("There is no such agency."))
    return found


def people_of(agency_id: UUID) -> list[seats.Member]:
    """Who works there."""
    release()
    with tenancy.tenant(agency_id):
        return seats.members()


def sit_ins_of(agency_id: UUID) -> list[tuple[SitIn, str]]:
    """Who sat in for its owner lately, with names."""
    rows = seat_models.recent_sit_ins(agency_id)
    names = seat_models.names(row.user_id for row in rows)
    return [(row, names.get(row.user_id, "")) for row in rows]


@writes
def close_agency(agency_id: UUID, why: str, role: str) -> None:
    """Nobody gets in and no link opens, from the next request on. Raises Forbidden, NotFound."""
    demand(role, DECIDE)
    agencies.close(agency_id, why)


@writes
def open_agency(agency_id: UUID, role: str) -> None:
    """The other way round."""
    demand(role, DECIDE)
    agencies.open_again(agency_id)


def user_lines(words: str, before: UUID | None) -> list[UserLine]:
    """The newest people whose name or address holds this, one more than a page has."""
    roles = seat_models.staff_roles()
    return [
        UserLine(
            row.id,
            row.name,
            row.email,
            row.created_at,
            roles.get(row.id, ""),
            (row.suspended_why or "–") if row.suspended_at else "",
        )
        for row in seat_models.people(words, PAGE + 1, before)
    ]


@writes
def suspend_user(user_id: UUID, why: str, by: UUID, role: str) -> None:
    """Sign somebody out everywhere and let them in no more. Raises Forbidden; nobody locks themselves out."""
    demand(role, DECIDE)
    if user_id == by:
        raise Conflict(_("You cannot suspend yourself."))
    accounts.suspend(user_id, why)


@writes
def unsuspend_user(user_id: UUID, role: str) -> None:
    """The other way round."""
    demand(role, DECIDE)
    accounts.unsuspend(user_id)


@writes
def set_role(user_id: UUID, new: str, by: UUID | None, role: str) -> None:
    """Give somebody a role on the platform, or with "" none. Raises Forbidden, Conflict for one's own."""
    demand(role, DECIDE)
    if new and new not in ROLES:
        raise DomainError(_("Please choose one of the offered roles."), "role")
    if user_id == by:
        raise Conflict(_("Nobody changes their own role. Ask another superadmin."))
    seat_models.lock_staff()
    if by is not None:  # of two who take each other's role away one has lost theirs by now
        demand(role_of(by), DECIDE)
    seat_models.set_staff_role(user_id, new)
    if not new:
        seat_models.end_sit_ins(user_id)
        entrances.changed()
    audit.log("platform.role", subject=ref("user", user_id), detail={"role": new})


def grant_first(email: str, role: str) -> None:
    """What the command line does: whoever holds the machine names the first superadmin. Raises NotFound."""
    user_id = accounts.user_id_of(email)
    if user_id is None:
        raise NotFound(_("There is no account with this address."))
    set_role(user_id, "" if role == "none" else role, None, SUPERADMIN)


# --- sitting in for an owner ------------------------------------------------------------------------------------


def sit_in(agency_id: UUID, user_id: UUID, name: str, reason: str) -> AgencyView:
    """Act for an agency's owner for four hours. The owner hears of it by mail, and everything done is marked.

    Raises Conflict for somebody who works there: they act as themselves.
    """
    found = agency(agency_id)
    until = clock.now() + SIT_IN
    release()
    with tenancy.tenant(agency_id), writing():
        if seats.member(user_id) is not None:
            raise Conflict(_("You work at this agency. Act as yourself."))
        owner = seats.owner()
        seat_models.end_sit_ins(user_id, agency_id)
        row = SitIn(agency_id=agency_id, user_id=user_id, owner_id=owner.user_id, reason=reason, until=until)
        seat_models.sit_in(row)
        with i18n.use_locale(found.locale, found.timezone):
            shown = i18n.format_datetime(until)
        context = {"name": owner.name, "who": name, "until": shown, "reason": reason, "agency_name": found.name}
        messaging.send_platform("sitting_in", owner.name, owner.email, context=context, locale=found.locale)
        entrances.changed()
        audit.log("platform.sat_in", subject=ref("user", owner.user_id), detail={"reason": reason})
    return found


def rise(agency_id: UUID, user_id: UUID) -> None:
    """Stop acting for the owner."""
    release()
    with tenancy.tenant(agency_id), writing():
        if seat_models.end_sit_ins(user_id, agency_id):
            entrances.changed()
            audit.log("platform.left")


# --- the log ----------------------------------------------------------------------------------------------------


def agency_names(ids: Iterable[UUID | None]) -> dict[UUID, str]:
    """What agencies are called; those that are gone have no name."""
    found = (agencies.by_id(each) for each in {each for each in ids if each})
    return {each.id: each.name for each in found if each is not None}


def log(asked: audit.Asked, before: UUID | None, limit: int = PAGE + 1) -> list[tuple[audit.EntryView, str]]:
    """Entries with the names of who did it."""
    found = audit.entries(asked, limit=limit, before=before)
    names = seat_models.names({each.user_id for each in found if each.user_id})
    return [(each, names.get(each.user_id, "") if each.user_id else "") for each in found]
