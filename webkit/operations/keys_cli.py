"""`webkit keys`: the keys that seal values at rest, and following one by another."""

from __future__ import annotations

import json
import sys
from typing import Any

import click
from flask.cli import with_appcontext

from webkit.core.kernel import sealed, tenancy
from webkit.core.kernel.runtime import current


@click.group("keys")
def keys_group() -> None:
    """The keys that encrypt credentials, links and mails that wait."""


@keys_group.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_appcontext
def list_command(as_json: bool) -> None:
    """Every key, and how many values it has sealed."""
    rows = _rows()
    if as_json:
        click.echo(json.dumps(rows))
        return
    for row in rows:
        click.echo(f"{row['key']}  {row['state']:<8}  {row['values']} values")


@keys_group.command("rotate")
@with_appcontext
def rotate_command() -> None:
    """Make a new key, seal everything with it, retire the former ones. Interrupted, it goes on where it was.

    Nothing has to stop meanwhile: a running process uses the new key as soon as it is there.
    """
    keys = current().keys.sealing
    if keys.former():
        click.echo(f"Going on with {keys.newest()[0]}.")
    else:
        click.echo(f"The new key is {keys.add()}.")
    with tenancy.platform("seal everything with the newest key"):
        done = sum(sealed.reseal())
        left = sealed.count()
    click.echo(f"{done} values were sealed anew.")
    if left:  # somebody wrote with a former key while we were at it
        click.echo(f"{left} are still sealed with a former key: run it again.", err=True)
        sys.exit(1)
    for name in keys.former():
        keys.retire(name)
        click.echo(f"{name} is retired: it still opens, and seals nothing.")


@keys_group.command("forget")
@click.argument("key")
@with_appcontext
def forget_command(key: str) -> None:
    """Delete a retired KEY for good, if nothing is sealed with it any more."""
    keys = current().keys.sealing
    if key not in keys.retired():
        raise click.ClickException(f"{key} is no retired key: {', '.join(keys.retired()) or 'there is none'}")
    with tenancy.platform("whether anything needs a retired key"):
        left = sealed.count(key)
    if left:
        raise click.ClickException(f"{left} values need it: webkit keys rotate")
    keys.forget(key)
    click.echo(f"{key} is deleted. Backups from before its end cannot be opened without a copy of it.")


def _rows() -> list[dict[str, Any]]:
    keys = current().keys.sealing
    states = {
        **dict.fromkeys(keys.retired(), "retired"),
        **dict.fromkeys(keys.former(), "former"),
        keys.newest()[0]: "seals",
    }
    with tenancy.platform("how much each key has sealed"):
        return [{"key": name, "state": state, "values": sealed.count(name)} for name, state in states.items()]
