"""`webkit privacy`: the register of personal data as a page, and receipts checked anywhere."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from webkit.privacy import receipts, register


@click.group("privacy")
def privacy_group() -> None:
    """Personal data: what there is, and receipts of its erasure."""


@privacy_group.command("register")
def register_command() -> None:
    """Print the register of personal data as Markdown."""
    click.echo(register.markdown(), nl=False)


@privacy_group.command("verify")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--key", "keys", multiple=True, help="A public key (hex) to trust; without one any key will do.")
def verify_command(file: Path, keys: tuple[str, ...]) -> None:
    """Check the receipt of an erasure (JSON), without any database. Exits with 1 when it is not genuine."""
    try:
        found = json.loads(file.read_text("utf-8"))
    except ValueError:
        found = None
    if not receipts.is_genuine(found, frozenset(key.strip().lower() for key in keys)):
        click.echo("The receipt is not genuine: it says something else than was signed.", err=True)
        sys.exit(1)
    click.echo(f"Genuine, signed with the key {found['public_key']}.")
