"""`webkit demo load`."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

import click
from flask.cli import with_appcontext

from webkit.core.kernel.errors import DomainError


@click.group("demo")
def demo_group() -> None:
    """A made-up agency to look around in."""


@demo_group.command("load")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_appcontext
def load_command(as_json: bool) -> None:
    """Load the demo agency, or say where it is; loading again changes nothing. Needs an up-to-date database."""
    from webkit.demo import service

    try:
        demo = service.load()
    except DomainError as error:
        click.echo(error.message, err=True)
        sys.exit(1)
    if as_json:
        click.echo(json.dumps(asdict(demo)))
        return
    click.echo(f"{demo.url}\n  sign in as  {demo.email}\n  password    {demo.password}")
