"""`webkit plugin list|enable|disable|reference`: the switches of plugins, and what one may write."""

from __future__ import annotations

import json

import click
from flask.cli import ScriptInfo

from webkit.core.kernel import audit, switches
from webkit.core.kernel.db import Scope, unit
from webkit.core.kernel.runtime import current
from webkit.core.plugins import load_plugins
from webkit.core.providers import ProviderRegistry
from webkit.operations import guests, reference
from webkit.operations.plugin_cli import plugin_group

__all__ = ["plugin_group"]

BY = "command"
SHOWN = ("name", "distribution", "version", "state", "reason")


@plugin_group.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_command(info: ScriptInfo, as_json: bool) -> None:
    """List the plugins of others: on, off, quarantined or left out, and why."""
    with info.load_app().app_context(), unit(Scope()):
        rows = guests.rows()
    if as_json:
        click.echo(json.dumps([{name: getattr(row, name) for name in SHOWN} for row in rows]))
        return
    for row in rows:
        click.echo(f"{row.name} {row.version}: {row.state}" + (f", {row.reason}" if row.reason else ""))
    if not rows:
        click.echo("Every installed plugin came with webkit.")


@plugin_group.command("reference")
def reference_command() -> None:
    """Print the reference of hooks, contracts and settings as Markdown: docs/plugins/reference.md is this."""
    plugins = load_plugins()
    bundled = [spec for found in plugins.contributions if found.plugin.bundled for spec in found.providers]
    click.echo(reference.text(ProviderRegistry({}, bundled).describe()), nl=False)


@plugin_group.command("enable")
@click.argument("name")
@click.pass_obj
def enable_command(info: ScriptInfo, name: str) -> None:
    """Let the plugin NAME work again, with a clean record. Every process knows within two seconds."""
    with info.load_app().app_context(), unit(Scope()):
        _check(name)
        was_off = switches.switch_on(name, BY)
        audit.log("plugin.enabled", subject=f"plugin:{name}"[:64])
    click.echo(f"{name} is switched on." if was_off else f"{name} was on; its failures are forgotten.")


@plugin_group.command("disable")
@click.argument("name")
@click.option("--reason", default="by an operator", help="What others read about it.")
@click.pass_obj
def disable_command(info: ScriptInfo, name: str, reason: str) -> None:
    """Stop what the plugin NAME adds beside providers: pages, cards, menu, fields, listeners, jobs.

    Its providers stay as they are chosen. To leave a plugin out altogether set WEBKIT_PLUGINS_OFF=NAME.
    """
    with info.load_app().app_context(), unit(Scope()):
        _check(name)
        switches.switch_off(name, BY, reason[:200])
        audit.log("plugin.disabled", subject=f"plugin:{name}"[:64])
    click.echo(f"{name} is switched off.")


def _check(name: str) -> None:
    if name in current().guests:
        return
    found = next((plugin for plugin in current().plugins.loaded if plugin.name == name), None)
    if found is None:
        names = ", ".join(sorted(current().guests)) or "none"
        raise click.ClickException(f"There is no plugin {name!r} of others. Installed: {names}.")
    if found.bundled:
        raise click.ClickException(
            f"{name} came with webkit: choose another provider, or set WEBKIT_PLUGINS_OFF={name}."
        )
    raise click.ClickException(f"{name} was left out at the start: {found.reason or 'WEBKIT_PLUGINS_OFF names it'}.")
