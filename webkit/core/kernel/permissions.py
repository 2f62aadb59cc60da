"""The one place where it is decided who may do what.

Features say as data what can be permitted and what each of their addresses asks for (`webkit.core.access`). Whoever
enters an agency holds a `Grant`; the door compares it with what the address asks for before any view runs, and narrows
the unit of work to the rows they see. What nobody has declared is closed for everybody but the owner.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Any
from uuid import UUID

from flask import g, has_request_context, request

from webkit.core.access import ALL, NONE, OWN, OWNER, Authors, Permission, Policy, Reach
from webkit.core.kernel.directory import Seat
from webkit.core.kernel.errors import Forbidden, NotFound
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.runtime import current
from webkit.core.values import dataclass

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
EVERYBODY, UNDECLARED = "home.view", ""
"""What every member may, and what an address asks for that nobody has declared."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Everything features have said about permissions, put together once."""

    policies: tuple[Policy, ...]
    permissions: Mapping[str, Permission]
    demands: Mapping[str, tuple[str, str]]
    sight: Mapping[str, str]
    subjects: Mapping[str, Any]
    kept: dict[str, Mapping[str, Reach]] = field(default_factory=dict)

    def demand(self, endpoint: str, method: str) -> str:
        """The permission an endpoint asks for; empty when nobody has said."""
        found = self.demands.get(endpoint) or self.demands.get(endpoint.rpartition(".")[0])
        return found[method not in SAFE] if found else UNDECLARED

    def of_role(self, role: str) -> Mapping[str, Reach]:
        """What one of the roles that every agency has may do."""
        if role not in self.kept:
            self.kept[role] = {name: each.of(role) for name, each in self.permissions.items()}
        return self.kept[role]

    def of_custom(self, given: Mapping[str, str]) -> Mapping[str, Reach]:
        """What a role that an agency has made may do; what no longer exists or was never to be given counts nothing."""
        words = {reach.word: reach for reach in Reach}
        found = {}
        for name, each in self.permissions.items():
            reach = words.get(given.get(name, ""), NONE) if each.delegable else NONE
            found[name] = reach if each.can_be_own or reach is not OWN else NONE
        return {**found, EVERYBODY: ALL}


@dataclass(frozen=True, slots=True)
class Grant:
    """What somebody may do in an agency. `key` is the same for all who may do the same."""

    user_id: UUID
    role: str
    key: str
    reaches: Mapping[str, Reach]
    own: frozenset[str]
    hidden: frozenset[str]

    def reach(self, permission: str) -> Reach:
        """How far a permission goes for them. What nobody has declared is the owner's."""
        if permission == UNDECLARED:
            return ALL if self.role == OWNER else NONE
        return self.reaches.get(permission, NONE)

    def can(self, permission: str, author: UUID | None = None, *, whose: bool = False) -> bool:
        """Whether they may do this; of what has an author (`whose`) their own only, if the permission ends there."""
        reach = self.reach(permission)
        return reach is ALL or (reach is OWN and (not whose or author == self.user_id))


def assemble(policies: Iterable[Policy]) -> Rules:
    """Put together what features have said. Raises ValueError for what contradicts itself."""
    known = tuple(policies)
    permissions: dict[str, Permission] = {}
    demands: dict[str, tuple[str, str]] = {}
    for policy in known:
        for each in policy.permissions:
            if permissions.setdefault(each.name, each) is not each:
                raise ValueError(f"the permission {each.name} is declared twice")
        for endpoint, wanted in policy.demands.items():
            pair = (wanted, wanted) if isinstance(wanted, str) else wanted
            if demands.setdefault(endpoint, pair) != pair:
                raise ValueError(f"{endpoint} asks for two permissions")
    asked = {name for pair in demands.values() for name in pair}
    sight = {table: name for policy in known for table, name in policy.sight.items()}
    if unknown := sorted((asked | set(sight.values())) - permissions.keys()):
        raise ValueError(f"nobody declares the permissions {', '.join(unknown)}")
    subjects = {name: find for policy in known for name, find in policy.subjects.items()}
    return Rules(known, permissions, demands, sight, subjects)


def grant(user_id: UUID, role: str, custom: Mapping[str, str] | None = None) -> Grant:
    """What somebody with this role may do; `custom` are the permissions of a role that the agency has made."""
    rules = current().rules
    if custom is None:
        reaches, key = rules.of_role(role), role
    else:
        reaches = rules.of_custom(custom)
        key = ",".join(f"{name}={reach.word}" for name, reach in sorted(reaches.items()) if reach)
    own, hidden = _sight(key, tuple((table, reaches.get(name, NONE)) for table, name in rules.sight.items()))
    return Grant(user_id, role, key, reaches, own, hidden)


@functools.lru_cache(256)
def _sight(_key: str, reaches: tuple[tuple[str, Reach], ...]) -> tuple[frozenset[str], frozenset[str]]:
    own = frozenset(table for table, reach in reaches if reach is OWN)
    return own, frozenset(table for table, reach in reaches if reach is NONE)


def of_seat(user_id: UUID, seat: Seat) -> Grant:
    """What somebody may do from their place. Who sits in for an owner has all that could be given, and no more."""
    if not seat.sitting_in:
        return grant(user_id, seat.role, seat.custom)
    lent = {name: each.owner if each.delegable else NONE for name, each in current().rules.permissions.items()}
    return Grant(user_id, OWNER, "sitting in", lent, frozenset(), frozenset())


def lesser(held: Grant, key: str, reaches: Mapping[str, Reach]) -> Grant:
    """A part of what somebody may do. It is nobody's role, so what no feature has declared is no part of it."""
    own, hidden = _sight(key, tuple((table, reaches.get(name, NONE)) for table, name in current().rules.sight.items()))
    return Grant(held.user_id, "", key, reaches, own, hidden)


def whole(user_id: UUID) -> Grant:
    """What an owner may do."""
    return grant(user_id, OWNER)


def here() -> Grant | None:
    """The grant of this request; None outside an agency."""
    return g.get("grant") if has_request_context() else None


def is_narrow() -> bool:
    """Whether the person of this request sees only part of the agency's documents."""
    held = here()
    return held is not None and bool(held.own or held.hidden)


def may(permission: str, author: UUID | None = None, *, whose: bool = False) -> bool:
    """Whether the person of this request may do something here; nobody may where there is none."""
    held = here()
    return held is not None and held.can(permission, author, whose=whose or author is not None)


def may_open(endpoint: str, method: str = "GET") -> bool:
    """Whether the person of this request may open an address: what menus and buttons ask."""
    held = here()
    return held is not None and held.reach(_demanded(endpoint, method)) is not NONE


def demand(permission: str, author: UUID | None = None, *, whose: bool = False) -> None:
    """Raise Forbidden, with the permission's own sentence, unless `may`."""
    if not may(permission, author, whose=whose):
        raise Forbidden(refusal(permission))


def refusal(permission: str) -> str:
    """What those read who may not."""
    found = current().rules.permissions.get(permission)
    if found is None:
        return _("Only the owner may do this here.")
    return str(found.refusal) or _("Your role here does not include this: %(what)s.", what=str(found.label))


def at_the_door(held: Grant) -> None:
    """Compare what this request asks for with what somebody may do. Raises Forbidden, or NotFound for what they
    cannot see: an object of others looks like one that is not there."""
    endpoint = request.endpoint or ""
    wanted = _demanded(endpoint, request.method)
    reach = held.reach(wanted)
    if reach is NONE:
        raise Forbidden(refusal(wanted))
    if held.own or held.hidden or reach is OWN:
        check_subjects(held, reach, wanted, request.view_args or {})


def check_subjects(held: Grant, reach: Reach, wanted: str, given: Mapping[str, Any]) -> None:
    """Whether the objects an address names are there for them, and theirs where the permission ends at their own."""
    subjects = current().rules.subjects
    for argument in given:
        if (find := subjects.get(argument)) is None:
            continue
        authors: Authors = find(given)
        if not authors:
            raise NotFound(_("This is not there. It may have been deleted, or belongs to somebody else."))
        if reach is OWN and held.user_id not in authors:
            raise Forbidden(refusal(wanted))


def check_document(held: Grant, kind: str, document_id: UUID) -> None:
    """The same for an address that names any document by its kind. Raises NotFound for what they may not look at."""
    wanted = f"{kind}s.view"
    if held.reach(wanted) is NONE:
        raise NotFound(_("There is no such document."))
    check_subjects(held, held.reach(wanted), wanted, {f"{kind}_id": document_id})


def _demanded(endpoint: str, method: str) -> str:
    wanted = current().rules.demand(endpoint, method)
    if wanted == UNDECLARED and endpoint.partition(".")[0] in current().guest_blueprints:
        return EVERYBODY
    return wanted
