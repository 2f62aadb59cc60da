"""Places in agencies, given and taken: the one part of accounts that the feature `people` works with.

Whoever changes a place has every remembered entrance forgotten, so that it counts from the next request on.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from webkit.accounts import factor_models, models, seat_models
from webkit.accounts.models import Role as Role
from webkit.core.kernel import entrances, tenancy
from webkit.core.kernel.db import writes, writing
from webkit.core.values import dataclass


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who works in the current agency; with `role_id` in a role that the agency has made."""

    user_id: UUID
    name: str
    email: str
    role: str
    role_id: UUID | None
    permissions: Mapping[str, str] | None
    since: datetime


def members() -> list[Member]:
    """Who works in the current agency, in the order they came."""
    return [_member(user, place) for user, place in models.members()]


def member(user_id: UUID) -> Member | None:
    """Somebody who works here; None for others."""
    return next((each for each in members() if each.user_id == user_id), None)


def owner() -> Member:
    """Whose agency it is."""
    return next(each for each in members() if each.role == Role.OWNER)


def without_second() -> list[Member]:
    """Who works here and has no second factor yet."""
    everybody = members()
    having = factor_models.with_second(each.user_id for each in everybody)
    return [each for each in everybody if each.user_id not in having]


@writes
def give(user_id: UUID, role: Role, role_id: UUID | None, permissions: Mapping[str, str] | None) -> bool:
    """Let somebody in; False when they are in already."""
    if seat_models.exists(user_id):
        return False
    models.add_membership(tenancy.agency_id(), user_id, role)
    seat_models.change(user_id, role, role_id, permissions)
    return True


@writes
def change(user_id: UUID, role: Role, role_id: UUID | None, permissions: Mapping[str, str] | None) -> bool:
    """Give somebody another role; False for the owner, and for who is not here."""
    entrances.changed()
    return seat_models.change(user_id, role, role_id, permissions)


@writes
def take(user_id: UUID) -> bool:
    """Let somebody in no longer; False for the owner, and for who is not here."""
    entrances.changed()
    return seat_models.remove(user_id)


@writes
def hand_over(owner_id: UUID, to: UUID) -> bool:
    """Make somebody the owner, and the owner an admin; False when one of them no longer is what they were."""
    entrances.changed()
    return seat_models.hand_over(owner_id, to)


@writes
def follow(role_id: UUID, permissions: Mapping[str, str]) -> int:
    """Everybody in a role that the agency has made may do now what it may; returns how many they are."""
    entrances.changed()
    return seat_models.follow(role_id, permissions)


def begin_in(user_id: UUID, agency_id: UUID) -> bool:
    """Where somebody begins, of several agencies; False for one they do not belong to."""
    with tenancy.platform("a person chooses among their own agencies"), writing():
        return seat_models.begin_here(user_id, agency_id)


def _member(user: models.User, place: models.Membership) -> Member:
    return Member(user.id, user.name, user.email, place.role, place.role_id, place.permissions, place.created_at)
