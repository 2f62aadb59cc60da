"""What a plugin's blueprint may ask the application."""

from __future__ import annotations

from typing import Any

from webkit.core.capabilities.base import Capability, ProviderSettings
from webkit.core.kernel import runtime
from webkit.core.kernel.money import format_money

__all__ = ["format_money", "settings_if_chosen"]


def settings_if_chosen(capability: Capability[Any], name: str) -> ProviderSettings | None:
    """The settings of provider `name` if configuration chose it, else None: its pages should then not exist."""
    registry = runtime.current().registry
    spec = registry.spec(capability) if registry.chosen_name(capability) == name else None
    return registry.settings(spec) if spec else None
