"""Roles that agencies make of permissions."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from webkit.accounts import seats
from webkit.accounts.seats import Role
from webkit.core.access import ALL, NONE, OWN, Policy, Reach
from webkit.core.kernel import audit, permissions
from webkit.core.kernel.db import writes
from webkit.core.kernel.errors import Conflict, DomainError, NotFound
from webkit.core.kernel.events import ref
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.permissions import Grant
from webkit.core.kernel.runtime import current
from webkit.people import models
from webkit.people.models import CustomRole
from webkit.people.views import RoleView

MOST = 30


def base_name(role: str) -> str:
    """One of the roles that every agency has, in words."""
    return {Role.OWNER: _("Owner"), Role.ADMIN: _("Admin"), Role.MEMBER: _("Member")}.get(Role(role), role)


def every() -> list[RoleView]:
    """The roles somebody can be given, first those that every agency has."""
    people = seats.members()
    fixed = [RoleView(role, base_name(role), None, role, None) for role in (Role.ADMIN, Role.MEMBER)]
    return [*fixed, *(_view(row, sum(each.role_id == row.id for each in people)) for row in models.roles())]


def named(key: str) -> RoleView:
    """The role a form names. Raises DomainError."""
    found = next((each for each in every() if each.key == key), None)
    if found is None:
        raise DomainError(_("Please choose one of the offered roles."), "role")
    return found


def get(role_id: UUID) -> RoleView:
    """A role that the agency has made. Raises NotFound."""
    return _view(_row(role_id), sum(each.role_id == role_id for each in seats.members()))


def may_give(giver: Grant, wanted: RoleView) -> bool:
    """Nobody gives what they do not have."""
    given = permissions.grant(giver.user_id, wanted.base, wanted.permissions)
    return all(giver.reach(name) >= reach for name, reach in given.reaches.items())


def offered() -> list[tuple[Policy, list[tuple[str, str, bool]]]]:
    """What a role can be made of: by feature the permissions, whether each can end at one's own."""
    found = []
    for policy in current().rules.policies:
        rows = [
            (each.name, str(each.label), each.can_be_own)
            for each in policy.permissions
            if each.delegable and each.name != permissions.EVERYBODY
        ]
        if rows:
            found.append((policy, rows))
    return found


@writes
def add(name: str, given: Mapping[str, str]) -> UUID:
    """Make a role. Raises Conflict for a name that is taken."""
    if len(models.roles()) >= MOST:
        raise DomainError(_("An agency has at most %(n)s roles of its own.", n=MOST), "name")
    role_id = models.add_role(CustomRole(name=name, permissions=_clean(given)))
    audit.log("role.added", subject=ref("role", role_id), detail={"name": name})
    return role_id


@writes
def change(role_id: UUID, name: str, given: Mapping[str, str]) -> None:
    """Change a role; everybody who has it may do the new from their next request on."""
    row, cleaned = _row(role_id), _clean(given)
    models.change_role(row, name, cleaned)
    people = seats.follow(role_id, cleaned)
    audit.log("role.changed", subject=ref("role", role_id), detail={"name": name, "people": people})


@writes
def delete(role_id: UUID) -> None:
    """Raises Conflict while somebody has it or is invited to it."""
    row = _row(role_id)
    if any(each.role_id == role_id for each in seats.members()) or models.is_invited_to(role_id):
        raise Conflict(_("Somebody has this role or is invited to it. Give them another one first."))
    models.delete_role(row)
    audit.log("role.deleted", subject=ref("role", role_id), detail={"name": row.name})


def _clean(given: Mapping[str, str]) -> dict[str, str]:
    """What was chosen, as far as there is such a permission and a role may have it."""
    reaches = current().rules.of_custom(given)
    return {name: reach.word for name, reach in reaches.items() if reach is not NONE and name != permissions.EVERYBODY}


def word(given: Mapping[str, str], name: str) -> str:
    """How far a role goes, as its form says it."""
    return given.get(name, Reach.NONE.word)


def reach_words() -> dict[str, str]:
    """The reaches in words."""
    return {NONE.word: _("No"), OWN.word: _("Own"), ALL.word: _("All")}


def _row(role_id: UUID) -> CustomRole:
    if (row := models.role(role_id)) is None:
        raise NotFound(_("There is no such role."))
    return row


def _view(row: CustomRole, people: int) -> RoleView:
    return RoleView(str(row.id), row.name, row.id, Role.MEMBER, row.permissions, people)
