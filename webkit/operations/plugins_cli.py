"""`webkit plugins`: what is installed, what is chosen, how it feels. Needs no database and no queue."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict, dataclass

import click

from webkit.core.capabilities.base import Health
from webkit.core.kernel import switches
from webkit.core.plugins import Plugins, load_plugins
from webkit.core.providers import ProviderRegistry
from webkit.core.settings import Settings


@dataclass(frozen=True, slots=True)
class Row:
    """One installed provider. `health` is asked of the chosen ones only."""

    capability: str
    provider: str
    plugin: str
    version: str
    chosen: bool
    features: list[str]
    health: str | None


@click.command("plugins")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def plugins_command(as_json: bool) -> None:
    """List providers: installed, chosen, healthy. Exits with 1 when something is wrong."""
    settings = Settings.load(os.environ)
    plugins = load_plugins(off=settings.plugins_off)
    registry = ProviderRegistry({**os.environ, "WEBKIT_DATA": str(settings.data)}, plugins.providers)
    rows = _rows(plugins, registry)
    click.echo(json.dumps([asdict(row) for row in rows], indent=2) if as_json else _table(rows))
    strangers = [found.plugin.name for found in plugins.contributions if found.stranger]
    problems = [*plugins.problems(), *registry.check(), *switches.peek(settings.database, strangers)]
    for problem in problems:
        click.echo(f"{problem.where}: {problem.problem}\n  {problem.fix}", err=True)
    for notice in plugins.notices():
        click.echo(f"{notice.where}: {notice.problem}\n  {notice.fix}", err=True)
    if problems or any(row.health == Health.DOWN for row in rows):
        sys.exit(1)


def _rows(plugins: Plugins, registry: ProviderRegistry) -> list[Row]:
    rows = []
    chosen = {capability.key: registry.chosen_name(capability) for capability in registry.capabilities}
    for spec in sorted(plugins.providers, key=lambda spec: (spec.capability.key, spec.name)):
        plugin = plugins.plugin_of(spec)
        is_chosen = chosen.get(spec.capability.key) == spec.name
        health = registry.health(spec.capability).status.value if is_chosen else None
        features = sorted(str(feature) for feature in spec.features)
        rows.append(Row(spec.capability.key, spec.name, plugin.name, plugin.version, is_chosen, features, health))
    return rows


def _table(rows: list[Row]) -> str:
    lines = [("", "capability", "provider", "plugin", "version", "health", "features")]
    lines += [
        (
            "*" if row.chosen else "",
            row.capability,
            row.provider,
            row.plugin,
            row.version,
            row.health or "-",
            ", ".join(row.features),
        )
        for row in rows
    ]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
