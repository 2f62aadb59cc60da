"""`webkit tokens`: the keys that sign access tokens."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from webkit.tokens import signing_keys


@click.group("tokens")
def tokens_group() -> None:
    """The keys that sign access tokens of the API."""


@tokens_group.command("rotate")
@click.option("--at-once", is_flag=True, help="Believe nothing any more that former keys signed: one was leaked.")
@with_appcontext
def rotate(at_once: bool) -> None:
    """Make a key that signs from now on; former ones verify for another day."""
    key = signing_keys.rotate(at_once=at_once)
    click.echo(f"{key.id} ({key.algorithm}) signs from now on.")


@tokens_group.command("keys")
@with_appcontext
def keys() -> None:
    """Say which keys there are."""
    for key in signing_keys.every():
        state = "signs" if key.until is None else "verifies" if key.verifies else "ended"
        click.echo(f"{key.id}  {key.algorithm}  {key.made_at:%Y-%m-%d %H:%M}  {state}")
