"""Programs that call with a key or a token instead of a browser's session.

What is shown is looked at by the feature that knows keys: it puts a function into `Runtime.bearer`. Such a caller is
never more than the person behind it is at this moment, and of that only what its scopes say.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

from flask import g, has_request_context, request

from webkit.core.access import ALL, NONE, OWN
from webkit.core.kernel import doors, entitlements, entrances, i18n, permissions
from webkit.core.kernel.entitlements import Feature
from webkit.core.kernel.entrances import Entrance
from webkit.core.kernel.errors import DomainError, Forbidden, NotFound
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.permissions import EVERYBODY, Grant
from webkit.core.kernel.runtime import current
from webkit.core.values import dataclass

BELOW = "/api/v1/"
"""Where bearers are known; pages know browsers only, and files and vendors have ways of their own."""
READ, WRITE = "read", "write"
_LOOKING = ("view", "usage", "export")
"""How the names of permissions begin, after the dot, that change nothing."""


V = TypeVar("V", bound=Callable[..., object])


class Unauthorized(DomainError):
    """Nobody is known by what was shown. What exactly was wrong with it is in the sentence, never the key."""

    code = 401


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who calls. `agency_id` is None for a person's own key: it opens each agency that its person may enter.

    `token_id` is the key, also when a token was shown that had been exchanged for it: they share its limit.
    """

    user_id: UUID
    agency_id: UUID | None
    scopes: frozenset[str]
    token_id: UUID
    kind: str
    locale: str = ""

    def covers(self, permission: str) -> bool:
        """Whether the scopes reach as far as this permission: `invoices:read`, `read`; who may write may read."""
        return holds(self.scopes, scope_of(permission))


def scope_of(permission: str) -> str:
    """The narrowest scope that reaches as far as a permission."""
    resource, _dot, act = permission.partition(".")
    return f"{resource}:{READ if act.startswith(_LOOKING) else WRITE}"


def holds(had: frozenset[str], scope: str) -> bool:
    """Whether scopes hold another one: `write` holds `read`, `invoices:write` and `invoices:read`."""
    resource, _colon, word = scope.rpartition(":")
    if word not in (READ, WRITE):
        return False
    enough = (READ, WRITE) if word == READ else (WRITE,)
    return any(each in had or (resource and f"{resource}:{each}" in had) for each in enough)


def shown() -> str:
    """What was shown with this request as a bearer's; empty for everybody else."""
    header = request.headers.get("Authorization", "") if has_request_context() else ""
    return header if header[:7].lower() == "bearer " and request.path.startswith(BELOW) else ""


def optional(view: V) -> V:
    """Mark a view that is there for those whose token is over as well: it asks for a bearer where it needs one."""
    view.__dict__["bearer_optional"] = True
    return view


def here() -> Bearer | None:
    """Who calls with this request, if a bearer does. The turnstile has looked at what was shown already."""
    found: Bearer | None = g.get("bearer") if has_request_context() else None
    return found


def demanded() -> Bearer:
    """Who calls with this request. Raises Unauthorized where nothing was shown."""
    found = here()
    if found is None:
        raise Unauthorized(_("Please call with a key: Authorization: Bearer …"))
    return found


def authenticate(header: str) -> Bearer:
    """Who an Authorization header belongs to. Raises Unauthorized."""
    if (look := current().bearer) is None:
        raise Unauthorized(_("Nobody can call with a key here."))
    return look(header)


def scopes() -> dict[str, list[str]]:
    """Every scope there is: for each resource that features declare permissions of, how it can be named."""
    resources = dict.fromkeys(
        name.partition(".")[0] for name, each in current().rules.permissions.items() if each.delegable
    )
    return {"": [READ, WRITE]} | {each: [f"{each}:{READ}", f"{each}:{WRITE}"] for each in resources}


def narrowed(bearer: Bearer, held: Grant) -> Grant:
    """Of what somebody may do what a key of theirs may do: nothing that is the owner's own in person."""
    rules = current().rules.permissions
    kept = {
        name: reach if name == EVERYBODY or (rules[name].delegable and bearer.covers(name)) else NONE
        for name, reach in held.reaches.items()
    }
    return permissions.lesser(held, f"{held.key} {' '.join(sorted(bearer.scopes))}", kept)


def entrance(bearer: Bearer, slug: str = "") -> tuple[Entrance, Grant]:
    """How a caller may enter the agency they mean, and what they may do there. Raises NotFound, Forbidden.

    A key of an agency knows no other one; a person's own key names the agency.
    """
    wanted = slug or _own_slug(bearer)
    found = entrances.find(wanted, bearer.user_id, f"key/{bearer.token_id}") if wanted else None
    if found is None and wanted and wanted == _own_slug(bearer):
        raise Unauthorized(_("Who made this key no longer works there, so it opens nothing."))
    if found is None or found.seat.sitting_in or bearer.agency_id not in (None, found.agency.id):
        raise NotFound(_("There is no such agency, or this key does not open it."))
    if found.agency.closed:
        raise Forbidden(_("%(agency)s is closed for now: %(why)s", agency=found.agency.name, why=found.agency.closed))
    doors.demand_second(found.agency, bearer.user_id)
    return found, narrowed(bearer, permissions.of_seat(bearer.user_id, found.seat))


def enter(slug: str = "") -> Bearer:
    """Open the agency's door for the rest of this request, as `doors.enter_agency` does for browsers: sets `g.agency`,
    `g.grant`, `g.role`. Raises Unauthorized, NotFound, Forbidden. What is asked for is compared by the caller:
    `permissions.demand(…)` or `permissions.at_the_door(g.grant)`."""
    bearer = demanded()
    found, grant = entrance(bearer, slug)
    agency = found.agency
    i18n.set_locale(bearer.locale or agency.locale, agency.timezone)
    doors.open_tenant(agency, grant)
    entitlements.require(Feature.API_ACCESS)
    g.agency, g.grant, g.role, g.side, g.sitting_in = agency, grant, found.seat.role, doors.STAFF, ""
    return bearer


def reach_words(held: Grant) -> dict[str, str]:
    """What a caller may do, for an answer about themselves: permission → own or all."""
    return {name: reach.word for name, reach in sorted(held.reaches.items()) if reach in (OWN, ALL)}


def _own_slug(bearer: Bearer) -> str:
    if bearer.agency_id is None:
        return ""
    found = current().directory.by_id(bearer.agency_id)
    return found.slug if found else ""
