"""`webkit plugin`: for who writes a plugin, and for who takes one away."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click
from flask.cli import ScriptInfo

from webkit.core.kernel import pluginstore, tenancy
from webkit.core.kernel.runtime import current
from webkit.extras import service as extras
from webkit.operations import plugin_check, plugin_template


@click.group("plugin")
def plugin_group() -> None:
    """Write a plugin, check one, and look after what plugins keep. What is installed: `webkit plugins`."""


@plugin_group.command("new")
@click.argument("name", required=False)
@click.option("--capability", help="What it provides: " + ", ".join(plugin_template.capabilities()))
@click.option("--into", type=click.Path(file_okay=False, path_type=Path), default=Path(), help="Where to put it.")
@click.option("--no-input", is_flag=True, help="Ask nothing.")
def new_command(name: str | None, capability: str | None, into: Path, no_input: bool) -> None:
    """Write the package of a new plugin NAME: a provider that works, its tests, and a double of its vendor."""
    if no_input and not (name and capability):
        raise click.UsageError("With --no-input give NAME and --capability.")
    name = name or click.prompt("Name, like acme_mail")
    capability = capability or click.prompt("Capability", type=click.Choice(plugin_template.capabilities()))
    try:
        folder = plugin_template.write(name, capability, into)
    except plugin_template.NotWritten as error:
        raise click.ClickException(str(error)) from None
    steps = (f"cd {folder}", "pip install -e . pytest mypy", "pytest", "webkit plugin check .")
    click.echo("\n  ".join((f"Wrote {folder}. Next:", *steps)))


@plugin_group.command("check")
@click.argument("path", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--quick", is_flag=True, help="Leave out what takes long: types and contract.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check_command(path: Path, quick: bool, as_json: bool) -> None:
    """Look at the package of a plugin in the folder PATH and say what to mend. Its code and tests are run.

    Exits with 1 when there is something to mend, with 2 when there is no plugin.
    """
    try:
        points = plugin_check.check(path, quick=quick)
    except plugin_check.NoPlugin as error:
        raise click.UsageError(str(error)) from None
    click.echo(json.dumps([asdict(point) for point in points]) if as_json else _words(points))
    if any(point.mend for point in points):
        sys.exit(1)


def _words(points: list[plugin_check.Point]) -> str:
    lines = []
    for point in points:
        word = "mend" if point.mend else "left out" if point.skipped else "ok"
        lines.append(f"{word:9} {point.name}" + (f": {point.skipped}" if point.skipped else ""))
        lines += [f"          {sentence}" for sentence in point.mend]
    lines.append("There is something to mend." if any(point.mend for point in points) else "Everything is in order.")
    return "\n".join(lines)


@plugin_group.command("data")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def data_command(info: ScriptInfo, as_json: bool) -> None:
    """List what plugins keep, those that are gone too."""
    with info.load_app().app_context():
        installed = {plugin.name for plugin in current().plugins.loaded}
        with tenancy.platform("what plugins keep"):
            rows = [{**asdict(kept), "installed": kept.plugin in installed} for kept in pluginstore.kept()]
    if as_json:
        click.echo(json.dumps(rows))
        return
    for row in rows:
        gone = "" if row["installed"] else "  (not installed: webkit plugin forget " + str(row["plugin"]) + ")"
        click.echo(f"{row['plugin']}: {row['keys']} values, {row['size']} bytes, {row['agencies']} agencies{gone}")
    if not rows:
        click.echo("No plugin keeps anything.")


@plugin_group.command("forget")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def forget_command(info: ScriptInfo, name: str, yes: bool) -> None:
    """Remove for good everything that the plugin NAME keeps and has answered, in every agency.

    Uninstalling it does not.
    """
    with info.load_app().app_context(), tenancy.platform("an operator removes what a plugin keeps"):
        kept = next((found for found in pluginstore.kept() if found.plugin == name), None)
        answers = extras.known_of(name)
        if kept is None and not answers:
            raise click.ClickException(f"No plugin named {name!r} keeps anything. `webkit plugin data` lists them.")
        if not yes:
            values = f"{kept.keys} values in {kept.agencies} agencies" if kept else "0 values"
            click.confirm(f"Remove {values} and {answers} answers of {name} for good?", abort=True)
        click.echo(f"Removed {pluginstore.forget(name)} values and {extras.forget(name)} answers of {name}.")
