"""`webkit plugins`: what is installed, what is chosen, how it feels. Needs no database and no queue."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict

import click

from webkit.core.capabilities.base import Health
from webkit.core.kernel import circuits, switches, vendors
from webkit.core.plugins import Plugins, load_plugins
from webkit.core.providers import PLATFORM, ProviderRegistry
from webkit.core.settings import Settings
from webkit.core.values import dataclass
from webkit.operations import choices


@dataclass(frozen=True, slots=True)
class Row:
    """One installed provider. `health` is asked of the chosen ones only, `circuit` of those in a chain.

    `chosen_by` is the variable that chose it, or "default"; `agencies` how many use it with an account of their own,
    None without a database. `missing` is what it lacks, with the line that mends it.
    """

    capability: str
    provider: str
    plugin: str
    version: str
    chosen: bool
    features: list[str]
    health: str | None
    label: str
    asked: int
    chosen_by: str
    agencies: int | None
    detail: str
    circuit: str | None
    missing: list[dict[str, str]]


@click.command("plugins")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def plugins_command(as_json: bool) -> None:
    """List providers: installed, chosen and by whom, healthy. Exits with 1 when something is wrong.

    Of a chain, 1 is asked first. "own" is how many agencies use it with an account of their own.
    """
    settings = Settings.load(os.environ)
    plugins = load_plugins(off=settings.plugins_off)
    registry = ProviderRegistry({**os.environ, "WEBKIT_DATA": str(settings.data)}, plugins.providers)
    rows = _rows(plugins, registry, settings)
    click.echo(json.dumps([asdict(row) for row in rows], indent=2) if as_json else _table(rows))
    for row in rows:
        if row.health not in (None, Health.OK) and row.detail:
            click.echo(f"{row.capability}={row.provider} is {row.health}: {row.detail}", err=True)
    strangers = [found.plugin.name for found in plugins.contributions if found.stranger]
    problems = [*plugins.problems(), *registry.check(), *switches.peek(settings.database, strangers)]
    for problem in problems:
        click.echo(f"{problem.where}: {problem.problem}\n  {problem.fix}", err=True)
    for notice in plugins.notices():
        click.echo(f"{notice.where}: {notice.problem}\n  {notice.fix}", err=True)
    if problems or any(row.health == Health.DOWN for row in rows):
        sys.exit(1)


def _rows(plugins: Plugins, registry: ProviderRegistry, settings: Settings) -> list[Row]:
    agencies = vendors.peek(settings.database)
    return [_row(found, registry, settings) for found in choices.rows(plugins, registry, agencies)]


def _row(found: choices.ProviderRow, registry: ProviderRegistry, settings: Settings) -> Row:
    capability = registry.of_key(found.capability)
    report = registry.health(capability, name=found.provider) if found.chosen and capability else None
    in_chain = capability is not None and found.chosen and len(registry.chosen_names(capability)) > 1
    return Row(
        capability=found.capability,
        provider=found.provider,
        plugin=found.plugin,
        version=found.version,
        chosen=found.chosen,
        features=list(found.features),
        health=report.status.value if report else None,
        label=found.label,
        asked=found.asked,
        chosen_by=found.chosen_by,
        agencies=found.agencies,
        detail=report.detail if report else "",
        circuit=_circuit(found, settings) if in_chain else None,
        missing=[asdict(problem) for problem in found.missing],
    )


def _circuit(found: choices.ProviderRow, settings: Settings) -> str:
    name = circuits.key(found.capability, found.provider, PLATFORM)
    return circuits.peek(settings.redis_url, name).state.value


def _table(rows: list[Row]) -> str:
    lines = [("", "capability", "provider", "plugin", "version", "chosen by", "own", "health", "features")]
    lines += [
        (
            _mark(row),
            row.capability,
            row.provider,
            row.plugin,
            row.version,
            row.chosen_by or "-",
            str(row.agencies or "-"),
            _health(row),
            ", ".join(row.features),
        )
        for row in rows
    ]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def _mark(row: Row) -> str:
    """Chosen, or its place in the chain."""
    if not row.chosen:
        return ""
    return "*" if row.circuit is None else str(row.asked)


def _health(row: Row) -> str:
    resting = "" if row.circuit in (None, "closed") else f" (circuit {row.circuit})"
    return f"{row.health}{resting}" if row.health else "-"
