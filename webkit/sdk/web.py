"""What a plugin's blueprint may ask the application."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import g
from flask_login import current_user

from webkit.core.capabilities.base import Capability, ProviderSettings
from webkit.core.kernel import runtime
from webkit.core.kernel.hx import go, page
from webkit.core.kernel.money import format_money
from webkit.core.kernel.security import csrf_exempt

__all__ = ["Visitor", "csrf_exempt", "format_money", "go", "page", "settings_if_chosen", "visitor"]


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who has opened a page for staff, and the agency they work for. `role` is owner, admin or member."""

    agency: UUID
    agency_slug: str
    agency_name: str
    person: UUID
    name: str
    role: str


def visitor() -> Visitor:
    """The visitor of a page of `webkit_register_staff_blueprints`; on public pages nobody is known (RuntimeError)."""
    if "agency" not in g or "role" not in g:
        raise RuntimeError("only pages for staff know who has opened them")
    return Visitor(g.agency.id, g.agency.slug, g.agency.name, current_user.id, current_user.name, g.role)


def settings_if_chosen(capability: Capability[Any], name: str) -> ProviderSettings | None:
    """The settings of provider `name` if configuration chose it, else None: its pages should then not exist."""
    registry = runtime.current().registry
    spec = registry.spec(capability) if registry.chosen_name(capability) == name else None
    return registry.settings(spec) if spec else None
