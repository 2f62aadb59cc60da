"""What is installed, what is chosen and by whom, what is missing: the same for the page and for `webkit plugins`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from webkit.core.capabilities.base import Capability, ProviderSpec
from webkit.core.plugins import Plugins
from webkit.core.problems import Problem
from webkit.core.providers import ProviderRegistry
from webkit.core.values import dataclass

AgencyCounts = Mapping[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class ProviderRow:
    """One installed provider. `asked` is its place among the platform's chosen ones, 1 first; 0 is not chosen.

    `agencies` is how many use it with an account of their own, None when nobody can be asked.
    """

    capability: str
    provider: str
    label: str
    plugin: str
    version: str
    asked: int
    chosen_by: str
    agencies: int | None
    features: tuple[str, ...]
    missing: tuple[Problem, ...]

    @property
    def chosen(self) -> bool:
        return self.asked > 0


def rows(plugins: Plugins, registry: ProviderRegistry, agencies: AgencyCounts | None) -> list[ProviderRow]:
    """Every installed provider, by capability and name."""
    specs = sorted(plugins.providers, key=lambda spec: (spec.capability.key, spec.name))
    return [_row(spec, plugins, registry, agencies) for spec in specs]


def of_capability(
    capability: Capability[Any], plugins: Plugins, registry: ProviderRegistry, agencies: AgencyCounts | None
) -> list[ProviderRow]:
    """The chosen ones in their order, then the others."""
    found = [row for row in rows(plugins, registry, agencies) if row.capability == capability.key]
    return sorted(found, key=lambda row: (not row.chosen, row.asked, row.provider))


def wrong_choice(capability: Capability[Any], registry: ProviderRegistry) -> tuple[Problem, ...]:
    """What is wrong with the choice itself, where nothing could be chosen."""
    return () if registry.chosen_names(capability) else tuple(registry.check_one(capability))


def _row(
    spec: ProviderSpec[Any], plugins: Plugins, registry: ProviderRegistry, agencies: AgencyCounts | None
) -> ProviderRow:
    capability, plugin = spec.capability, plugins.plugin_of(spec)
    names = registry.chosen_names(capability)
    asked = names.index(spec.name) + 1 if spec.name in names else 0
    return ProviderRow(
        capability=capability.key,
        provider=spec.name,
        label=spec.label,
        plugin=plugin.name,
        version=plugin.version,
        asked=asked,
        chosen_by=(registry.chooser(capability) or "default") if asked else "",
        agencies=None if agencies is None else agencies.get((capability.key, spec.name), 0),
        features=tuple(sorted(str(feature) for feature in spec.features)),
        missing=tuple(registry.missing(spec)),
    )
